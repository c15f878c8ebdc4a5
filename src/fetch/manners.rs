//! Manners: never many connections at once to one host, one organisation's hosts or one machine, however many targets
//! lie there.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Browsers open six connections to a host.
const OF_A_HOST: usize = 6;
/// A ministry's or a province's hosts are often one machine, or behind one line.
const OF_A_DOMAIN: usize = 8;
/// Shared hosting and CDNs answer for many.
const OF_AN_ADDRESS: usize = 16;
/// Hosts whose address is remembered.
const REMEMBERED: usize = 100_000;

#[derive(Default)]
pub(super) struct Manners {
    places: Mutex<HashMap<String, Arc<Semaphore>>>,
    /// Where a host was met last.
    met: Mutex<HashMap<String, IpAddr>>,
}

/// Places at a host, at its domain and at its address, held while a visit lasts.
pub(super) struct Place {
    _all: [Option<OwnedSemaphorePermit>; 3],
}

impl Manners {
    /// Waits for a place at `host` (with its port), which belongs to a registrable domain.
    pub async fn place(&self, host: &str, domain: &str) -> Place {
        // always in this order, so that no two wait for each other
        let at_host = self.one(format!("h {host}"), OF_A_HOST).await;
        let at_domain = self.one(format!("d {domain}"), OF_A_DOMAIN).await;
        let address = lock(&self.met).get(host).copied();
        let at_address = match address {
            Some(address) => self.one(format!("a {address}"), OF_AN_ADDRESS).await,
            None => None,
        };
        Place {
            _all: [at_host, at_domain, at_address],
        }
    }

    /// A host answered from there.
    pub fn met(&self, host: &str, address: IpAddr) {
        let mut met = lock(&self.met);
        if met.get(host) == Some(&address) {
            return;
        }
        if met.len() >= REMEMBERED {
            met.clear();
        }
        met.insert(host.to_owned(), address);
    }

    async fn one(&self, of: String, at_once: usize) -> Option<OwnedSemaphorePermit> {
        let places = {
            let mut all = lock(&self.places);
            if all.len() > 4096 {
                // who holds or waits for a place keeps its semaphore
                all.retain(|_, it| Arc::strong_count(it) > 1);
            }
            all.entry(of)
                .or_insert_with(|| Arc::new(Semaphore::new(at_once)))
                .clone()
        };
        places.acquire_owned().await.ok()
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
