//! `parkd health`: the check of a container that holds nothing else that could ask.

use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

use clap::Args as ClapArgs;
use parking_api::paths;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Exit, unwritten};
use crate::serve::reachable;

/// Longest wait for the daemon's answer: a little more than it waits for its database and its object store.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(4);
/// Most bytes of an answer that are looked at.
const ANSWER_BYTES_MAX: u64 = 16 * 1024;

#[derive(Debug, ClapArgs)]
pub struct Args {
    /// Where the daemon listens
    #[arg(long, env = "PARKD_LISTEN", value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
}

pub(super) async fn run(args: &Args, out: &mut dyn Write) -> Result<Exit, String> {
    let address = reachable(args.listen);
    let answer = tokio::time::timeout(ANSWER_TIMEOUT, ask(address)).await;
    let answer = answer.map_err(|_| format!("{address} does not answer within {} s", ANSWER_TIMEOUT.as_secs()))?;
    let answer = answer.map_err(|e| format!("{address} does not answer: {e}"))?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    writeln!(out, "{}", body.trim()).map_err(unwritten)?;
    let is_ready = head.split(' ').nth(1) == Some("200");
    Ok(if is_ready { Exit::Done } else { Exit::Failed })
}

async fn ask(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET {} HTTP/1.0\r\nHost: {address}\r\n\r\n", paths::READY);
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.take(ANSWER_BYTES_MAX).read_to_string(&mut answer).await?;
    Ok(answer)
}
