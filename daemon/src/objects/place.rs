//! The URL of an object store, read. Knows nothing of how one is reached.

use std::path::PathBuf;

use super::{Error, Result};

/// Bucket of pictures when the URL names none.
const BUCKET_DEFAULT: &str = "parking-images";
/// Region when the URL names none; servers that know no regions take it.
const REGION_DEFAULT: &str = "us-east-1";
/// Words in a URL that would be secrets, and do not belong there.
const SECRET_WORDS: [&str; 4] = ["key", "secret", "password", "token"];

/// Where objects are.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    Folder(PathBuf),
    Bucket(BucketUrl),
}

/// `s3://bucket?endpoint=…&region=…&path_style=…&create=…`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BucketUrl {
    pub name: String,
    /// `http://host:port`; `None` for AWS itself.
    pub endpoint: Option<String>,
    pub region: String,
    /// `endpoint/bucket` instead of `bucket.endpoint`.
    pub is_path_style: bool,
    /// Whether a bucket that is missing may be created.
    pub may_create: bool,
}

impl Place {
    /// # Errors
    /// What is wrong with the URL. It is not repeated: it may hold a secret by mistake.
    pub fn parse(url: &str) -> Result<Self> {
        if let Some(path) = url.strip_prefix("file://").filter(|path| path.starts_with('/')) {
            return Ok(Self::Folder(path.into()));
        }
        match url.strip_prefix("s3://") {
            Some(rest) => BucketUrl::parse(rest).map(Self::Bucket),
            None => Err(wrong("it must be file:///absolute/folder or s3://bucket?endpoint=https://host&region=…")),
        }
    }
}

impl BucketUrl {
    fn parse(rest: &str) -> Result<Self> {
        let (name, query) = rest.split_once('?').unwrap_or((rest, ""));
        if name.contains('@') {
            return Err(secret());
        }
        let name = if name.is_empty() { BUCKET_DEFAULT } else { name };
        if !is_bucket(name) {
            return Err(wrong(
                "a bucket has 3 to 63 of a-z, 0-9, - and . in its name, and nothing may follow it but ?…",
            ));
        }
        let mut bucket = Self {
            name: name.to_string(),
            endpoint: None,
            region: REGION_DEFAULT.to_string(),
            is_path_style: false,
            may_create: true,
        };
        let mut is_path_style = None;
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (word, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = decoded(value).ok_or_else(|| wrong(&format!("the value of {word} cannot be read")))?;
            match word {
                "endpoint" => bucket.endpoint = Some(endpoint(&value)?),
                "region" if !value.is_empty() => bucket.region = value,
                "path_style" => is_path_style = Some(boolean(word, &value)?),
                "create" => bucket.may_create = boolean(word, &value)?,
                _ if SECRET_WORDS.iter().any(|secret| word.to_ascii_lowercase().contains(secret)) => {
                    return Err(secret());
                }
                _ => return Err(wrong(&format!("{word:?} is none of endpoint, region, path_style, create"))),
            }
        }
        // Few servers of one's own have a name for each bucket; AWS wants one.
        bucket.is_path_style = is_path_style.unwrap_or(bucket.endpoint.is_some());
        Ok(bucket)
    }
}

fn is_bucket(name: &str) -> bool {
    (3..=63).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.')
        && !name.contains("..")
        && !name.starts_with(['-', '.'])
        && !name.ends_with(['-', '.'])
}

fn endpoint(value: &str) -> Result<String> {
    let Some(host) = value.strip_prefix("https://").or_else(|| value.strip_prefix("http://")) else {
        return Err(wrong("the endpoint must begin with https:// or http://"));
    };
    if host.contains('@') {
        return Err(secret());
    }
    if host.is_empty() || host.contains(['?', '#', ' ']) {
        return Err(wrong("the endpoint must be a scheme and a host, such as https://s3.example:9000"));
    }
    Ok(value.trim_end_matches('/').to_string())
}

fn boolean(word: &str, value: &str) -> Result<bool> {
    value.parse().map_err(|_| wrong(&format!("{word} must be true or false")))
}

/// Undoes `%2F`; `None` when that is no text. A `+` stays one.
fn decoded(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut out = parts.next()?.as_bytes().to_vec();
    for part in parts {
        out.push(u8::from_str_radix(part.get(..2)?, 16).ok()?);
        out.extend_from_slice(&part.as_bytes()[2..]);
    }
    String::from_utf8(out).ok()
}

fn wrong(detail: &str) -> Error {
    Error::Config(format!("OBJECTS_URL is not valid: {detail}"))
}

fn secret() -> Error {
    wrong(
        "keys do not belong into it, where logs and process lists show them: \
         set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or --s3-keys-file, and remove them from the URL",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(url: &str) -> BucketUrl {
        match Place::parse(url).expect("a valid URL") {
            Place::Bucket(bucket) => bucket,
            Place::Folder(path) => panic!("{} is a folder", path.display()),
        }
    }

    #[test]
    fn a_bucket_is_named_by_its_url_and_has_a_name_by_default() {
        let full =
            bucket("s3://lot-7.images?endpoint=http%3A%2F%2F127.0.0.1:9000/&region=eu-1&path_style=false&create=false");
        let expected = BucketUrl {
            name: "lot-7.images".into(),
            endpoint: Some("http://127.0.0.1:9000".into()),
            region: "eu-1".into(),
            is_path_style: false,
            may_create: false,
        };
        assert_eq!(full, expected);
        let own = bucket("s3://?endpoint=https://s3.example");
        assert_eq!((own.name.as_str(), own.region.as_str(), own.is_path_style), ("parking-images", "us-east-1", true));
        assert!(!bucket("s3://images").is_path_style, "AWS wants the bucket in the name of the host");
    }

    #[test]
    fn a_url_with_keys_in_it_is_refused_without_repeating_them() {
        for url in [
            "s3://AKIA:hunter2@bucket?endpoint=http://h",
            "s3://bucket?endpoint=http://AKIA:hunter2@h",
            "s3://bucket?secret_key=hunter2",
            "s3://bucket?X-Token=hunter2",
        ] {
            let error = Place::parse(url).expect_err(url).to_string();
            assert!(error.contains("AWS_SECRET_ACCESS_KEY") && !error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn what_is_no_store_is_refused() {
        for url in [
            "gs://x",
            "file://relative",
            "s3://UPPER",
            "s3://bucket/prefix",
            "s3://a",
            "s3://bucket?endpoint=h:9000",
            "s3://bucket?path_style=yes",
            "s3://bucket?colour=red",
            "s3://bucket?region=%zz",
        ] {
            assert!(Place::parse(url).is_err(), "{url}");
        }
    }
}
