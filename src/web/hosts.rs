//! Which Host headers are answered: a page in a browser on this machine can make its own host name resolve to us (DNS
//! rebinding), but cannot change the Host header of its requests.

use std::net::{IpAddr, SocketAddr};

/// Whether a service that listens on `listens` answers this Host header. Old health probes send none; browsers always
/// do.
pub(super) fn may_ask(host: Option<&str>, listens: SocketAddr) -> bool {
    let Some(host) = host else { return true };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|it| it.is_ascii_digit()) => name,
        _ => host,
    };
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = bare.parse::<IpAddr>() {
        // a service on all addresses is asked by any of them; DNS rebinding does not work with an address
        let everywhere = listens.ip().is_unspecified();
        return address.is_loopback() || everywhere || address == listens.ip();
    }
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    if name == "localhost" || name.ends_with(".localhost") {
        return true;
    }
    // containers and the like use a name of their network: outsiders cannot register one without a dot
    !listens.ip().is_loopback() && !name.is_empty() && !name.contains('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_could_be_rebound_are_refused() {
        for (listens, host, may) in [
            ("127.0.0.1:8480", "127.0.0.1:8480", true),
            ("127.0.0.1:8480", "localhost:8480", true),
            ("127.0.0.1:8480", "LOCALHOST", true),
            ("127.0.0.1:8480", "[::1]:8480", true),
            ("127.0.0.1:8480", "evil.example", false),
            ("127.0.0.1:8480", "evil.example:8480", false),
            ("127.0.0.1:8480", "127.0.0.1.evil.example", false),
            ("127.0.0.1:8480", "localhost.evil.example", false),
            ("127.0.0.1:8480", "gaccong:8480", false),
            ("127.0.0.1:8480", "10.1.2.3", false),
            ("127.0.0.1:8480", "", false),
            ("10.1.2.3:8480", "10.1.2.3:8480", true),
            ("10.1.2.3:8480", "10.1.2.4", false),
            ("0.0.0.0:8480", "10.1.2.3:8480", true),
            ("0.0.0.0:8480", "gaccong:8480", true),
            ("0.0.0.0:8480", "evil.example", false),
            ("[::]:8480", "[2001:db8::7]:8480", true),
        ] {
            let listens = listens.parse().unwrap();
            assert_eq!(may_ask(Some(host), listens), may, "{host} at {listens}");
        }
        assert!(may_ask(None, "127.0.0.1:8480".parse().unwrap()));
    }
}
