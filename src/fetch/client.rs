//! The HTTP client: guarded resolver, recording TLS, nothing shared between visits.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use hickory_resolver::{
    Resolver,
    config::{ConnectionConfig, LookupIpStrategy, NameServerConfig, ResolverConfig},
    net::runtime::TokioRuntimeProvider,
};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::{Guard, Settings, address::Refused, tls::Recorder};

/// The client could not be built: a certificate file, or the system's store of authorities.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unusable(pub String);

/// A name that has no address, or none that may be visited.
#[derive(Debug, thiserror::Error)]
pub(super) enum DialFault {
    #[error("{0}")]
    Dns(String),
    #[error("{0}")]
    Refused(Refused),
}

pub(super) fn build(settings: &Settings, recorder: &Recorder) -> Result<reqwest::Client, Unusable> {
    let tls = recorder.client_config(&settings.extra_ca)?;
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .dns_resolver(Arc::new(Guarded::new(settings)?))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .pool_max_idle_per_host(0)
        // what browsers take: portals sent it before anybody attacked them
        .http1_max_headers(1000)
        .http1_ignore_invalid_headers_in_responses(true)
        .http1_allow_spaces_after_header_name_in_responses(true)
        .http1_allow_obsolete_multiline_headers_in_responses(true)
        .http2_max_header_list_size(256 << 10)
        .connect_timeout(Duration::from_secs(15))
        .build()
        .map_err(|error| Unusable(format!("the HTTP client cannot be built: {error}")))
}

/// A resolver that does not answer in this time is none; shorter than the time to connect, so that it is known whose
/// silence it was.
const RESOLVING: Duration = Duration::from_secs(10);
/// Addresses of one name that are tried.
const TRIED: usize = 8;

/// Resolves, and gives the connector only addresses that may be visited: what is checked is what is dialled.
struct Guarded {
    guard: Guard,
    resolver: Option<Arc<Resolver<TokioRuntimeProvider>>>,
}

impl Guarded {
    fn new(settings: &Settings) -> Result<Self, Unusable> {
        let resolver = if settings.resolver.is_empty() {
            None
        } else {
            let servers = settings
                .resolver
                .iter()
                .map(|it| name_server(*it))
                .collect();
            let config = ResolverConfig::from_name_servers(servers);
            let mut builder =
                Resolver::builder_with_config(config, TokioRuntimeProvider::default());
            // a portal with an IPv4 address is not down because nobody answers for IPv6
            builder.options_mut().ip_strategy = LookupIpStrategy::Ipv4thenIpv6;
            let built = builder
                .build()
                .map_err(|error| Unusable(format!("resolver: {error}")))?;
            Some(Arc::new(built))
        };
        Ok(Self {
            guard: settings.guard.clone(),
            resolver,
        })
    }
}

fn name_server(address: SocketAddr) -> NameServerConfig {
    let mut udp = ConnectionConfig::udp();
    udp.port = address.port();
    let mut tcp = ConnectionConfig::tcp();
    tcp.port = address.port();
    NameServerConfig::new(address.ip(), true, vec![udp, tcp])
}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.guard.clone();
        let resolver = self.resolver.clone();
        Box::pin(async move {
            let host = name.as_str();
            let looked_up = async {
                Ok::<Vec<SocketAddr>, DialFault>(match resolver {
                    Some(resolver) => resolver
                        .lookup_ip(host)
                        .await
                        .map_err(|error| DialFault::Dns(format!("{host}: {error}")))?
                        .iter()
                        .map(|it| SocketAddr::new(it, 0))
                        .collect(),
                    None => tokio::net::lookup_host((host, 0))
                        .await
                        .map_err(|error| DialFault::Dns(format!("{host}: {error}")))?
                        .collect(),
                })
            };
            let found = tokio::time::timeout(RESOLVING, looked_up)
                .await
                .map_err(|_| DialFault::Dns(format!("{host}: request timed out")))??;
            let mut refused = None;
            let mut allowed = Vec::new();
            for address in found {
                match guard.address(address.ip()) {
                    Ok(()) if allowed.len() >= TRIED => (),
                    Ok(()) => allowed.push(address),
                    Err(why) => refused = Some(why),
                }
            }
            match (allowed.is_empty(), refused) {
                (false, _) => Ok(Box::new(allowed.into_iter()) as Addrs),
                (true, Some(why)) => Err(DialFault::Refused(why).into()),
                (true, None) => Err(DialFault::Dns(format!("{host} has no address")).into()),
            }
        })
    }
}
