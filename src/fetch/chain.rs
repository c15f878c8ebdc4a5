//! Certificate chains that a server sends without an intermediate: browsers fetch it from the address that the
//! certificate names (RFC 5280, 4.2.2.1: caIssuers) or know it from another site. A fetched certificate is only a
//! candidate: the whole chain is verified with it as usual.

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

/// Most intermediates that a server may leave out; already two are rare.
const MISSING: usize = 3;
/// Time for one fetch. An address that needs longer counts as one that has nothing, so that it costs no time at the next
/// looks; the visit's own time limit holds as well.
const FETCHING: Duration = Duration::from_secs(3);
/// Most bytes of a fetched file: a certificate has 1 to 3 KiB, a PKCS#7 file of several little more.
const LARGEST: usize = 64 << 10;
/// Time after which a fetched certificate is asked for again, and after which a failed fetch is tried again.
const FOUND_FOR: Duration = Duration::from_secs(24 * 3600);
const LACKED_FOR: Duration = Duration::from_secs(600);
/// Most subjects and most URLs kept; public authorities have some 2,000 intermediates.
const KEPT: usize = 4096;
/// Most certificates kept for one subject: authorities renew and cross-sign, so several bear one name.
const ALIKE: usize = 4;

/// Intermediates that were fetched, or sent by servers with complete chains.
#[derive(Clone, Default)]
pub(super) struct Intermediates(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    /// Separate for guards with exceptions: one guard may forbid an address that the other allows.
    by_url: HashMap<(bool, String), (Instant, Vec<CertificateDer<'static>>)>,
    by_subject: HashMap<Vec<u8>, Vec<CertificateDer<'static>>>,
}

/// The leaf of a server, the certificates sent with it, and the name that it must be valid for.
pub(super) struct Shown<'a> {
    pub leaf: &'a CertificateDer<'a>,
    pub others: &'a [CertificateDer<'static>],
    pub name: &'a ServerName<'a>,
}

/// The result of verifying a chain with the certificates found so far.
enum Verdict {
    Good,
    /// An issuer is still missing.
    Lacking,
    /// The chain has another fault, such as an issuer that has expired.
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
        self.search(shown, trust, client, guard).await
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
        // each step goes one certificate up; the bound is for servers that send certificates in a circle
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
            let mut next = None;
            for known in self.known(&issuer) {
                match self.with(&mut chain, &known, shown, trust) {
                    Verdict::Good => return true,
                    Verdict::Bad => (),
                    Verdict::Lacking => next = next.or(Some(known)),
                }
            }
            // known certificates of this name may belong to a different authority, or be those of before a renewal: the
            // named address is asked, too
            let fetched = self
                .fetch(&issuers_of(&parsed), &issuer, client, guard)
                .await;
            if let Some(fetched) = fetched {
                match self.with(&mut chain, &fetched, shown, trust) {
                    Verdict::Good => return true,
                    Verdict::Bad => (),
                    Verdict::Lacking => next = Some(fetched),
                }
            }
            let Some(next) = next else {
                return false;
            };
            last = next;
        }
        false
    }

    /// The result with one more certificate, which stays in the chain unless it brings another fault.
    fn with(
        &self,
        chain: &mut Vec<CertificateDer<'static>>,
        candidate: &CertificateDer<'static>,
        shown: &Shown<'_>,
        trust: &Trust,
    ) -> Verdict {
        let now = UnixTime::now();
        chain.push(candidate.clone());
        match trust.fault(shown.leaf, chain, shown.name, now) {
            None => {
                self.keep(&trust.needed(shown.leaf, chain, shown.name, now));
                Verdict::Good
            }
            Some(why) if why.key == "cause-tls-issuer" => Verdict::Lacking,
            Some(_) => {
                chain.pop();
                Verdict::Bad
            }
        }
    }

    /// The kept certificates of a subject that are in date, the last kept first. Others are kept no longer.
    fn known(&self, subject: &[u8]) -> Vec<CertificateDer<'static>> {
        let mut kept = self.kept();
        let Some(alike) = kept.by_subject.get_mut(subject) else {
            return Vec::new();
        };
        alike.retain(|it| {
            x509_parser::parse_x509_certificate(it).is_ok_and(|it| it.1.validity().is_valid())
        });
        alike.iter().rev().cloned().collect()
    }

    /// Whether all these certificates are kept already.
    pub fn hold(&self, chain: &[CertificateDer<'_>]) -> bool {
        let kept = self.kept();
        chain.iter().all(|it| {
            let parsed = x509_parser::parse_x509_certificate(it);
            let alike = parsed.map(|found| kept.by_subject.get(found.1.subject().as_raw()));
            alike.is_ok_and(|alike| alike.is_some_and(|alike| alike.contains(it)))
        })
    }

    /// Keeps certificates of a good chain's path ([`Trust::needed`]) for servers that leave them out. Where one subject
    /// has too many, a new one replaces the oldest.
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
            if alike.contains(it) {
                continue;
            }
            if alike.len() >= ALIKE {
                alike.remove(0);
            }
            alike.push(it.clone().into_owned());
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
            let key = (guard.networks.is_empty(), place.to_string());
            let known = self.kept().by_url.get(&key).cloned();
            let held = |it: &(Instant, Vec<_>)| match it.1.is_empty() {
                true => it.0.elapsed() < LACKED_FOR,
                false => it.0.elapsed() < FOUND_FOR,
            };
            let found = match known.filter(held) {
                Some((_, found)) => found,
                None => {
                    let getting = timeout(FETCHING, get(place, client, guard));
                    let found = getting.await.ok().flatten().unwrap_or_default();
                    let mut kept = self.kept();
                    if kept.by_url.len() >= KEPT {
                        kept.by_url.clear();
                    }
                    let entry = (Instant::now(), found.clone());
                    kept.by_url.insert(key, entry);
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

/// The caIssuers addresses of a certificate. Only plain HTTP is taken: the fetched certificate is verified anyway, and
/// HTTPS would need a verified chain first.
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
                && place.username().is_empty()
                && place.password().is_none()
                && out.len() < MISSING
            {
                out.push(place);
            }
        }
    }
    out
}

/// Whether the guard allows the address, as that of a redirect. For a server in `allow_networks` a port from 1024 up is
/// allowed as well, since an intranet's authority may publish there; a lower port belongs to other services, and no
/// certificate may send us to one.
fn may_be_asked(place: &Url, guard: &Guard) -> bool {
    let is_inside = !guard.networks.is_empty();
    let port = place.port().filter(|it| is_inside && *it >= 1024);
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

/// The certificates in a fetched file: DER, PEM, or PKCS#7 without signers, the three forms that authorities publish.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_names_no_port_that_a_redirect_may_not_name() {
        let inside = Guard {
            networks: vec!["10.0.0.0/8".parse().unwrap()],
            ..Guard::default()
        };
        let may = |place: &str, guard: &Guard| may_be_asked(&place.parse().unwrap(), guard);
        for place in ["http://ca.example/a.cer", "http://45.117.0.10/a.cer"] {
            assert!(
                may(place, &inside) && may(place, &inside.outside()),
                "{place}"
            );
        }
        for place in ["http://ca.example:8080/a.cer", "http://10.0.0.5/a.cer"] {
            assert!(
                may(place, &inside) && !may(place, &inside.outside()),
                "{place}"
            );
        }
        assert!(!may("http://ca.example:22/", &inside));
    }
}
