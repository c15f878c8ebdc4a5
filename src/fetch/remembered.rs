//! Names that the service remembers for a limited time.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use url::Url;

/// Most names that one list remembers.
const MOST: usize = 10_000;

/// A list of names that forgets each of them after `lasts`.
pub(super) struct Remembered {
    lasts: Duration,
    all: Mutex<HashMap<String, Instant>>,
}

impl Remembered {
    /// An empty list that forgets each name after `lasts`.
    pub fn lasting(lasts: Duration) -> Self {
        Self {
            lasts,
            all: Mutex::default(),
        }
    }

    fn all(&self) -> MutexGuard<'_, HashMap<String, Instant>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers a name from now on. A full list takes no further name until it forgets an older one.
    pub fn add(&self, name: &str) {
        let mut all = self.all();
        if all.len() >= MOST {
            all.retain(|_, at| at.elapsed() < self.lasts);
        }
        if all.len() < MOST {
            all.insert(name.to_owned(), Instant::now());
        }
    }

    /// Forgets a name.
    pub fn remove(&self, name: &str) {
        self.all().remove(name);
    }

    /// Whether the name was added less than the list's time ago.
    pub fn contains(&self, name: &str) -> bool {
        let all = self.all();
        all.get(name).is_some_and(|at| at.elapsed() < self.lasts)
    }
}

/// The host and port of a URL.
pub(super) fn server_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    format!("{host}:{}", url.port_or_known_default().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_forgotten_in_time_and_on_request() {
        let names = Remembered::lasting(Duration::from_secs(60));
        names.add("a.vn:443");
        assert!(names.contains("a.vn:443") && !names.contains("a.vn:80"));
        names.remove("a.vn:443");
        assert!(!names.contains("a.vn:443"));
        let gone = Remembered::lasting(Duration::ZERO);
        gone.add("a.vn:443");
        assert!(!gone.contains("a.vn:443"));
    }

    #[test]
    fn a_server_is_a_host_and_a_port() {
        let of = |text: &str| server_of(&text.parse().unwrap());
        assert_eq!(of("https://a.vn/x"), "a.vn:443");
        assert_eq!(of("http://a.vn:8080/"), "a.vn:8080");
    }
}
