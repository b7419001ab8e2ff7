//! One call: request out, bounded answer in, every failure put into words. Knows no resource.

use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, DATE, HeaderMap, HeaderValue, IF_MATCH, USER_AGENT};
use reqwest::{Method, RequestBuilder, Response, StatusCode, Upgraded, Version};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{ANSWER_BYTES_MAX, Client, Error, Mutation, Page, error};
use crate::{Problem, Time, paths};

/// Longest wait that a daemon is given which takes no more at the moment; where it asks for a longer one, people decide.
const BUSY_MS_MAX: u64 = 1_000;

/// Most characters of an unexpected answer that an error shows.
const EXCERPT_CHARS: usize = 160;

/// A request that is being put together.
pub(super) struct Call<'a> {
    client: &'a Client,
    /// Method and address, for errors.
    what: String,
    request: RequestBuilder,
    timeout: Duration,
}

/// An answer that was read to its end.
pub(super) struct Answer {
    what: String,
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Client {
    /// A call about the whole daemon.
    pub(super) fn call(&self, method: Method, path: &str) -> Call<'_> {
        let address = format!("{}{path}", self.inner.server);
        let what = format!("{method} {address}");
        let mut request =
            self.inner.http.request(method.clone(), address).header(USER_AGENT, self.inner.user_agent.clone());
        if let Some(authorization) = &self.inner.authorization {
            request = request.header(AUTHORIZATION, authorization.clone());
        }
        if self.is_dry_run && method != Method::GET {
            request = request.query(&[("dry_run", true)]);
        }
        if let Some(key) = self.idempotency_key.as_deref().filter(|_| method != Method::GET) {
            request = request.header(paths::IDEMPOTENCY_HEADER, key);
        }
        Call { client: self, what, request, timeout: self.inner.timeout }
    }

    /// A call about the lot of this client.
    pub(super) fn call_lot(&self, method: Method, path: &str) -> Call<'_> {
        self.call(method, path).query(&[("lot", self.inner.lot.as_str())])
    }
}

impl Call<'_> {
    pub(super) fn query<T: Serialize + ?Sized>(mut self, query: &T) -> Self {
        self.request = self.request.query(query);
        self
    }

    pub(super) fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    pub(super) fn json<T: Serialize + ?Sized>(mut self, body: &T) -> Self {
        self.request = self.request.json(body);
        self
    }

    pub(super) fn body(mut self, body: impl Into<reqwest::Body>, content_type: &str) -> Self {
        self.request = self.request.header(CONTENT_TYPE, content_type).body(body);
        self
    }

    pub(super) fn guard(mut self, mutation: &Mutation) -> Self {
        if let Some(rev) = mutation.if_match {
            self.request = self.request.header(IF_MATCH, format!("\"{rev}\""));
        }
        match &mutation.idempotency_key {
            Some(key) => self.header(paths::IDEMPOTENCY_HEADER, key),
            None => self,
        }
    }

    /// Allows `more` on top of the time limit, for an answer that is meant to be late.
    pub(super) fn patient(mut self, more: Duration) -> Self {
        self.timeout = self.timeout.saturating_add(more);
        self
    }

    /// The resource of a good answer.
    pub(super) async fn fetch<T: DeserializeOwned>(self) -> Result<T, Error> {
        self.accept_json().send().await?.good()?.json()
    }

    /// The same, and what time the server has, to the second.
    pub(super) async fn fetch_dated<T: DeserializeOwned>(self) -> Result<(T, Option<Time>), Error> {
        let answer = self.accept_json().send().await?.good()?;
        let date = answer.headers.get(DATE).and_then(|date| date.to_str().ok());
        let at = date.and_then(|date| jiff::fmt::rfc2822::parse(date).ok()).map(|at| at.timestamp().into());
        Ok((answer.json()?, at))
    }

    /// One page of a list.
    pub(super) async fn page<T: DeserializeOwned>(self) -> Result<Page<T>, Error> {
        self.fetch_and_next().await.map(|(items, next)| Page { items, next })
    }

    /// The resource of a good answer, and the cursor of the page after it.
    pub(super) async fn fetch_and_next<T: DeserializeOwned>(self) -> Result<(T, Option<String>), Error> {
        let answer = self.accept_json().send().await?.good()?;
        let next = match answer.headers.get(paths::NEXT_CURSOR_HEADER).map(HeaderValue::to_str) {
            None => None,
            Some(Ok(cursor)) => Some(cursor.to_string()),
            Some(Err(_)) => return Err(answer.unexpected("the cursor of the next page is not text")),
        };
        Ok((answer.json()?, next))
    }

    /// The bytes of a good answer.
    pub(super) async fn bytes(self) -> Result<bytes::Bytes, Error> {
        Ok(self.send().await?.good()?.body.into())
    }

    /// The resource of an answer whose status is good or `also`.
    pub(super) async fn fetch_also<T: DeserializeOwned>(self, also: StatusCode) -> Result<T, Error> {
        let answer = self.accept_json().send().await?;
        if answer.status == also
            && let Ok(value) = serde_json::from_slice(&answer.body)
        {
            return Ok(value);
        }
        answer.good()?.json()
    }

    fn accept_json(mut self) -> Self {
        self.request = self.request.header(ACCEPT, "application/json");
        self
    }

    async fn send(self) -> Result<Answer, Error> {
        let Self { client, what, mut request, timeout } = self;
        let until = tokio::time::Instant::now() + timeout;
        loop {
            let again = request.try_clone();
            let response = request.timeout(timeout).send().await;
            let response = response.map_err(|error| failure(&what, client.server(), &error))?;
            let answer = Answer::read(response, what.clone(), client.server()).await?;
            match (answer.busy(), again) {
                (Some(wait), Some(again)) if tokio::time::Instant::now() + wait < until => {
                    tokio::time::sleep(wait).await;
                    request = again;
                }
                _ => return Ok(answer),
            }
        }
    }

    /// Asks for another protocol on a connection of its own.
    pub(super) async fn upgrade(self, timeout: Duration) -> Result<Upgrade, Error> {
        let Self { client, what, request, .. } = self;
        let failed = |error: reqwest::Error| failure(&what, client.server(), &error);
        let request = request.version(Version::HTTP_11).timeout(timeout).build().map_err(failed)?;
        let response = client.inner.dialer.execute(request).await.map_err(failed)?;
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            return Answer::read(response, what, client.server()).await.map(Upgrade::Answered);
        }
        let headers = response.headers().clone();
        Ok(Upgrade::Switched { stream: response.upgrade().await.map_err(failed)?, headers })
    }
}

/// What a call for another protocol came to.
pub(super) enum Upgrade {
    Switched { stream: Upgraded, headers: HeaderMap },
    Answered(Answer),
}

impl Answer {
    async fn read(mut response: Response, what: String, server: &str) -> Result<Self, Error> {
        let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| failure(&what, server, &error))? {
            if body.len() + chunk.len() > ANSWER_BYTES_MAX {
                let detail = format!("it is larger than {ANSWER_BYTES_MAX} bytes");
                return Err(Error::Protocol { what, detail });
            }
            body.extend_from_slice(&chunk);
        }
        let answer = Answer { what, status, headers, body };
        if answer.is_of_a_gateway() {
            let detail = format!("something in between answered {status}{}", answer.excerpt());
            return Err(Error::Unreachable { server: server.into(), detail });
        }
        Ok(answer)
    }

    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    /// This answer, if its status is a good one.
    pub(super) fn good(self) -> Result<Self, Error> {
        if self.status.is_success() {
            return Ok(self);
        }
        match self.problem() {
            Some(problem) => Err(Error::Refused(Box::new(problem))),
            None => Err(self.unexpected(&format!("status {}{}", self.status, self.excerpt()))),
        }
    }

    /// How long to wait before the same is asked again: nothing was done, because too much was asked for just now.
    fn busy(&self) -> Option<Duration> {
        let problem = (self.status == StatusCode::TOO_MANY_REQUESTS).then(|| self.problem()).flatten()?;
        problem.retry_after_ms.filter(|ms| *ms <= BUSY_MS_MAX).map(Duration::from_millis)
    }

    fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.body).map_err(|error| self.unexpected(&format!("{error}{}", self.excerpt())))
    }

    fn problem(&self) -> Option<Problem> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The daemon answers such a status with JSON; a proxy that cannot reach it does not.
    fn is_of_a_gateway(&self) -> bool {
        matches!(self.status.as_u16(), 502..=504)
            && serde_json::from_slice::<serde::de::IgnoredAny>(&self.body).is_err()
    }

    pub(super) fn unexpected(&self, detail: &str) -> Error {
        Error::Protocol { what: self.what.clone(), detail: detail.into() }
    }

    /// The beginning of a body of text, to be put behind a message.
    fn excerpt(&self) -> String {
        let text = String::from_utf8_lossy(&self.body[..self.body.len().min(4 * EXCERPT_CHARS)]);
        let words: Vec<&str> = text.split_whitespace().collect();
        let line: String = words.join(" ").chars().filter(|c| !c.is_control()).take(EXCERPT_CHARS).collect();
        if line.is_empty() { line } else { format!(" ({line})") }
    }
}

fn failure(what: &str, server: &str, error: &reqwest::Error) -> Error {
    if error.is_builder() {
        return Error::Config { detail: format!("{what} cannot be sent: {}", causes(error)) };
    }
    if error.is_connect() {
        return Error::Unreachable { server: server.into(), detail: causes(error) };
    }
    if error.is_timeout() {
        return Error::TimedOut { what: what.into() };
    }
    if error.is_body() || error.is_decode() {
        return Error::Protocol { what: what.into(), detail: format!("the answer broke off: {}", causes(error)) };
    }
    Error::Unreachable { server: server.into(), detail: causes(error) }
}

/// What lies behind `error`; its own line only repeats the address.
fn causes(error: &reqwest::Error) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), error::chain)
}

/// `text` as one segment of a path.
pub(super) fn segment(text: &str) -> Result<String, Error> {
    // A URL loses these segments even when they are escaped, and the call would go to another address.
    if matches!(text, "" | "." | "..") {
        return Err(Error::Config { detail: format!("{text:?} cannot be a part of an address") });
    }
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => escaped.push(char::from(byte)),
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    Ok(escaped)
}

#[cfg(test)]
mod tests;
