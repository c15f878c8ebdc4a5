//! The connection that the HTTP client makes now, and the time that it has for it.

use std::{net::IpAddr, time::Duration};

/// Most time for an address to connect, TLS handshake included, before another one of the name is tried; at most this part
/// of the visit's own time limit, so that the other one has time to answer. Browsers wait a quarter of a second: with that
/// limit, an attacker at a hijacked address could be slower and would be read by his victims alone.
const PATIENCE: Duration = Duration::from_secs(5);
const PATIENCE_PART: u32 = 4;

/// The host, the one address of it that the HTTP client got, and whether others wait for their turn.
#[derive(Default)]
pub(super) struct Dialling {
    pub to: Option<(String, IpAddr)>,
    pub others: bool,
}

/// The time to connect in a visit with this time limit.
pub(super) fn connect_limit(limit: Duration) -> Duration {
    PATIENCE.min(limit / PATIENCE_PART)
}
