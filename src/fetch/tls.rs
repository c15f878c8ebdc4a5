//! The first TLS stack (rustls): a verifier that lets every handshake finish and records what it saw, so that the page
//! behind a bad certificate can be read and the certificate's facts are whole.
//!
//! A verdict is looked up by host *and* leaf certificate, and the leaf is that of the connection which carried the
//! answer: two connections to one host at once do not share a verdict. No session is resumed, so each answer comes from
//! a handshake whose certificate was shown.

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
use crate::model::{Digest, Say, observation::Certificate};

/// The verdicts of handshakes, by host name and leaf certificate.
#[derive(Clone, Default)]
pub(super) struct Recorder(Arc<Mutex<Records>>);

#[derive(Default)]
struct Records {
    young: HashMap<(String, Digest), Record>,
    old: HashMap<(String, Digest), Record>,
}

/// What a handshake showed.
#[derive(Clone)]
pub(super) struct Record {
    pub facts: Certificate,
    /// The other certificates that were shown, where the issuer was not found: they may lack one that can be fetched.
    pub presented: Vec<CertificateDer<'static>>,
    /// Of all certificates that were shown.
    chain: Digest,
    verified: Instant,
}

/// The same certificates of the same name give the same verdict while they are in date; they are verified again after
/// this time all the same.
const VERIFIED_FOR: Duration = Duration::from_secs(6 * 3600);

/// Half of the records that are kept. The older half goes when the younger is full: a record lives through at least so
/// many further handshakes, more than can lie between a handshake and its answer.
const GENERATION: usize = 50_000;

impl Recorder {
    fn records(&self) -> MutexGuard<'_, Records> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known of a leaf that a host showed; `None` where no handshake of it was seen.
    pub fn of(&self, host: &str, leaf: &Digest) -> Option<Record> {
        let records = self.records();
        let key = (host.to_owned(), *leaf);
        let found = records.young.get(&key).or_else(|| records.old.get(&key));
        found.cloned()
    }

    /// Whether just these certificates were good a while ago and still are.
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

    /// Notes that the chain of a recorded leaf was completed: it has no fault any more, but a remark.
    pub fn complete(&self, host: &str, leaf: Digest, remark: Say) {
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

    /// Intermediates of good chains are kept for servers that leave them out.
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
            if fault.is_none() {
                self.intermediates.keep(chain);
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
