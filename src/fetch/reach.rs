//! How a request reaches one of several addresses of a name: the address in turn, and the others only after that one could
//! not be reached. The HTTP client would dial the other family after 300 ms and take the first connection, and would never
//! read an address that is slow to connect.

use std::{
    error::Error,
    io::{self, ErrorKind},
    net::SocketAddr,
    pin::pin,
    sync::atomic::Ordering,
    time::Duration,
};

use super::{
    classify::is_unreached,
    dialling::Dialling,
    faces::{Way, lock},
};

/// Most addresses of one name that one request is sent to.
pub(super) const TRIED: usize = 8;

/// The addresses that the HTTP client gets of those that may be tried: the first alone if [`one_by_one`] sends the
/// request. With several addresses, the client would dial the other family after 300 ms and take the first connection.
pub(super) fn alone(host: &str, mut order: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let Some(way) = Way::current() else {
        return order;
    };
    if let Some(dialling) = lock(&way.dialling).as_mut() {
        dialling.to = order.first().map(|it| (host.to_owned(), it.ip()));
        dialling.others = order.len() > 1;
        order.truncate(1);
    }
    order
}

/// Connects. Gives up after the visit's time to connect if another address waits.
pub(super) async fn patient<T, F>(connecting: F) -> Result<T, Box<dyn Error + Send + Sync>>
where
    F: Future<Output = Result<T, Box<dyn Error + Send + Sync>>>,
{
    let Some(way) = Way::current() else {
        return connecting.await;
    };
    let mut connecting = pin!(connecting);
    // the client bounds the whole wait; whether other addresses wait is known once the name is resolved
    loop {
        match tokio::time::timeout(way.limit, connecting.as_mut()).await {
            Ok(done) => {
                way.connected.fetch_or(done.is_ok(), Ordering::Relaxed);
                return done;
            }
            Err(_) if lock(&way.dialling).as_ref().is_some_and(|it| it.others) => {
                return Err(io::Error::from(ErrorKind::TimedOut).into());
            }
            Err(_) => (),
        }
    }
}

/// The time for one of several addresses to connect: `most`, or the visit's own if it is shorter.
pub(super) fn cancel(most: Duration) -> Duration {
    Way::current().map_or(most, |it| it.limit.min(most))
}

/// Sends a request to the address in turn, and to the name's other addresses only after that one could not be reached.
/// Fails with the first error if no address could be reached.
pub(super) async fn one_by_one<T, F>(send: impl Fn() -> F) -> Result<T, reqwest::Error>
where
    F: Future<Output = Result<T, reqwest::Error>>,
{
    let Some(way) = Way::current() else {
        return send().await;
    };
    let mut first = None;
    let mut tried = 0;
    loop {
        *lock(&way.dialling) = Some(Dialling::default());
        let sent = send().await;
        let dialled = lock(&way.dialling).take().and_then(|it| it.to);
        let error = match sent {
            Err(error) if is_unreached(&error) => first.take().unwrap_or(error),
            done => return done,
        };
        tried += 1;
        let is_another_left = dialled.is_some_and(|it| way.failed(&it.0, it.1));
        if tried >= TRIED || !is_another_left {
            return Err(error);
        }
        first = Some(error);
    }
}
