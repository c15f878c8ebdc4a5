//! The HTTP client: guarded resolver, recording TLS, nothing shared between visits.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use hickory_resolver::{
    Resolver,
    config::{ConnectionConfig, NameServerConfig, ResolverConfig},
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
        .http1_max_headers(256)
        .connect_timeout(Duration::from_secs(15))
        .build()
        .map_err(|error| Unusable(format!("the HTTP client cannot be built: {error}")))
}

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
            let built = Resolver::builder_with_config(config, TokioRuntimeProvider::default())
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
            let found: Vec<SocketAddr> = match resolver {
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
            };
            let mut refused = None;
            let mut allowed = Vec::new();
            for address in found {
                match guard.address(address.ip()) {
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
