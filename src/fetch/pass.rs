//! The exceptions of `allow_networks` that hold during a visit.
//!
//! `allow_networks` names networks that may be visited although they are not public. An exception holds for a portal
//! that the operator named, if the visit *begins* in such a network, and as long as it stays there: an outside portal
//! must not send us inside with a redirect, and a registered portal must not make us look inside. Loopback exceptions
//! are for tests and hold for every visit that begins on loopback.

use std::{net::IpAddr, sync::Arc};

use super::{
    Guard, Unusable,
    client::{self, Dialler, Names},
    versions::Client,
};

/// The addresses that may be dialled at a point of a visit, and an HTTP client that dials no others.
pub(super) struct Pass {
    pub dialler: Arc<Dialler>,
    pub client: Client,
}

impl Pass {
    /// The guard of the addresses that this pass dials.
    pub fn guard(&self) -> &Guard {
        &self.dialler.guard
    }
}

/// The three passes: for the operator's portals, for those that others named, and for a visit that has left the
/// exceptions.
pub(super) struct Passes {
    operator: Arc<Pass>,
    anybody: Arc<Pass>,
    outside: Arc<Pass>,
}

impl Passes {
    /// Builds the clients. Fails if the TLS configuration or the resolver is unusable.
    pub fn new(
        guard: &Guard,
        tls: &rustls::ClientConfig,
        names: &Arc<Names>,
    ) -> Result<Self, Unusable> {
        let pass = |guard: Guard| -> Result<Arc<Pass>, Unusable> {
            let dialler = Arc::new(Dialler {
                guard,
                names: names.clone(),
            });
            let client = Client::new(tls.clone(), |tls| client::build(tls, dialler.clone()))?;
            Ok(Arc::new(Pass { dialler, client }))
        };
        let operator = pass(guard.clone())?;
        // most configurations have no exceptions, so that one client serves all three
        let other = |of: Guard| {
            if of.networks == guard.networks {
                Ok(operator.clone())
            } else {
                pass(of)
            }
        };
        Ok(Self {
            anybody: other(guard.for_anybody())?,
            outside: other(guard.outside())?,
            operator,
        })
    }

    /// The pass for the first request of a visit.
    pub fn first(&self, by_operator: bool) -> &Arc<Pass> {
        if by_operator {
            &self.operator
        } else {
            &self.anybody
        }
    }

    /// The pass for the request after an answer from `answered`: a visit that has left the exceptions stays outside.
    pub fn after<'a>(&'a self, pass: &'a Arc<Pass>, answered: Option<IpAddr>) -> &'a Arc<Pass> {
        if answered.is_some_and(|it| pass.guard().is_exempt(it)) {
            pass
        } else {
            &self.outside
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_was_outside_once_stays_outside() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let guard = Guard {
            networks: vec!["10.0.0.0/8".parse().unwrap()],
            ..Guard::default()
        };
        let tls = rustls::ClientConfig::builder()
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth();
        let names = Arc::new(Names::new(&[]).unwrap());
        let passes = Passes::new(&guard, &tls, &names).unwrap();
        let (inside, public) = ("10.77.0.5".parse().unwrap(), "45.117.0.10".parse().unwrap());
        let may = |pass: &Pass| pass.guard().address(inside).is_ok();
        assert!(!may(passes.first(false)));
        let first = passes.first(true);
        assert!(may(first));
        // from one exempt address to the next
        let second = passes.after(first, Some(inside));
        assert!(may(second));
        // a visit that leaves the network never gets back in, whatever address answers
        let third = passes.after(second, Some(public));
        assert!(!may(third) && third.guard().address(public).is_ok());
        assert!(!may(passes.after(third, Some(inside))));
        assert!(!may(passes.after(first, None)));
    }
}
