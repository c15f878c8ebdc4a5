//! Maps errors of the HTTP client to the classes of the contract.

use std::{error::Error, io};

use super::{dial_fault::DialFault, trust};
use crate::model::{
    Class, Localized,
    excerpt::{defang, defang_text, excerpt},
};

/// The class of a failed request and one sentence.
pub(super) fn class_of(error: &reqwest::Error) -> (Class, Localized) {
    let chain = chain(error);
    for cause in &chain {
        if let Some(fault) = cause.downcast_ref::<DialFault>() {
            return match fault {
                DialFault::Dns(why) => (
                    Class::Dns,
                    Localized::new("cause-dns").with("detail", defang_text(&excerpt(why, 160))),
                ),
                DialFault::NoName(host) => (
                    Class::Dns,
                    Localized::new("cause-dns-no-name").with("host", defang(&excerpt(host, 160))),
                ),
                DialFault::NoAddress(host) => (
                    Class::Dns,
                    Localized::new("cause-dns-no-address")
                        .with("host", defang(&excerpt(host, 160))),
                ),
                DialFault::Refused(refused) => (refused.class, refused.why.clone()),
                DialFault::NoIpv6 => (Class::Connection, Localized::new("cause-no-ipv6")),
            };
        }
        if let Some(found) = cause.downcast_ref::<rustls::Error>() {
            return (Class::Tls, trust::plain(found));
        }
        if let Some(io) = cause.downcast_ref::<io::Error>() {
            if let Some(found) = tls_inside(io) {
                return (Class::Tls, trust::plain(found));
            }
            if let Some(found) = of_io(io.kind()) {
                return found;
            }
        }
        if let Some(http) = cause.downcast_ref::<hyper::Error>()
            && (http.is_incomplete_message() || http.is_closed())
        {
            return (Class::Connection, Localized::new("cause-closed"));
        }
    }
    if error.is_timeout() {
        return (Class::Timeout, Localized::new("cause-unanswered"));
    }
    let detail = excerpt(
        &chain.last().map(|it| it.to_string()).unwrap_or_default(),
        160,
    );
    if error.is_connect() {
        (
            Class::Connection,
            Localized::new("cause-connection").with("detail", detail),
        )
    } else {
        (
            Class::Protocol,
            Localized::new("cause-protocol").with("detail", detail),
        )
    }
}

/// Class and sentence for a failed request of the second TLS stack after its handshake (there is no reqwest error to
/// read).
pub(super) fn class_of_http(error: &hyper::Error) -> (Class, Localized) {
    let io = error.source().and_then(|it| it.downcast_ref::<io::Error>());
    if let Some(found) = io.and_then(|it| of_io(it.kind())) {
        return found;
    }
    if error.is_incomplete_message() || error.is_closed() {
        return (Class::Connection, Localized::new("cause-closed"));
    }
    let detail = excerpt(&error.to_string(), 160);
    (
        Class::Protocol,
        Localized::new("cause-protocol").with("detail", detail),
    )
}

/// Whether the TLS handshake failed: a TLS error, or a connection that was cut while it was set up.
pub(super) fn is_of_handshake(error: &reqwest::Error) -> bool {
    use io::ErrorKind as Kind;
    let cut = [Kind::UnexpectedEof, Kind::ConnectionReset];
    error.is_connect()
        && chain(error).into_iter().any(|cause| {
            let io = cause.downcast_ref::<io::Error>();
            cause.downcast_ref::<rustls::Error>().is_some()
                || io.is_some_and(|it| tls_inside(it).is_some() || cut.contains(&it.kind()))
        })
}

/// Whether no connection came about, so that another address of the name may still be reached. A failed handshake, and a
/// name without addresses that may be dialled, are no such failure.
pub(super) fn is_unreached(error: &reqwest::Error) -> bool {
    let is_of_name = |it: &&(dyn Error + 'static)| it.downcast_ref::<DialFault>().is_some();
    error.is_connect()
        && !is_of_handshake(error)
        && !http2_broke(error)
        && !chain(error).iter().any(is_of_name)
}

/// A TLS error that was wrapped into I/O errors, however often.
fn tls_inside(error: &io::Error) -> Option<&rustls::Error> {
    let inner = error.get_ref()?;
    match inner.downcast_ref::<rustls::Error>() {
        Some(found) => Some(found),
        None => inner.downcast_ref::<io::Error>().and_then(tls_inside),
    }
}

/// Class and sentence for an I/O error; `None` for kinds that say nothing of the portal.
pub(super) fn of_io(kind: io::ErrorKind) -> Option<(Class, Localized)> {
    use io::ErrorKind as Kind;
    let (class, key) = match kind {
        Kind::ConnectionRefused => (Class::Connection, "cause-refused"),
        Kind::ConnectionReset | Kind::ConnectionAborted | Kind::BrokenPipe => {
            (Class::Connection, "cause-reset")
        }
        Kind::HostUnreachable
        | Kind::NetworkUnreachable
        | Kind::NetworkDown
        | Kind::AddrNotAvailable => (Class::Connection, "cause-unreachable"),
        Kind::TimedOut => (Class::Timeout, "cause-unanswered"),
        Kind::UnexpectedEof => (Class::Connection, "cause-closed"),
        _ => return None,
    };
    Some((class, Localized::new(key)))
}

fn chain<'a>(error: &'a reqwest::Error) -> Vec<&'a (dyn Error + 'static)> {
    let mut out: Vec<&'a (dyn Error + 'static)> = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        out.push(cause);
        next = cause.source();
    }
    out
}

/// Whether the server asked for HTTP/1.1 instead, which the protocol allows.
pub(super) fn asks_for_http1(error: &reqwest::Error) -> bool {
    let found = chain(error);
    let mut found = found.iter().filter_map(|it| it.downcast_ref::<h2::Error>());
    found.any(|it| it.reason() == Some(h2::Reason::HTTP_1_1_REQUIRED))
}

/// Whether HTTP/2 itself broke, so that HTTP/1.1 may work: the server ended the stream or the connection with a
/// protocol error, or broke the protocol's rules.
pub(super) fn http2_broke(error: &reqwest::Error) -> bool {
    chain(error)
        .iter()
        .any(|it| it.downcast_ref::<h2::Error>().is_some())
}
