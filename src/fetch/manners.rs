//! Manners: never many connections at once to one host, however many targets lie there.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Browsers open six connections to a host.
const AT_ONCE: usize = 6;

#[derive(Default)]
pub(super) struct Manners(Mutex<HashMap<String, Arc<Semaphore>>>);

impl Manners {
    /// Waits for a place at `host` (with its port).
    pub async fn place(&self, host: &str) -> Option<OwnedSemaphorePermit> {
        let places = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if all.len() > 4096 {
                all.retain(|_, it| Arc::strong_count(it) > 1 || it.available_permits() < AT_ONCE);
            }
            all.entry(host.to_owned())
                .or_insert_with(|| Arc::new(Semaphore::new(AT_ONCE)))
                .clone()
        };
        places.acquire_owned().await.ok()
    }
}
