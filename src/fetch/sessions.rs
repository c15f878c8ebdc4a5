//! TLS sessions that may be resumed: a bounded number, for half an hour after a handshake whose certificate was seen and
//! good. A resumed session shows no certificate, so a renewed one is seen within that time.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use rustls::{
    NamedGroup,
    client::{ClientSessionStore, Tls12ClientSessionValue, Tls13ClientSessionValue},
    pki_types::ServerName,
};

use super::tls::Recorder;

/// A certificate is seen again after so long.
const SEEN_AGAIN: Duration = Duration::from_secs(30 * 60);
/// A session holds the server's certificates: 4 to 5 KB. Hosts past this number shake hands each time.
const HOSTS: usize = 1000;
/// Looks at a host come one after another but for a confirmation.
const TICKETS: usize = 2;
/// Hosts that want another group than the first one offered.
const HINTS: usize = 20_000;

pub(super) struct Sessions {
    recorder: Recorder,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    hosts: HashMap<String, Kept>,
    hints: HashMap<String, NamedGroup>,
}

struct Kept {
    since: Instant,
    old: Option<Tls12ClientSessionValue>,
    tickets: Vec<Tls13ClientSessionValue>,
}

impl Sessions {
    pub fn new(recorder: Recorder) -> Self {
        Self {
            recorder,
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps something of a host, where there is room.
    fn keep(&self, host: &str, put: impl FnOnce(&mut Kept)) {
        let mut state = self.state();
        if !state.hosts.contains_key(host) {
            if state.hosts.len() >= HOSTS {
                state.hosts.retain(|_, it| it.since.elapsed() < SEEN_AGAIN);
            }
            if state.hosts.len() >= HOSTS {
                return;
            }
        }
        let kept = state.hosts.entry(host.to_owned()).or_insert_with(|| Kept {
            since: Instant::now(),
            old: None,
            tickets: Vec::new(),
        });
        kept.since = Instant::now();
        put(kept);
    }

    /// Takes something of a host whose certificate was seen, and good, a while ago.
    fn find<T>(&self, host: &str, take: impl FnOnce(&mut Kept) -> Option<T>) -> Option<T> {
        let mut state = self.state();
        if !self.recorder.vouches(host, SEEN_AGAIN) {
            state.hosts.remove(host);
            return None;
        }
        take(state.hosts.get_mut(host)?)
    }
}

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sessions")
    }
}

impl ClientSessionStore for Sessions {
    fn set_kx_hint(&self, server: ServerName<'static>, group: NamedGroup) {
        let mut state = self.state();
        let host = server.to_str();
        if group == NamedGroup::X25519 {
            // the first that is offered
            state.hints.remove(host.as_ref());
        } else if state.hints.len() < HINTS {
            state.hints.insert(host.into_owned(), group);
        }
    }

    fn kx_hint(&self, server: &ServerName<'_>) -> Option<NamedGroup> {
        self.state().hints.get(server.to_str().as_ref()).copied()
    }

    fn set_tls12_session(&self, server: ServerName<'static>, value: Tls12ClientSessionValue) {
        self.keep(&server.to_str(), |it| it.old = Some(value));
    }

    fn tls12_session(&self, server: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.find(&server.to_str(), |it| it.old.clone())
    }

    fn remove_tls12_session(&self, server: &ServerName<'static>) {
        if let Some(kept) = self.state().hosts.get_mut(server.to_str().as_ref()) {
            kept.old = None;
        }
    }

    fn insert_tls13_ticket(&self, server: ServerName<'static>, value: Tls13ClientSessionValue) {
        self.keep(&server.to_str(), |it| {
            if it.tickets.len() >= TICKETS {
                it.tickets.remove(0);
            }
            it.tickets.push(value);
        });
    }

    fn take_tls13_ticket(&self, server: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.find(&server.to_str(), |it| it.tickets.pop())
    }
}
