//! The certificates that count as good: those issued by the system's authorities or the operator's own, and those that
//! the operator listed in `extra_ca` themselves.

use std::sync::Arc;

use jiff::Timestamp;
use rustls::{
    CertificateError, Error, RootCertStore,
    client::{WebPkiServerVerifier, danger::ServerCertVerifier, verify_server_name},
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::ParsedCertificate,
};

use super::{Unusable, ca};
use crate::model::{Digest, Localized, excerpt, observation::Certificate};

/// Most certificates beside the leaf in a chain that others may learn from; honest servers send one to three.
const MOST_SENT: usize = 10;

/// The authorities that browsers trust, and the certificates that the operator added.
#[derive(Debug)]
pub(super) struct Trust {
    pub verifier: Arc<WebPkiServerVerifier>,
    /// Certificates of `extra_ca`: a server that sends one of them as its leaf is trusted without an issuer.
    listed: Vec<CertificateDer<'static>>,
}

impl Trust {
    /// `extra_ca` holds contents of files, PEM or DER. Fails if one cannot be read, or if there is no authority at all.
    pub fn new(extra_ca: &[Vec<u8>]) -> Result<Self, Unusable> {
        let mut roots = RootCertStore::empty();
        let native = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(native.certs);
        if roots.is_empty() {
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        let mut listed = Vec::new();
        for file in extra_ca {
            for der in ca::parse(file).map_err(|why| Unusable(format!("extra_ca: {why}")))? {
                // a certificate that cannot be an authority may still be a portal's leaf
                let _ = roots.add(der.clone());
                listed.push(der);
            }
        }
        let verifier = WebPkiServerVerifier::builder(Arc::new(roots))
            .build()
            .map_err(|error| Unusable(format!("no certificate authorities: {error}")))?;
        Ok(Self { verifier, listed })
    }

    /// The certificates that a good chain needs: those of its path to an authority. Other certificates that a server
    /// sends prove nothing. Empty if the server sends more than [`MOST_SENT`].
    pub fn needed(
        &self,
        leaf: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Vec<CertificateDer<'static>> {
        if chain.len() > MOST_SENT {
            return Vec::new();
        }
        let mut needed: Vec<_> = chain.iter().map(|it| it.clone().into_owned()).collect();
        let mut at = 0;
        while at < needed.len() {
            let tried = needed.remove(at);
            if self.fault(leaf, &needed, name, now).is_some() {
                needed.insert(at, tried);
                at += 1;
            }
        }
        needed
    }

    /// Why a browser would refuse these certificates for `name` at `now`; `None` if it would not.
    pub fn fault(
        &self,
        leaf: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Option<Localized> {
        if self.listed.iter().any(|it| it == leaf) {
            return listed_fault(leaf, name, now);
        }
        let verdict = self
            .verifier
            .verify_server_cert(leaf, chain, name, &[], now);
        let fault = plain(&verdict.err()?);
        let is_named = ["cause-tls-expired", "cause-tls-early", "cause-tls-name"];
        match is_self_signed(leaf) && !is_named.contains(&fault.key.as_str()) {
            true => Some(Localized::new("cause-tls-self")),
            false => Some(fault),
        }
    }
}

fn is_self_signed(leaf: &CertificateDer<'_>) -> bool {
    x509_parser::parse_x509_certificate(leaf)
        .is_ok_and(|(_, it)| it.issuer().as_raw() == it.subject().as_raw())
}

/// The fault of a listed certificate: it is trusted for its names and until it expires.
fn listed_fault(
    leaf: &CertificateDer<'_>,
    name: &ServerName<'_>,
    now: UnixTime,
) -> Option<Localized> {
    let Ok((_, parsed)) = x509_parser::parse_x509_certificate(leaf) else {
        return Some(Localized::new("cause-tls-unreadable"));
    };
    let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    if now < parsed.validity().not_before.timestamp() {
        return Some(Localized::new("cause-tls-early"));
    }
    if now > parsed.validity().not_after.timestamp() {
        return Some(Localized::new("cause-tls-expired"));
    }
    let by_alternative_name =
        ParsedCertificate::try_from(leaf).is_ok_and(|it| verify_server_name(&it, name).is_ok());
    // certificates made by hand often have a common name only
    let has_alternative_names = parsed.subject_alternative_name().ok().flatten().is_some();
    let by_common_name = !has_alternative_names
        && parsed
            .subject()
            .iter_common_name()
            .filter_map(|it| it.as_str().ok())
            .any(|it| it.eq_ignore_ascii_case(&name.to_str()));
    (!by_alternative_name && !by_common_name).then(|| Localized::new("cause-tls-name"))
}

/// One sentence for a failed handshake or a refused certificate, for people.
pub(super) fn plain(error: &Error) -> Localized {
    match error {
        Error::InvalidCertificate(why) => match why {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                Localized::new("cause-tls-expired")
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                Localized::new("cause-tls-early")
            }
            CertificateError::UnknownIssuer => Localized::new("cause-tls-issuer"),
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Localized::new("cause-tls-name")
            }
            CertificateError::Revoked => Localized::new("cause-tls-revoked"),
            other => Localized::new("cause-tls")
                .with("detail", excerpt::excerpt(&other.to_string(), 120)),
        },
        other => {
            Localized::new("cause-tls").with("detail", excerpt::excerpt(&other.to_string(), 120))
        }
    }
}

/// The facts of a certificate, with the fault that was found.
pub(super) fn facts(leaf: &CertificateDer<'_>, fault: Option<Localized>) -> Certificate {
    let digest = Digest::of(leaf);
    let parsed = x509_parser::parse_x509_certificate(leaf)
        .ok()
        .map(|it| it.1);
    let at = |seconds: i64| Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH);
    match parsed {
        Some(it) => Certificate {
            not_before: at(it.validity().not_before.timestamp()),
            not_after: at(it.validity().not_after.timestamp()),
            issuer: excerpt::excerpt(&it.issuer().to_string(), 120),
            subject: excerpt::excerpt(&it.subject().to_string(), 120),
            digest,
            fault,
            remark: None,
        },
        None => Certificate {
            not_before: Timestamp::UNIX_EPOCH,
            not_after: Timestamp::UNIX_EPOCH,
            issuer: String::new(),
            subject: String::new(),
            digest,
            fault: fault.or(Some(Localized::new("cause-tls-unreadable"))),
            remark: None,
        },
    }
}
