//! Politeness: limits the connections at once to one host, one organisation's hosts and one machine, for any number of
//! targets there.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Most visits at once to one host: browsers open six connections.
const OF_A_HOST: usize = 6;
/// Most visits at once to one registrable domain: the hosts of a ministry or a province are often one machine, or
/// behind one line.
const OF_A_DOMAIN: usize = 8;
/// Most visits at once to one address: shared hosting and CDNs serve many portals.
const OF_AN_ADDRESS: usize = 16;
/// Most hosts with a remembered address; beyond it all are forgotten.
const REMEMBERED: usize = 100_000;

/// The places at hosts, domains and addresses.
#[derive(Default)]
pub(super) struct HostLimits {
    places: Mutex<HashMap<String, Arc<Semaphore>>>,
    /// The address of each host's last answer.
    met: Mutex<HashMap<String, IpAddr>>,
}

/// Places at a host, at its domain and at its address, held while a visit lasts.
pub(super) struct HostPermit {
    _all: [Option<OwnedSemaphorePermit>; 3],
}

impl HostLimits {
    /// Waits for a place at `host` (with its port), which belongs to a registrable domain.
    pub async fn place(&self, host: &str, domain: &str) -> HostPermit {
        // always in this order, so that two visits never wait for each other
        let at_host = self.one(format!("h {host}"), OF_A_HOST).await;
        let at_domain = self.one(format!("d {domain}"), OF_A_DOMAIN).await;
        let address = lock(&self.met).get(host).copied();
        let at_address = match address {
            Some(address) => self.one(format!("a {address}"), OF_AN_ADDRESS).await,
            None => None,
        };
        HostPermit {
            _all: [at_host, at_domain, at_address],
        }
    }

    /// Notes the address from which a host answered.
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
                // a visit that holds or awaits a place keeps its semaphore alive
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
