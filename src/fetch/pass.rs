//! With which of the operator's exceptions a visit goes.
//!
//! `allow_networks` names networks that may be visited though they are not public. It holds for a visit that *begins* there,
//! of a portal that the operator named, and as long as it stays there: a portal outside must not be able to send us in by a
//! redirect, and nobody who registers a portal may have us look inside. Loopback is for tests and holds for whoever begins
//! there.

use std::{net::IpAddr, sync::Arc};

use super::{
    Guard, Unusable,
    client::{self, Dialler, Names},
    versions::Client,
};

/// What may be dialled, and a client that dials nothing else.
pub(super) struct Pass {
    pub dialler: Arc<Dialler>,
    pub client: Client,
}

impl Pass {
    pub fn guard(&self) -> &Guard {
        &self.dialler.guard
    }
}

pub(super) struct Passes {
    operator: Arc<Pass>,
    anybody: Arc<Pass>,
    outside: Arc<Pass>,
}

impl Passes {
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
        // most have no exceptions at all: one client is enough then
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

    /// How a visit begins.
    pub fn first(&self, by_operator: bool) -> &Arc<Pass> {
        if by_operator {
            &self.operator
        } else {
            &self.anybody
        }
    }

    /// How it goes on after an answer from there: who was outside once stays outside.
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
        // from one place inside to the next
        let second = passes.after(first, Some(inside));
        assert!(may(second));
        // out, and never in again, whoever answers
        let third = passes.after(second, Some(public));
        assert!(!may(third) && third.guard().address(public).is_ok());
        assert!(!may(passes.after(third, Some(inside))));
        assert!(!may(passes.after(first, None)));
    }
}
