//! Objects behind S3, one attempt each: who wants another one makes it.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use s3::creds::Credentials;
use s3::error::S3Error;
use s3::{Bucket, BucketConfiguration, Region};
use tokio::sync::Semaphore;

use super::keys::Keys;
use super::place::BucketUrl;
use super::{Entry, Error, Result, is_key};

/// Longest time that one request may take, the wait for its turn included.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// Requests that are under way at once, and so connections and bodies in memory.
const REQUESTS_MAX: usize = 64;
/// Longest text of a server's error that is repeated, in characters.
const DETAIL_CHARS_MAX: usize = 200;
/// How long a signed address can be used. It is used at once, but the server's clock may differ, by as much as S3 allows. In seconds.
const SIGNED_S: u32 = 15 * 60;
/// Every object is one of these by its name; whoever fetches it says what it is from what the ledger knows.
const CONTENT_TYPE: &str = "application/octet-stream";

/// What HTTP says when only a part is in the answer, and when the object ends before the part begins.
const PARTIAL_CONTENT: u16 = 206;
const RANGE_NOT_SATISFIABLE: u16 = 416;

#[derive(Debug, Clone)]
pub(super) struct S3 {
    bucket: Arc<Bucket>,
    may_create: bool,
    turns: Arc<Semaphore>,
}

impl S3 {
    /// Asks nobody yet.
    pub fn new(url: &BucketUrl, keys: &Keys) -> Result<Self> {
        // The library would repeat a read after a wait of its own.
        s3::set_retries(0);
        let region = match &url.endpoint {
            Some(endpoint) => Region::Custom { region: url.region.clone(), endpoint: endpoint.clone() },
            None => url.region.parse().map_err(|e| Error::Config(format!("region {:?}: {e}", url.region)))?,
        };
        let credentials = Credentials::new(Some(&keys.access), Some(&keys.secret), None, keys.session.as_deref(), None)
            .map_err(|e| Error::Config(format!("the keys of the object store cannot be used: {e}")))?;
        let mut bucket = Bucket::new(&url.name, region, credentials)
            .map_err(|e| Error::Config(format!("bucket {} cannot be used: {e}", url.name)))?;
        if url.is_path_style {
            bucket.set_path_style();
        }
        // One bound for every request, the wait for its turn included, is kept here.
        bucket.set_request_timeout(None);
        Ok(Self { bucket: bucket.into(), may_create: url.may_create, turns: Arc::new(Semaphore::new(REQUESTS_MAX)) })
    }

    /// Looks whether the bucket can be used, and creates it when it is missing and may be created.
    pub async fn prepare(&self) -> Result<()> {
        match self.ping().await {
            Err(Error::NoBucket(_)) if self.may_create => self.create().await,
            answer => answer,
        }
    }

    async fn create(&self) -> Result<()> {
        let (name, region) = (self.bucket.name(), self.bucket.region());
        let creating = async {
            let (credentials, config) = (self.bucket.credentials().await?, BucketConfiguration::private());
            if self.bucket.is_path_style() {
                Bucket::create_with_path_style(&name, region, credentials, config).await
            } else {
                Bucket::create(&name, region, credentials, config).await
            }
        };
        match self.request("create the bucket", &name, creating).await {
            Ok(_) => Ok(()),
            // Another daemon may have been faster; then it is there and can be used.
            Err(error) => self.ping().await.map_err(|_| error),
        }
    }

    /// To a signed address, because the body goes there as it is: the library's own put copies it and hashes it three times first.
    #[expect(clippy::redundant_closure_for_method_calls, reason = "the error is of a crate that is not ours to name")]
    pub async fn put(&self, key: &str, bytes: Bytes) -> Result<()> {
        let asked = async {
            let address = self.bucket.presign_put(key, SIGNED_S, None, None).await?;
            let request = self.bucket.http_client().put(address).header("content-type", CONTENT_TYPE);
            // Said also of an empty one, which would go without a length otherwise.
            let request = request.header("content-length", bytes.len()).body(bytes);
            // An error would show the address, with which anybody could do the same.
            let answer = request.send().await.map_err(|e| e.without_url())?;
            let status = answer.status();
            let body = answer.text().await.map_err(|e| e.without_url())?;
            if status.is_success() { Ok(()) } else { Err(S3Error::HttpFailWithBody(status.as_u16(), body)) }
        };
        self.request("store", key, asked).await
    }

    pub async fn get(&self, key: &str) -> Result<Bytes> {
        Ok(self.request("fetch", key, self.bucket.get_object(key)).await?.into_bytes())
    }

    /// Path and query by which whoever has them may fetch the object for a while, from the host of the bucket's URL.
    pub async fn signed(&self, key: &str) -> Result<String> {
        let failed = |e: &dyn std::error::Error| Error::Unavailable(format!("cannot sign the address of {key}: {e}"));
        let url = self.bucket.presign_get(key, SIGNED_S, None).await.map_err(|e| failed(&e))?;
        let host = url.find("://").map_or(0, |at| at + 3);
        let path = url[host..].find('/').map_or(url.len(), |at| host + at);
        Ok(url[path..].to_string())
    }

    pub async fn get_range(&self, key: &str, range: Range<u64>) -> Result<Bytes> {
        let asked = async {
            match self.bucket.get_object_range(key, range.start, Some(range.end - 1)).await {
                Err(S3Error::HttpFailWithBody(RANGE_NOT_SATISFIABLE, _)) => Ok(None),
                answer => answer.map(Some),
            }
        };
        let Some(response) = self.request("fetch a part of", key, asked).await? else { return Ok(Bytes::new()) };
        let is_part = response.status_code() == PARTIAL_CONTENT || response.headers().contains_key("content-range");
        let bytes = response.into_bytes();
        if is_part {
            return Ok(bytes);
        }
        // A server may answer with the whole instead.
        let within = |at: u64| usize::try_from(at).map_or(bytes.len(), |at| at.min(bytes.len()));
        Ok(bytes.slice(within(range.start)..within(range.end)))
    }

    pub async fn head(&self, key: &str) -> Result<u64> {
        let (head, _) = match self.request("look at", key, self.bucket.head_object(key)).await {
            // The answer has no body that could say what is missing: the object, or the whole bucket.
            Err(missing @ Error::NotFound(_)) => return Err(self.ping().await.err().unwrap_or(missing)),
            answer => answer?,
        };
        let bytes = head.content_length.and_then(|bytes| u64::try_from(bytes).ok());
        bytes.ok_or_else(|| Error::Unavailable(format!("the answer about {key} has no length")))
    }

    pub async fn delete(&self, key: &str) -> Result<()> {
        match self.request("delete", key, self.bucket.delete_object(key)).await {
            Ok(_) | Err(Error::NotFound(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    pub async fn list(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Vec<Entry>> {
        let (mut found, mut token) = (Vec::with_capacity(limit), None);
        loop {
            let start = after.filter(|_| token.is_none()).map(str::to_string);
            let page = self.bucket.list_page(prefix.to_string(), None, token, start, Some(limit - found.len()));
            let (page, _) = self.request("list", &format!("{prefix}*"), page).await?;
            for object in page.contents {
                // Other programs put empty objects there that stand for folders.
                if is_key(&object.key) {
                    let modified = object.last_modified.parse().map_err(Error::Unavailable)?;
                    found.push(Entry { key: object.key, bytes: object.size, modified });
                }
            }
            token = page.next_continuation_token;
            if found.len() >= limit || token.is_none() {
                return Ok(found);
            }
        }
    }

    pub async fn ping(&self) -> Result<()> {
        let first = self.bucket.list_page(String::new(), None, None, None, Some(1));
        self.request("list", "*", first).await.map(drop)
    }

    async fn request<T>(&self, what: &str, on: &str, asked: impl Future<Output = Result<T, S3Error>>) -> Result<T> {
        let answer = tokio::time::timeout(REQUEST_TIMEOUT, async {
            // The semaphore is never closed.
            let _turn = self.turns.acquire().await;
            asked.await
        });
        let name = || format!("cannot {what} {on} in bucket {}", self.bucket.name);
        match answer.await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(failed(&name(), on, &error)),
            Err(_) => Err(Error::Unavailable(format!("{}: no answer within {REQUEST_TIMEOUT:?}", name()))),
        }
    }
}

fn failed(attempt: &str, key: &str, error: &S3Error) -> Error {
    let S3Error::HttpFailWithBody(status, body) = error else {
        return Error::Unavailable(format!("{attempt}: {}", with_causes(error)));
    };
    let code = element(body, "Code");
    let detail = match (code, element(body, "Message")) {
        (None, _) => format!("{attempt}: HTTP {status}"),
        (Some(code), message) => format!("{attempt}: HTTP {status} {code}: {}", cut(message.unwrap_or_default())),
    };
    match (*status, code.unwrap_or_default()) {
        (_, "NoSuchBucket") => Error::NoBucket(detail),
        (507, _) | (_, "QuotaExceeded" | "XMinioStorageFull" | "InsufficientCapacity") => Error::Full(detail),
        (404, _) => Error::NotFound(key.to_string()),
        (401 | 403, _) => Error::Refused(detail),
        _ => Error::Unavailable(detail),
    }
}

/// The error and what it came from, which the library's own text leaves out.
fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    cut(&causes.map(ToString::to_string).collect::<Vec<_>>().join(": "))
}

/// The text of the first element of this name in an error of S3, which is one flat list of them.
fn element<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let from = xml.find(&format!("<{name}>"))? + name.len() + 2;
    let len = xml[from..].find('<')?;
    Some(xml[from..from + len].trim()).filter(|text| !text.is_empty())
}

fn cut(text: &str) -> String {
    text.chars().take(DETAIL_CHARS_MAX).collect()
}
