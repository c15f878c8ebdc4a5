//! Fetches pages: one visit to one URL as one kind of visitor. Every outcome is an observation, never an error.
//!
//! Only addresses that [`address`] allows are dialled. There are no proxies, no idle connections, and no cookie that
//! outlives the visit.

pub mod address;
mod arrive;
mod body;
pub mod ca;
mod chain;
mod classify;
mod client;
mod cookie_date;
pub mod cookies;
mod counted;
mod decode;
mod dial_fault;
mod dialling;
mod faces;
mod families;
mod front;
mod groups;
mod host_limits;
mod links;
mod pass;
mod policy;
mod presentation;
mod progress;
mod reach;
mod redirect;
mod remembered;
mod second_tls;
mod tls;
mod trust;
mod versions;
mod visit;
mod waits;

use std::{net::IpAddr, time::Duration};

pub use address::Guard;
use async_trait::async_trait;
pub use client::Unusable;
use jiff::Timestamp;
use url::Url;
pub use visit::Fetcher;

use crate::model::{Fetched, Profile, TargetId, target_state::Validators};

/// How the service identifies itself, and what it may visit. Built once from the configuration.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    pub contact: String,
    pub vantage: String,
    pub guard: Guard,
    pub resolver: Vec<std::net::SocketAddr>,
    /// Contents of files with further authorities, see [`ca::parse`].
    pub extra_ca: Vec<Vec<u8>>,
}

/// One look to be made.
#[derive(Clone, Debug)]
pub struct Visit<'a> {
    pub target: &'a TargetId,
    pub url: &'a Url,
    pub profile: Profile,
    /// Time limit from connect to the last byte, all redirects included.
    pub timeout: Duration,
    /// Most bytes of the body after decoding.
    pub max_body: u64,
    /// Sent as a conditional request; `None` asks for the whole page.
    pub validators: Option<&'a Validators>,
    /// The address of an earlier look that this one is compared with; taken if the name still resolves to it. `None`
    /// takes the next address in turn.
    pub prefer: Option<IpAddr>,
    /// Whether the operator named the target: only then do exceptions of `allow_networks` beyond loopback hold.
    pub by_operator: bool,
}

/// Makes visits: [`Fetcher`] over the network, or a script in tests.
#[async_trait]
pub trait Fetch: Send + Sync {
    /// Looks once. Every outcome is an observation.
    async fn visit(&self, visit: &Visit<'_>, at: Timestamp) -> Fetched;

    /// Whether the host and port of a URL accept or refuse a connection at once, which shows that the network between
    /// works.
    async fn reaches(&self, _url: &Url, _by_operator: bool) -> bool {
        false
    }

    /// The TXT records of a name; empty if it has none or no name server answers.
    async fn texts(&self, _name: &str) -> Vec<String> {
        Vec::new()
    }
}
