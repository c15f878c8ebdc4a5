//! The key exchange group that each host last asked for: offering it first saves a round trip. TLS sessions are not
//! resumed: a resumed one shows no certificate.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use rustls::{
    NamedGroup,
    client::{ClientSessionStore, Tls12ClientSessionValue, Tls13ClientSessionValue},
    pki_types::ServerName,
};

/// Most hosts kept that want another group than X25519, which is offered first.
const HOSTS: usize = 20_000;

/// The groups by host, as rustls stores them between handshakes.
#[derive(Default)]
pub(super) struct Groups(Mutex<HashMap<String, NamedGroup>>);

impl Groups {
    fn known(&self) -> MutexGuard<'_, HashMap<String, NamedGroup>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Groups {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Groups")
    }
}

impl ClientSessionStore for Groups {
    fn set_kx_hint(&self, server: ServerName<'static>, group: NamedGroup) {
        let mut known = self.known();
        let host = server.to_str();
        if group == NamedGroup::X25519 {
            // X25519 is offered first anyway
            known.remove(host.as_ref());
        } else if known.len() < HOSTS {
            known.insert(host.into_owned(), group);
        }
    }

    fn kx_hint(&self, server: &ServerName<'_>) -> Option<NamedGroup> {
        self.known().get(server.to_str().as_ref()).copied()
    }

    fn set_tls12_session(&self, _: ServerName<'static>, _: Tls12ClientSessionValue) {}

    fn tls12_session(&self, _: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        None
    }

    fn remove_tls12_session(&self, _: &ServerName<'static>) {}

    fn insert_tls13_ticket(&self, _: ServerName<'static>, _: Tls13ClientSessionValue) {}

    fn take_tls13_ticket(&self, _: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        None
    }
}
