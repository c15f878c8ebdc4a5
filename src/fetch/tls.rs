//! A certificate verifier that records what it saw: leaf, validity and verdict in one handshake.
//!
//! It lets the handshake finish also with a bad certificate, so that the facts are whole; the visit
//! then ends as `down: tls`, as a visitor's browser would end it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use jiff::Timestamp;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        Resumption, WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    pki_types::{CertificateDer, ServerName, UnixTime},
};

use super::{Unusable, ca, sessions::Sessions};
use crate::model::{Digest, Say, excerpt, observation::Certificate};

/// Certificates by host name, the latest of each.
#[derive(Clone, Default)]
pub(super) struct Recorder(Arc<Mutex<HashMap<String, Record>>>);

struct Record {
    facts: Certificate,
    /// Of all certificates that were shown.
    chain: Digest,
    /// When it was shown last, and when it was verified last.
    shown: Instant,
    verified: Instant,
}

/// The same certificates of the same name give the same verdict while they are in date; one day they are looked at again
/// all the same.
const VERIFIED_FOR: Duration = Duration::from_secs(6 * 3600);

/// One entry a watched host; past this the record begins anew, which costs the facts of resumed sessions.
const MOST: usize = 100_000;

impl Recorder {
    pub fn of(&self, host: &str) -> Option<Certificate> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(host)
            .map(|it| it.facts.clone())
    }

    /// Whether a host showed a good certificate less than `ago` before now.
    pub fn vouches(&self, host: &str, ago: Duration) -> bool {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(host).is_some_and(|it| {
            it.facts.fault.is_none()
                && it.shown.elapsed() < ago
                && Timestamp::now() < it.facts.not_after
        })
    }

    /// Whether just these certificates were good a while ago and still are.
    fn knows(&self, host: &str, chain: &Digest, now: Timestamp) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(known) = all.get_mut(host) else {
            return false;
        };
        let good = known.chain == *chain
            && known.facts.fault.is_none()
            && known.facts.not_before <= now
            && now < known.facts.not_after
            && known.verified.elapsed() < VERIFIED_FOR;
        if good {
            known.shown = Instant::now();
        }
        good
    }

    fn put(&self, host: String, facts: Certificate, chain: Digest) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST {
            all.clear();
        }
        let now = Instant::now();
        let record = Record {
            facts,
            chain,
            shown: now,
            verified: now,
        };
        all.insert(host, record);
    }

    pub fn client_config(&self, extra_ca: &[Vec<u8>]) -> Result<ClientConfig, Unusable> {
        let verifier = WebPkiServerVerifier::builder(Arc::new(roots(extra_ca)?))
            .build()
            .map_err(|error| Unusable(format!("no certificate authorities: {error}")))?;
        let recording = Recording {
            inner: verifier,
            into: self.clone(),
        };
        let mut config = ClientConfig::builder()
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(recording))
            .with_no_client_auth();
        config.resumption = Resumption::store(Arc::new(Sessions::new(self.clone())));
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(config)
    }
}

/// The system's authorities, or Mozilla's as compiled in where the system has none, and the operator's own.
fn roots(extra_ca: &[Vec<u8>]) -> Result<RootCertStore, Unusable> {
    let mut roots = RootCertStore::empty();
    let native = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(native.certs);
    if roots.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    for file in extra_ca {
        for der in ca::parse(file).map_err(|why| Unusable(format!("extra_ca: {why}")))? {
            roots
                .add(der)
                .map_err(|error| Unusable(format!("extra_ca: {error}")))?;
        }
    }
    Ok(roots)
}

#[derive(Debug)]
struct Recording {
    inner: Arc<WebPkiServerVerifier>,
    into: Recorder,
}

impl std::fmt::Debug for Recorder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Recorder")
    }
}

impl ServerCertVerifier for Recording {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let shown = std::iter::once(leaf).chain(chain);
        let digest = Digest::of_parts(shown.map(AsRef::as_ref));
        let at = i64::try_from(now.as_secs()).map_or(Ok(Timestamp::MIN), Timestamp::from_second);
        if self
            .into
            .knows(&name.to_str(), &digest, at.unwrap_or(Timestamp::MIN))
        {
            return Ok(ServerCertVerified::assertion());
        }
        let verdict = self.inner.verify_server_cert(leaf, chain, name, ocsp, now);
        let fault = verdict.err().map(|error| plain(&error));
        self.into
            .put(name.to_str().into_owned(), facts(leaf, fault), digest);
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

/// Why a handshake or a certificate was not good.
pub(super) fn plain(error: &Error) -> Say {
    match error {
        Error::InvalidCertificate(why) => match why {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                Say::new("cause-tls-expired")
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                Say::new("cause-tls-early")
            }
            CertificateError::UnknownIssuer => Say::new("cause-tls-issuer"),
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Say::new("cause-tls-name")
            }
            CertificateError::Revoked => Say::new("cause-tls-revoked"),
            other => {
                Say::new("cause-tls").with("detail", excerpt::excerpt(&other.to_string(), 120))
            }
        },
        other => Say::new("cause-tls").with("detail", excerpt::excerpt(&other.to_string(), 120)),
    }
}

fn facts(leaf: &CertificateDer<'_>, fault: Option<Say>) -> Certificate {
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
        },
        None => Certificate {
            not_before: Timestamp::UNIX_EPOCH,
            not_after: Timestamp::UNIX_EPOCH,
            issuer: String::new(),
            subject: String::new(),
            digest,
            fault: fault.or(Some(Say::new("cause-tls-unreadable"))),
        },
    }
}
