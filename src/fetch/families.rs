//! The IPv4 and IPv6 addresses of a name, queried at once. A query for one family that gets no answer does not fail the
//! other.

use std::{
    collections::HashMap,
    net::IpAddr,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use futures_util::future::{Either, select};
use hickory_resolver::{
    Resolver, ResolverBuilder,
    config::{LookupIpStrategy, ResolverConfig},
    lookup_ip::LookupIp,
    net::{NetError, runtime::TokioRuntimeProvider},
    proto::{ProtoError, rr::Name},
};

use crate::model::observation::Families;

/// Time to wait for one family after the other brought addresses; shorter for a name that left this one unanswered
/// within [`SILENT_FOR`].
const OTHER_FAMILY: Duration = Duration::from_secs(1);
const SILENT_FAMILY: Duration = Duration::from_millis(100);
const SILENT_FOR: Duration = Duration::from_secs(600);
/// Most names remembered for leaving one family unanswered.
const REMEMBERED: usize = 10_000;

type Asked = Resolver<TokioRuntimeProvider>;
type Builder = ResolverBuilder<TokioRuntimeProvider>;

/// The system's name servers, asked for each family separately: only this shows which families a name has.
pub(super) struct Dns {
    four: Arc<Asked>,
    six: Arc<Asked>,
    silent: Mutex<HashMap<String, Instant>>,
}

/// The addresses of a name, at least one.
pub(super) struct Found {
    pub addresses: Vec<IpAddr>,
    /// `None` if one of the families was left unanswered.
    pub families: Option<Families>,
}

impl Found {
    /// From an answer that covers both families.
    pub fn told(addresses: Vec<IpAddr>) -> Self {
        let families = Families {
            ipv4: addresses.iter().any(IpAddr::is_ipv4),
            ipv6: addresses.iter().any(IpAddr::is_ipv6),
        };
        Self {
            addresses,
            families: Some(families),
        }
    }
}

impl Dns {
    /// A resolver that asks the configured name servers. `bounded` sets its limits. Fails if it cannot be built.
    pub fn given(
        config: ResolverConfig,
        bounded: impl Fn(Builder) -> Builder,
    ) -> Result<Self, NetError> {
        Self::of(|| {
            let provider = TokioRuntimeProvider::default();
            let builder = Resolver::builder_with_config(config.clone(), provider);
            Ok(bounded(builder))
        })
    }

    /// A resolver that asks the name servers of this system.
    pub fn of_system(bounded: impl Fn(Builder) -> Builder) -> Result<Self, NetError> {
        Self::of(|| Resolver::builder_tokio().map(&bounded))
    }

    fn of(builder: impl Fn() -> Result<Builder, NetError>) -> Result<Self, NetError> {
        let asked = |family| {
            let mut builder = builder()?;
            builder.options_mut().ip_strategy = family;
            builder.build().map(Arc::new)
        };
        Ok(Self {
            four: asked(LookupIpStrategy::Ipv4Only)?,
            six: asked(LookupIpStrategy::Ipv6Only)?,
            silent: Mutex::default(),
        })
    }

    /// The resolver for records other than addresses.
    pub fn any(&self) -> &Asked {
        &self.four
    }

    /// The addresses of a name, of both families. Fails if neither family has any.
    pub async fn addresses(&self, host: &str) -> Result<Found, NetError> {
        let name = name(host)?;
        let four = pin!(asked(&self.four, &name));
        let six = pin!(asked(&self.six, &name));
        let (four, six) = match select(four, six).await {
            Either::Left((four, six)) => {
                let six = self.other(host, has_any(&four), six).await;
                (Some(four), six)
            }
            Either::Right((six, four)) => {
                let four = self.other(host, has_any(&six), four).await;
                (four, Some(six))
            }
        };
        let families = match (has(four.as_ref()), has(six.as_ref())) {
            (Some(ipv4), Some(ipv6)) => Some(Families { ipv4, ipv6 }),
            _ => None,
        };
        let both = || [&four, &six].into_iter().flatten();
        let addresses: Vec<IpAddr> = both().flatten().flat_map(LookupIp::iter).collect();
        if !addresses.is_empty() {
            return Ok(Found {
                addresses,
                families,
            });
        }
        // an unanswered question is the better error to report than "no such record" of the other family
        let mut errors: Vec<NetError> =
            both().filter_map(|it| it.as_ref().err().cloned()).collect();
        errors.sort_by_key(NetError::is_no_records_found);
        Err(errors
            .into_iter()
            .next()
            .unwrap_or(NetError::Message("the name has no address")))
    }

    /// The answer for the other family; `None` if the first brought addresses and this one does not answer in time.
    async fn other<T>(
        &self,
        host: &str,
        has_one: bool,
        rest: impl Future<Output = T>,
    ) -> Option<T> {
        if !has_one {
            return Some(rest.await);
        }
        let silent = || self.silent.lock().unwrap_or_else(PoisonError::into_inner);
        let since = silent().get(host).copied();
        let wait = match since.is_some_and(|it| it.elapsed() < SILENT_FOR) {
            true => SILENT_FAMILY,
            false => OTHER_FAMILY,
        };
        let answered = tokio::time::timeout(wait, rest).await.ok();
        let mut silent = silent();
        if answered.is_some() {
            silent.remove(host);
        } else if wait == OTHER_FAMILY {
            if silent.len() >= REMEMBERED {
                silent.clear();
            }
            silent.insert(host.to_owned(), Instant::now());
        }
        answered
    }
}

/// Asks on a task of its own: an answer that comes too late for this look is in the cache for the next.
async fn asked(dns: &Arc<Asked>, name: &Name) -> Result<LookupIp, NetError> {
    let (dns, name) = (dns.clone(), name.clone());
    let task = tokio::spawn(async move { dns.lookup_ip(name).await });
    task.await
        .unwrap_or(Err(NetError::Message("the resolver was interrupted")))
}

fn has_any(of: &Result<LookupIp, NetError>) -> bool {
    of.as_ref().is_ok_and(|it| it.iter().next().is_some())
}

/// Whether a name has addresses of a family; `None` if the question was left unanswered.
fn has(of: Option<&Result<LookupIp, NetError>>) -> Option<bool> {
    match of? {
        Ok(found) => Some(found.iter().next().is_some()),
        Err(error) => error.is_no_records_found().then_some(false),
    }
}

/// The host of a URL as a DNS name, with any bytes in its labels: browsers resolve underscores and leading hyphens,
/// too. A name with a dot is fully qualified, so that no search list of this machine extends it.
pub(super) fn name(host: &str) -> Result<Name, ProtoError> {
    let labels = host.strip_suffix('.').unwrap_or(host).split('.');
    let mut name = Name::from_labels(labels.map(str::as_bytes))?;
    name.set_fqdn(host.contains('.'));
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_as_resolvers_take_them() {
        for host in [
            "so_y_te.songxanh.vn",
            "-a.vn",
            "a-.vn",
            "_x._y.vn",
            "a--b.vn",
            "3com.vn",
            "xn--sng-5na.vn",
            "1.2.vn",
        ] {
            let name = name(host).unwrap();
            let labels: Vec<&[u8]> = name.iter().collect();
            assert_eq!(labels.join(&b'.'), host.as_bytes());
            assert!(name.is_fqdn());
        }
        assert_eq!(name("a.vn.").unwrap(), name("a.vn").unwrap());
        assert!(!name("localhost").unwrap().is_fqdn());
        assert!(name("a..vn").is_err() && name(&format!("{}.vn", "x".repeat(64))).is_err());
    }
}
