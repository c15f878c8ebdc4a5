//! Servers that the service remembers for a while, by host and port.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use url::Url;

/// Most servers that one list remembers.
const MOST: usize = 10_000;

/// A list of servers that forgets each of them after `lasts`.
pub(super) struct Servers {
    lasts: Duration,
    all: Mutex<HashMap<String, Instant>>,
}

impl Servers {
    pub fn remembered_for(lasts: Duration) -> Self {
        Self {
            lasts,
            all: Mutex::default(),
        }
    }

    fn all(&self) -> MutexGuard<'_, HashMap<String, Instant>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers the URL's server. A full list takes no further server until an older one is forgotten.
    pub fn add(&self, url: &Url) {
        let mut all = self.all();
        if all.len() >= MOST {
            all.retain(|_, at| at.elapsed() < self.lasts);
        }
        if all.len() < MOST {
            all.insert(server_of(url), Instant::now());
        }
    }

    pub fn remove(&self, url: &Url) {
        self.all().remove(&server_of(url));
    }

    pub fn contains(&self, url: &Url) -> bool {
        let all = self.all();
        all.get(&server_of(url))
            .is_some_and(|at| at.elapsed() < self.lasts)
    }
}

fn server_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    format!("{host}:{}", url.port_or_known_default().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_its_host_and_port() {
        let of = |text: &str| text.parse::<Url>().unwrap();
        let servers = Servers::remembered_for(Duration::from_secs(60));
        servers.add(&of("https://a.vn/x"));
        assert!(servers.contains(&of("https://a.vn:443/y")));
        assert!(!servers.contains(&of("http://a.vn/x")));
        servers.remove(&of("https://a.vn/"));
        assert!(!servers.contains(&of("https://a.vn/x")));
        let gone = Servers::remembered_for(Duration::ZERO);
        gone.add(&of("https://a.vn/"));
        assert!(!gone.contains(&of("https://a.vn/")));
    }
}
