//! The first TLS stack (rustls): its verifier lets every handshake finish and records the verdict, so that the page
//! behind a bad certificate can be read and the facts of the certificate are complete.
//!
//! Verdicts are looked up by host *and* leaf certificate, and the leaf is taken from the connection that carried the
//! answer: two concurrent connections to one host do not share a verdict. No session is resumed, so that the server
//! sends its certificate in the handshake before each answer.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use jiff::Timestamp;
use rustls::{
    ClientConfig, DigitallySignedStruct, Error, SignatureScheme,
    client::{
        Resumption,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    pki_types::{CertificateDer, ServerName, UnixTime},
};

use super::{
    chain::Intermediates,
    groups::Groups,
    trust::{Trust, facts},
};
use crate::model::{Digest, Localized, observation::Certificate};

/// The verdicts of recent handshakes, by host name and leaf certificate.
#[derive(Clone, Default)]
pub(super) struct Recorder(Arc<Mutex<Records>>);

#[derive(Default)]
struct Records {
    young: HashMap<(String, Digest), Record>,
    old: HashMap<(String, Digest), Record>,
}

/// The verdict of one handshake.
#[derive(Clone)]
pub(super) struct Record {
    pub facts: Certificate,
    /// The other certificates that the server sent, kept if the issuer was not found: one that can be fetched may be
    /// missing.
    pub presented: Vec<CertificateDer<'static>>,
    /// Of all certificates that the server sent.
    chain: Digest,
    verified: Instant,
}

/// Time for which a good verdict on a host's certificates is used again, as long as the host sends just these and they
/// are in date. After it they are verified anew.
const VERIFIED_FOR: Duration = Duration::from_secs(6 * 3600);

/// Most records in each of the two generations. A full young generation replaces the old one, so that a record survives
/// at least this many further handshakes, more than can happen between a handshake and its answer.
const GENERATION: usize = 50_000;

impl Recorder {
    fn records(&self) -> MutexGuard<'_, Records> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The record for a leaf that a host sent; `None` if no handshake with it was seen.
    pub fn of(&self, host: &str, leaf: &Digest) -> Option<Record> {
        let records = self.records();
        let key = (host.to_owned(), *leaf);
        let found = records.young.get(&key).or_else(|| records.old.get(&key));
        found.cloned()
    }

    /// Whether these certificates were verified as good within [`VERIFIED_FOR`] and are still in date.
    fn knows(&self, host: &str, leaf: &Digest, chain: &Digest, now: Timestamp) -> bool {
        let mut records = self.records();
        let key = (host.to_owned(), *leaf);
        let good = |known: &Record| {
            known.chain == *chain
                && known.facts.fault.is_none()
                && known.facts.not_before <= now
                && now < known.facts.not_after
                && known.verified.elapsed() < VERIFIED_FOR
        };
        if records.young.get(&key).is_some_and(good) {
            return true;
        }
        let Some(known) = records.old.get(&key).filter(|it| good(it)).cloned() else {
            return false;
        };
        records.put(key, known);
        true
    }

    fn put(&self, host: &str, leaf: Digest, record: Record) {
        self.records().put((host.to_owned(), leaf), record);
    }

    /// Notes that the chain of a recorded leaf was completed: its fault is removed, and a remark remains.
    pub fn complete(&self, host: &str, leaf: Digest, remark: Localized) {
        let key = (host.to_owned(), leaf);
        let mut records = self.records();
        let known = records.young.get(&key).or_else(|| records.old.get(&key));
        if let Some(mut record) = known.cloned() {
            record.facts.fault = None;
            record.facts.remark = Some(remark);
            record.presented.clear();
            records.put(key, record);
        }
    }

    /// A client configuration that records its handshakes here. Certificates of good chains go to `intermediates`, for
    /// servers that leave them out.
    pub fn client_config(&self, trust: Arc<Trust>, intermediates: Intermediates) -> ClientConfig {
        let recording = Recording {
            trust,
            into: self.clone(),
            intermediates,
        };
        let mut config = ClientConfig::builder()
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(recording))
            .with_no_client_auth();
        config.resumption = Resumption::store(Arc::new(Groups::default()));
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        config
    }
}

impl Records {
    fn put(&mut self, key: (String, Digest), record: Record) {
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, record);
    }
}

#[derive(Debug)]
struct Recording {
    trust: Arc<Trust>,
    into: Recorder,
    intermediates: Intermediates,
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
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let host = name.to_str();
        let shown = std::iter::once(leaf).chain(chain);
        let all = Digest::of_parts(shown.map(AsRef::as_ref));
        let own = Digest::of(leaf);
        let at = i64::try_from(now.as_secs()).map_or(Ok(Timestamp::MIN), Timestamp::from_second);
        let at = at.unwrap_or(Timestamp::MIN);
        if !self.into.knows(&host, &own, &all, at) {
            let fault = self.trust.fault(leaf, chain, name, now);
            let lacks_issuer = fault
                .as_ref()
                .is_some_and(|it| it.key == "cause-tls-issuer");
            let presented = match lacks_issuer {
                true => chain.iter().map(|it| it.clone().into_owned()).collect(),
                false => Vec::new(),
            };
            if fault.is_none() && !self.intermediates.hold(chain) {
                let needed = self.trust.needed(leaf, chain, name, now);
                self.intermediates.keep(&needed);
            }
            let record = Record {
                facts: facts(leaf, fault),
                presented,
                chain: all,
                verified: Instant::now(),
            };
            self.into.put(&host, own, record);
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let inner = &self.trust.verifier;
        inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let inner = &self.trust.verifier;
        inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.trust.verifier.supported_verify_schemes()
    }
}
