//! The HTTP client: a guarded resolver, TLS that records certificates, no connection shared between visits.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use hickory_resolver::{
    ResolverBuilder,
    config::{ConnectionConfig, NameServerConfig, ResolverConfig},
    net::{DnsError, NetError, runtime::TokioRuntimeProvider},
    proto::{
        op::ResponseCode,
        rr::{RData, RecordType},
    },
};
use reqwest::dns::{Addrs, Name, Resolve};
use tower::util::MapFutureLayer;

use super::{
    Guard,
    dial_fault::DialFault,
    faces,
    families::{self, Dns, Found},
    reach,
};

/// The client could not be built: a certificate file or the system's store of authorities is unusable.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unusable(pub String);

/// Builds an HTTP client that dials only addresses of `dialler`. Fails if the TLS configuration is unusable.
pub(super) fn build(
    tls: rustls::ClientConfig,
    dialler: Arc<Dialler>,
) -> Result<reqwest::Client, Unusable> {
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        // reports the peer certificate of each response's own connection
        .tls_info(true)
        .dns_resolver(Arc::new(Resolving(dialler)))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .pool_max_idle_per_host(0)
        // the limits of browsers: honest portals send such heads, and visitors see them
        .http1_max_headers(1000)
        .http1_ignore_invalid_headers_in_responses(true)
        .http1_allow_spaces_after_header_name_in_responses(true)
        .http1_allow_obsolete_multiline_headers_in_responses(true)
        // some old servers read `Host` but not `host`
        .http1_title_case_headers()
        .http2_max_header_list_size(256 << 10)
        .connect_timeout(Duration::from_secs(15))
        .connector_layer(MapFutureLayer::new(reach::patient))
        .build()
        .map_err(|error| Unusable(format!("the HTTP client cannot be built: {error}")))
}

/// Time limit for an answer of the resolver. It is shorter than the time limit to connect, so that a timeout tells the
/// resolver's silence from the server's.
const RESOLVING: Duration = Duration::from_secs(10);
/// Most TXT records that are read of one name: a zone has twenty at most.
const TEXTS: usize = 100;

/// Resolves names and gives the connectors only addresses that the guard allows: the checked address is the dialled
/// one.
pub(super) struct Dialler {
    pub guard: Guard,
    pub names: Arc<Names>,
}

/// The resolver: name servers from the configuration, or those of the system.
pub(super) enum Names {
    Given(Arc<Dns>),
    /// The system's name servers, with the modification time of `/etc/resolv.conf`. Without that file (`None`), the
    /// system's own resolver is asked.
    System(Mutex<(Option<SystemTime>, Option<Arc<Dns>>)>),
}

const SYSTEM: &str = "/etc/resolv.conf";
/// Longest time that an address is cached, whatever its TTL: half of all portals have a TTL of an hour or more, and a
/// hijacked name must show at the next looks.
const TTL_AT_MOST: Duration = Duration::from_secs(300);
/// Time for which the answer "no such name" is cached: the name may exist at the next look.
const NO_NAME_FOR: Duration = Duration::from_secs(5);

impl Names {
    /// Uses the name servers in `given`, or those of the system if it is empty. Fails if the resolver cannot be built.
    pub fn new(given: &[SocketAddr]) -> Result<Self, Unusable> {
        if given.is_empty() {
            return Ok(Self::System(Mutex::new((None, None))));
        }
        let servers = given.iter().map(|it| name_server(*it)).collect();
        let config = ResolverConfig::from_name_servers(servers);
        let dns =
            Dns::given(config, bounded).map_err(|error| Unusable(format!("resolver: {error}")))?;
        Ok(Self::Given(Arc::new(dns)))
    }

    /// The resolver in force. A changed `/etc/resolv.conf` makes a new one.
    fn now(&self) -> Option<Arc<Dns>> {
        let system = match self {
            Self::Given(dns) => return Some(dns.clone()),
            Self::System(system) => system,
        };
        let written = std::fs::metadata(SYSTEM).and_then(|it| it.modified()).ok();
        let mut known = system.lock().unwrap_or_else(PoisonError::into_inner);
        if known.0 != written || written.is_none() {
            let dns = written.and_then(|_| Dns::of_system(bounded).ok());
            *known = (written, dns.map(Arc::new));
        }
        known.1.clone()
    }

    /// TXT records of a name; none if no answer comes.
    pub async fn texts(&self, name: &str) -> Vec<String> {
        let Some(dns) = self.now() else {
            return Vec::new();
        };
        let Ok(whole) = families::name(&format!("{}.", name.trim_end_matches('.'))) else {
            return Vec::new();
        };
        let asked = tokio::time::timeout(RESOLVING, dns.any().lookup(whole, RecordType::TXT)).await;
        let Ok(Ok(found)) = asked else {
            return Vec::new();
        };
        let texts = found.answers().iter().filter_map(|it| match &it.data {
            RData::TXT(txt) => Some(txt.txt_data.concat()),
            _ => None,
        });
        texts
            .take(TEXTS)
            .map(|it| String::from_utf8_lossy(&it).into_owned())
            .collect()
    }

    async fn addresses(&self, host: &str) -> Result<Found, DialFault> {
        let fault = |error: &dyn std::fmt::Display| DialFault::Dns(format!("{host}: {error}"));
        match self.now() {
            Some(dns) => dns.addresses(host).await.map_err(|error| match &error {
                NetError::Dns(DnsError::NoRecordsFound(none)) => match none.response_code {
                    ResponseCode::NXDomain => DialFault::NoName(host.to_owned()),
                    ResponseCode::NoError => DialFault::NoAddress(host.to_owned()),
                    _ => fault(&error),
                },
                error => fault(error),
            }),
            None => {
                let found = tokio::net::lookup_host((host, 0)).await;
                let found = found.map_err(|error| fault(&error))?;
                Ok(Found::told(found.map(|it| it.ip()).collect()))
            }
        }
    }
}

fn bounded(
    mut builder: ResolverBuilder<TokioRuntimeProvider>,
) -> ResolverBuilder<TokioRuntimeProvider> {
    let options = builder.options_mut();
    options.positive_max_ttl = Some(TTL_AT_MOST);
    options.negative_max_ttl = Some(NO_NAME_FOR);
    builder
}

fn name_server(address: SocketAddr) -> NameServerConfig {
    let mut udp = ConnectionConfig::udp();
    udp.port = address.port();
    let mut tcp = ConnectionConfig::tcp();
    tcp.port = address.port();
    NameServerConfig::new(address.ip(), true, vec![udp, tcp])
}

impl Dialler {
    /// The addresses of a host that may be dialled, at least one, with port 0, in the order in which to try them.
    pub async fn allowed(&self, host: &str) -> Result<Vec<SocketAddr>, DialFault> {
        let found = tokio::time::timeout(RESOLVING, self.names.addresses(host))
            .await
            .map_err(|_| DialFault::Dns(format!("{host}: request timed out")))??;
        let mut refused = None;
        let mut allowed = Vec::new();
        for address in found.addresses {
            match self.guard.address(address) {
                Ok(()) => allowed.push(SocketAddr::new(address, 0)),
                Err(why) => refused = Some(why),
            }
        }
        match (allowed.is_empty(), refused) {
            (false, _) => {
                let order = faces::order(host, allowed, found.families);
                let mut order = order.map_err(|_| DialFault::NoIpv6)?;
                order.truncate(reach::TRIED);
                Ok(order)
            }
            (true, Some(why)) => Err(DialFault::Refused(why)),
            (true, None) => Err(DialFault::NoAddress(host.to_owned())),
        }
    }
}

/// The [`Dialler`] as a resolver for the HTTP client.
pub(super) struct Resolving(pub Arc<Dialler>);

impl Resolve for Resolving {
    fn resolve(&self, name: Name) -> reqwest::dns::Resolving {
        let dialler = self.0.clone();
        Box::pin(async move {
            let allowed = dialler.allowed(name.as_str()).await?;
            let told = reach::alone(name.as_str(), allowed);
            Ok(Box::new(told.into_iter()) as Addrs)
        })
    }
}
