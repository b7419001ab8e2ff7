//! Requests to the daemon that a replay runs: one connection for each, as the simplest client would.

use std::net::SocketAddr;
use std::time::Duration;

use serde::de::DeserializeOwned;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Longest wait for an answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// Most bytes of an answer.
const ANSWER_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Whoever asks.
#[derive(Debug, Clone)]
pub struct Caller {
    pub address: SocketAddr,
    pub token: String,
}

impl Caller {
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, String> {
        self.ask("GET", path, "application/json", &[]).await
    }

    pub async fn send<T: DeserializeOwned>(
        &self,
        method: &str,
        path: &str,
        body: &impl serde::Serialize,
    ) -> Result<T, String> {
        let body = serde_json::to_vec(body).map_err(|e| format!("cannot write a request: {e}"))?;
        self.ask(method, path, "application/json", &body).await
    }

    /// # Errors
    /// When nothing, or an error, is answered.
    pub async fn ask<T: DeserializeOwned>(
        &self,
        method: &str,
        path: &str,
        content_type: &str,
        body: &[u8],
    ) -> Result<T, String> {
        let failed = |why: &dyn std::fmt::Display| format!("{method} {path}: {why}");
        let asking = tokio::time::timeout(ANSWER_TIMEOUT, self.exchange(method, path, content_type, body)).await;
        let answer = asking.map_err(|e| failed(&e))?.map_err(|e| failed(&e))?;
        let end =
            answer.windows(4).position(|four| four == b"\r\n\r\n").ok_or_else(|| failed(&"the answer ends early"))?;
        let (head, body) = (String::from_utf8_lossy(&answer[..end]).into_owned(), &answer[end + 4..]);
        if !head.split(' ').nth(1).is_some_and(|status| status.starts_with('2')) {
            return Err(failed(&String::from_utf8_lossy(body)));
        }
        serde_json::from_slice(body).map_err(|e| failed(&e))
    }

    async fn exchange(&self, method: &str, path: &str, content_type: &str, body: &[u8]) -> std::io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect(self.address).await?;
        // The older protocol: the answer comes whole, and ends with the connection.
        let head = format!(
            "{method} {path} HTTP/1.0\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\r\n",
            self.address,
            self.token,
            body.len()
        );
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(body).await?;
        let mut answer = Vec::new();
        stream.take(ANSWER_BYTES_MAX).read_to_end(&mut answer).await?;
        Ok(answer)
    }
}
