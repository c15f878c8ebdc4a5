//! Takes connections and answers requests for pages. Copies no page: what is sent are the kept stretches themselves.

use std::{
    convert::Infallible,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use hyper::{
    Request, Response, StatusCode,
    body::{Body, Frame, Incoming, SizeHint},
    header,
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    time::{Interval, interval},
};
use tokio_rustls::TlsAcceptor;

use super::{Farm, control, hostile, slots};

/// A body in parts, with a known length.
pub struct Parts {
    parts: std::vec::IntoIter<Bytes>,
    left: u64,
    /// The pause before each part.
    pause: Option<Interval>,
}

impl Parts {
    /// Sends the body part by part, with `pause` before each.
    pub fn dripping(mut self, pause: Duration) -> Self {
        self.pause = Some(interval(pause));
        self
    }
}

impl From<Vec<Bytes>> for Parts {
    fn from(parts: Vec<Bytes>) -> Self {
        let left = parts.iter().map(|it| it.len() as u64).sum();
        let parts = parts.into_iter();
        Self {
            parts,
            left,
            pause: None,
        }
    }
}

impl From<String> for Parts {
    fn from(text: String) -> Self {
        vec![Bytes::from(text)].into()
    }
}

impl Body for Parts {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(pause) = &mut self.pause
            && pause.poll_tick(context).is_pending()
        {
            return Poll::Pending;
        }
        let part = self.parts.next();
        self.left -= part.as_ref().map_or(0, |it| it.len() as u64);
        Poll::Ready(part.map(|it| Ok(Frame::data(it))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

/// Takes connections for ever.
pub async fn listen(farm: Arc<Farm>, listener: TcpListener, tls: Option<TlsAcceptor>) {
    loop {
        let Ok((stream, peer)) = listener.accept().await else {
            // out of descriptors: others have to end first
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        // a listener on all addresses must not make the farm public
        if !peer.ip().is_loopback() {
            continue;
        }
        farm.counters.connections.fetch_add(1, Ordering::Relaxed);
        tokio::spawn(converse(farm.clone(), stream, tls.clone()));
    }
}

async fn converse(farm: Arc<Farm>, stream: TcpStream, tls: Option<TlsAcceptor>) {
    let Ok(at) = stream.local_addr() else { return };
    // without it the last part of a page may wait for an acknowledgement
    let _ = stream.set_nodelay(true);
    match tls {
        None => requests(farm, at, stream).await,
        Some(acceptor) => {
            if let Ok(stream) = acceptor.accept(stream).await {
                requests(farm, at, stream).await;
            }
        }
    }
}

async fn requests(farm: Arc<Farm>, at: SocketAddr, stream: impl AsyncRead + AsyncWrite + Unpin) {
    let answer = service_fn(|request| {
        let farm = farm.clone();
        async move { Ok::<_, Infallible>(answer(&farm, at, request).await) }
    });
    // a visitor may close the connection at any time
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), answer)
        .await;
}

async fn answer(farm: &Farm, at: SocketAddr, request: Request<Incoming>) -> Response<Parts> {
    if request.uri().path().starts_with("/ctl/") {
        return control::answer(farm, request).await;
    }
    let counters = &farm.counters;
    counters.requests.fetch_add(1, Ordering::Relaxed);
    let portal = wanted(request.uri().path(), at.ip()).and_then(|id| farm.portals.get(id));
    let Some(portal) = portal else {
        return plain(StatusCode::NOT_FOUND, "no such page\n".to_owned());
    };
    let now = Timestamp::now();
    let (page, count) = portal.visit(now.as_microsecond());
    if let Some(habit) = portal.habit {
        return hostile::answer(habit, count).await;
    }
    if let Some(gap) = portal.asked(now.as_microsecond()) {
        farm.gaps.note(gap);
    }
    let mut out = Response::builder()
        .header(header::SERVER, "gaccong-bench")
        .header(header::CONTENT_TYPE, "text/html; charset=utf-8");
    if let Some(etag) = &page.etag {
        out = out.header(header::ETAG, etag);
        let known = request.headers().get(header::IF_NONE_MATCH);
        if known.is_some_and(|it| it.as_bytes() == etag.as_bytes()) {
            counters.not_modified.fetch_add(1, Ordering::Relaxed);
            let out = out.status(StatusCode::NOT_MODIFIED).body(Vec::new().into());
            return out.unwrap_or_else(|error| fault(&error));
        }
    }
    if page.is_dynamic() {
        out = out
            .header(header::CACHE_CONTROL, "private, no-store")
            .header(header::SET_COOKIE, slots::session());
    }
    let body = Parts::from(page.fill(&slots::Visit { now, count }));
    counters.bytes.fetch_add(body.left, Ordering::Relaxed);
    out.body(body).unwrap_or_else(|error| fault(&error))
}

/// `/p/00042/`, or `/` at the address 127.1.x.y of the portal 256 x + y.
fn wanted(path: &str, at: IpAddr) -> Option<usize> {
    if let Some(id) = path.strip_prefix("/p/") {
        return id.strip_suffix('/').unwrap_or(id).parse().ok();
    }
    match (path, at) {
        ("/", IpAddr::V4(at)) => match at.octets() {
            [127, 1, x, y] => Some(usize::from(x) * 256 + usize::from(y)),
            _ => None,
        },
        _ => None,
    }
}

pub fn plain(status: StatusCode, text: String) -> Response<Parts> {
    let mut out = Response::new(text.into());
    *out.status_mut() = status;
    out
}

fn fault(error: &hyper::http::Error) -> Response<Parts> {
    plain(StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn portals_are_found_by_path_and_by_address() {
        let at = |text: &str| text.parse().expect("an address");
        assert_eq!(wanted("/p/00042/", at("127.0.0.1")), Some(42));
        assert_eq!(wanted("/", at("127.1.1.3")), Some(259));
        assert_eq!(wanted("/", at("127.0.0.1")), None);
        assert_eq!(wanted("/css/khung.css", at("127.1.0.0")), None);
    }
}
