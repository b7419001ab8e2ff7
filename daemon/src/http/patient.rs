//! A connection whose other side has to take what it asked for. Knows no HTTP.

use std::io::{Error, ErrorKind, IoSlice, Result};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

/// Longest time that the other side may take nothing of what is sent.
const TAKE_TIMEOUT: Duration = Duration::from_secs(30);

/// Fails once nothing was taken for too long.
#[derive(Debug)]
pub struct Patient {
    stream: TcpStream,
    /// Runs while something waits to be taken.
    patience: Option<Pin<Box<Sleep>>>,
}

impl Patient {
    pub fn new(stream: TcpStream) -> Self {
        Self { stream, patience: None }
    }

    pub fn into_inner(self) -> TcpStream {
        self.stream
    }

    fn judge<T>(&mut self, context: &mut Context<'_>, taken: Poll<Result<T>>) -> Poll<Result<T>> {
        if taken.is_ready() {
            self.patience = None;
            return taken;
        }
        let patience = self.patience.get_or_insert_with(|| Box::pin(tokio::time::sleep(TAKE_TIMEOUT)));
        ready!(patience.as_mut().poll(context));
        let why = format!("the other side took nothing for {TAKE_TIMEOUT:?}");
        Poll::Ready(Err(Error::new(ErrorKind::TimedOut, why)))
    }
}

impl AsyncRead for Patient {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Patient {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        let taken = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.judge(context, taken)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        let taken = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.judge(context, taken)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
