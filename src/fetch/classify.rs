//! From the client's errors to the classes of the contract.

use std::{error::Error, io};

use super::client::DialFault;
use crate::model::{Class, excerpt::excerpt};

/// The class of a failed request and one plain sentence.
pub(super) fn class_of(error: &reqwest::Error) -> (Class, String) {
    let chain = chain(error);
    for cause in &chain {
        if let Some(fault) = cause.downcast_ref::<DialFault>() {
            return match fault {
                DialFault::Dns(why) => (Class::Dns, format!("the name cannot be resolved: {}", excerpt(why, 160))),
                DialFault::Refused(refused) => (refused.class, refused.why.clone()),
            };
        }
        if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
            return (Class::Tls, format!("TLS: {}", excerpt(&tls.to_string(), 160)));
        }
        if let Some(io) = cause.downcast_ref::<io::Error>() {
            if let Some(tls) = io.get_ref().and_then(|it| it.downcast_ref::<rustls::Error>()) {
                return (Class::Tls, format!("TLS: {}", excerpt(&tls.to_string(), 160)));
            }
            if let Some(found) = of_io(io, error.is_connect()) {
                return found;
            }
        }
        if let Some(http) = cause.downcast_ref::<hyper::Error>()
            && (http.is_incomplete_message() || http.is_closed())
        {
            return (Class::Connection, "the connection was closed before an answer was complete".to_owned());
        }
    }
    if error.is_timeout() {
        return (Class::Timeout, "no connection in time".to_owned());
    }
    let last = chain.last().map(|it| it.to_string()).unwrap_or_default();
    let shown = excerpt(&last, 160);
    if error.is_connect() {
        (Class::Connection, format!("no connection: {shown}"))
    } else {
        (Class::Protocol, format!("not understandable as HTTP: {shown}"))
    }
}

fn of_io(error: &io::Error, connecting: bool) -> Option<(Class, String)> {
    use io::ErrorKind as Kind;
    let said = |text: &str| Some((Class::Connection, text.to_owned()));
    match error.kind() {
        Kind::ConnectionRefused => said("the connection was refused"),
        Kind::ConnectionReset | Kind::ConnectionAborted | Kind::BrokenPipe => said("the connection was reset"),
        Kind::HostUnreachable => said("no route to the host"),
        Kind::NetworkUnreachable | Kind::NetworkDown => said("the network is unreachable"),
        Kind::AddrNotAvailable => said("no address of ours can reach it"),
        Kind::TimedOut => Some((Class::Timeout, "no answer from the address in time".to_owned())),
        Kind::UnexpectedEof if connecting => said("the connection was closed during the handshake"),
        Kind::UnexpectedEof => said("the connection was closed before the answer was complete"),
        _ => None,
    }
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
