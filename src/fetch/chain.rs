//! Certificate chains that a server sends without an intermediate: browsers fetch it from the address that the
//! certificate names (RFC 5280, 4.2.2.1: caIssuers) or know it from another site. What is found is only a candidate:
//! the chain is verified with it as always.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use futures_util::StreamExt;
use openssl::pkcs7::Pkcs7;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject};
use tokio::time::timeout;
use url::Url;
use x509_parser::{
    extensions::{GeneralName, ParsedExtension},
    prelude::X509Certificate,
};

use super::{address::Guard, trust::Trust};

/// Certificates between a leaf and its authority that may be missing; two are rare.
const MISSING: usize = 3;
/// In all, within the visit's own time.
const FETCHING: Duration = Duration::from_secs(5);
/// A certificate has one to three KiB, a PKCS#7 file of some of them little more.
const LARGEST: usize = 64 << 10;
/// A fetched certificate is asked for again after this time, one that did not come sooner.
const FOUND_FOR: Duration = Duration::from_secs(24 * 3600);
const LACKED_FOR: Duration = Duration::from_secs(600);
/// Public authorities have some two thousand intermediates.
const KEPT: usize = 4096;
/// Authorities renew and cross-sign: several certificates bear one name.
const ALIKE: usize = 4;

/// Intermediates that were fetched, or shown by servers whose chains were whole.
#[derive(Clone, Default)]
pub(super) struct Intermediates(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    by_url: HashMap<String, (Instant, Vec<CertificateDer<'static>>)>,
    by_subject: HashMap<Vec<u8>, Vec<CertificateDer<'static>>>,
}

/// A leaf, what was shown with it, and the name it should be good for.
pub(super) struct Shown<'a> {
    pub leaf: &'a CertificateDer<'a>,
    pub others: &'a [CertificateDer<'static>],
    pub name: &'a ServerName<'a>,
}

/// What a chain is worth with the certificates found so far.
enum Verdict {
    Good,
    /// Its issuer is still not found.
    Lacking,
    /// It has another fault, which no certificate mends.
    Bad,
}

impl std::fmt::Debug for Intermediates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Intermediates")
    }
}

impl Intermediates {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the chain is good with intermediates that are known or can be fetched.
    pub async fn complete(
        &self,
        shown: &Shown<'_>,
        trust: &Trust,
        client: &reqwest::Client,
        guard: &Guard,
    ) -> bool {
        let work = self.search(shown, trust, client, guard);
        timeout(FETCHING, work).await.unwrap_or(false)
    }

    async fn search(
        &self,
        shown: &Shown<'_>,
        trust: &Trust,
        client: &reqwest::Client,
        guard: &Guard,
    ) -> bool {
        let mut chain = shown.others.to_vec();
        let mut last: CertificateDer<'static> = shown.leaf.clone().into_owned();
        let mut added = 0;
        // each step goes one certificate up; a server may show some that lead in a circle
        for _ in 0..=shown.others.len() + MISSING {
            let Ok((_, parsed)) = x509_parser::parse_x509_certificate(&last) else {
                return false;
            };
            if parsed.issuer().as_raw() == parsed.subject().as_raw() {
                return false;
            }
            let issuer = parsed.issuer().as_raw().to_vec();
            if let Some(next) = chain.iter().find(|it| is_subject(it, &issuer)) {
                last = next.clone();
                continue;
            }
            if added >= MISSING {
                return false;
            }
            added += 1;
            let known = self.kept().by_subject.get(&issuer).cloned();
            let known = known.unwrap_or_default();
            chain.extend(known.iter().cloned());
            match self.verdict(shown, &chain, trust) {
                Verdict::Good => return true,
                Verdict::Bad => return false,
                Verdict::Lacking => (),
            }
            // what is known may be another authority's of the same name
            let fetched = self
                .fetch(&issuers_of(&parsed), &issuer, client, guard)
                .await;
            chain.extend(fetched.clone());
            match self.verdict(shown, &chain, trust) {
                Verdict::Good => return true,
                Verdict::Bad => return false,
                Verdict::Lacking => (),
            }
            let Some(next) = fetched.or_else(|| known.first().cloned()) else {
                return false;
            };
            last = next;
        }
        false
    }

    fn verdict(
        &self,
        shown: &Shown<'_>,
        chain: &[CertificateDer<'static>],
        trust: &Trust,
    ) -> Verdict {
        match trust.fault(shown.leaf, chain, shown.name, UnixTime::now()) {
            None => {
                self.keep(chain);
                Verdict::Good
            }
            Some(why) if why.key == "cause-tls-issuer" => Verdict::Lacking,
            Some(_) => Verdict::Bad,
        }
    }

    /// Keeps the intermediates of a chain that was found good, for servers that leave them out.
    pub fn keep(&self, chain: &[CertificateDer<'_>]) {
        let mut kept = self.kept();
        for it in chain {
            let Ok((_, parsed)) = x509_parser::parse_x509_certificate(it) else {
                continue;
            };
            let subject = parsed.subject().as_raw();
            if kept.by_subject.len() >= KEPT && !kept.by_subject.contains_key(subject) {
                continue;
            }
            let alike = kept.by_subject.entry(subject.to_vec()).or_default();
            if alike.len() < ALIKE && !alike.contains(it) {
                alike.push(it.clone().into_owned());
            }
        }
    }

    async fn fetch(
        &self,
        places: &[Url],
        issuer: &[u8],
        client: &reqwest::Client,
        guard: &Guard,
    ) -> Option<CertificateDer<'static>> {
        for place in places {
            let known = self.kept().by_url.get(place.as_str()).cloned();
            let held = |it: &(Instant, Vec<_>)| match it.1.is_empty() {
                true => it.0.elapsed() < LACKED_FOR,
                false => it.0.elapsed() < FOUND_FOR,
            };
            let found = match known.filter(held) {
                Some((_, found)) => found,
                None => {
                    let found = get(place, client, guard).await.unwrap_or_default();
                    let mut kept = self.kept();
                    if kept.by_url.len() >= KEPT {
                        kept.by_url.clear();
                    }
                    let entry = (Instant::now(), found.clone());
                    kept.by_url.insert(place.to_string(), entry);
                    found
                }
            };
            if let Some(found) = found.into_iter().find(|it| is_subject(it, issuer)) {
                return Some(found);
            }
        }
        None
    }
}

fn is_subject(certificate: &CertificateDer<'_>, name: &[u8]) -> bool {
    x509_parser::parse_x509_certificate(certificate)
        .is_ok_and(|(_, it)| it.subject().as_raw() == name)
}

/// The addresses where a certificate says that its issuer's is to be had. Only plain HTTP: what is fetched is verified,
/// and HTTPS would need a certificate first.
fn issuers_of(certificate: &X509Certificate<'_>) -> Vec<Url> {
    let mut out = Vec::new();
    for extension in certificate.extensions() {
        let ParsedExtension::AuthorityInfoAccess(access) = extension.parsed_extension() else {
            continue;
        };
        for description in &access.accessdescs {
            let is_issuer = description.access_method.to_id_string() == "1.3.6.1.5.5.7.48.2";
            if let GeneralName::URI(place) = description.access_location
                && is_issuer
                && let Ok(place) = place.parse::<Url>()
                && place.scheme() == "http"
                && out.len() < MISSING
            {
                out.push(place);
            }
        }
    }
    out
}

/// Authorities of an intranet publish at ports of their own; below these are other services that no certificate should
/// send us to.
fn may_be_asked(place: &Url, guard: &Guard) -> bool {
    let port = place.port_or_known_default().filter(|it| *it >= 1024);
    guard.url(place, port).is_ok()
}

async fn get(
    place: &Url,
    client: &reqwest::Client,
    guard: &Guard,
) -> Option<Vec<CertificateDer<'static>>> {
    if !may_be_asked(place, guard) {
        return None;
    }
    let response = client.get(place.clone()).send().await.ok()?;
    if response.status() != reqwest::StatusCode::OK {
        return None;
    }
    let mut bytes = Vec::new();
    let mut stream = response.bytes_stream();
    while let Some(piece) = stream.next().await {
        bytes.extend_from_slice(&piece.ok()?);
        if bytes.len() > LARGEST {
            return None;
        }
    }
    Some(certificates_in(&bytes))
}

/// DER, PEM, or a PKCS#7 file of certificates alone: the three forms that authorities publish.
fn certificates_in(bytes: &[u8]) -> Vec<CertificateDer<'static>> {
    if x509_parser::parse_x509_certificate(bytes).is_ok() {
        return vec![CertificateDer::from(bytes.to_vec())];
    }
    let pem: Vec<_> = CertificateDer::pem_slice_iter(bytes).flatten().collect();
    if !pem.is_empty() {
        return pem;
    }
    let Ok(packed) = Pkcs7::from_der(bytes) else {
        return Vec::new();
    };
    let all = packed.signed().and_then(|it| it.certificates());
    let ders = all.into_iter().flatten().filter_map(|it| it.to_der().ok());
    ders.map(CertificateDer::from).collect()
}
