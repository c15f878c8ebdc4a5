//! Counted connections: they read a limited number of bytes. The HTTP client reads interim answers, frames and chunk sizes
//! until the look's time limit ends it, at the cost of a whole processor, and offers no place to count them. So for an hour
//! after a late answer, the service asks that server over a counted connection of its own.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Time for which a server is asked over counted connections after a late answer.
pub(super) const LATE_FOR: Duration = Duration::from_secs(3600);
/// Bytes that an answer may have besides its body: fields, interim answers, what TLS adds.
pub(super) const BESIDE: u64 = 1 << 20;

/// A connection of which at most `left` more bytes are read.
pub(super) struct Counted<S> {
    inner: S,
    left: u64,
}

impl<S> Counted<S> {
    /// Wraps a connection of which at most `most` bytes may be read; after them, reading fails.
    pub fn new(inner: S, most: u64) -> Self {
        Self { inner, left: most }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Counted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(context, buffer))?;
        let read = (buffer.filled().len() - before) as u64;
        match self.left.checked_sub(read) {
            Some(left) => {
                self.left = left;
                Poll::Ready(Ok(()))
            }
            None => {
                buffer.set_filled(before);
                Poll::Ready(Err(io::Error::other("more bytes than an answer may have")))
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counted<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;

    #[tokio::test]
    async fn no_more_is_read_than_was_allowed() {
        let (bytes, mut all) = ([7_u8; 100], Vec::new());
        let mut enough = Counted::new(bytes.as_slice(), 100);
        assert_eq!(enough.read_to_end(&mut all).await.unwrap(), 100);
        let mut endless = Counted::new(tokio::io::repeat(7), 1 << 20);
        let error = endless.read_to_end(&mut all).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::Other);
    }
}
