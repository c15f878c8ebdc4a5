//! One request over a fresh connection: the answer, the address that gave it, and the certificate of that connection.

use std::{
    io::ErrorKind,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use reqwest::{Response, header::HeaderMap};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio::{net::TcpStream, time::timeout};
use url::{Host, Url};

use super::{
    Settings, Unusable,
    chain::{Intermediates, Shown},
    classify::{class_of, class_of_http, is_of_handshake, of_io},
    client::Names,
    dial_fault::DialFault,
    pass::{Pass, Passes},
    reach,
    remembered::server_of,
    second_tls::{SecondTls, Spoken, Unspoken},
    tls::Recorder,
    trust::{Trust, facts},
};
use crate::model::{Class, Digest, Localized, observation::Certificate};

/// Time for a connection to be accepted or refused; a machine that does neither counts as not reached.
const REACHING: Duration = Duration::from_secs(3);

/// A response and the connection that carried it.
pub(super) struct Arrived {
    pub response: Response,
    pub address: Option<IpAddr>,
    /// `None` for plain HTTP.
    pub certificate: Option<Certificate>,
}

/// How a request is sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct How {
    /// Over HTTP/1.1 alone.
    pub http1: bool,
    /// Over a counted connection, since the last visit got no answer in time.
    pub counted: bool,
    /// Most bytes that are read of a counted connection.
    pub most: u64,
}

fn class_of_unspoken(failed: &Unspoken) -> (Class, Localized) {
    let closed = || (Class::Connection, Localized::new("cause-closed"));
    match failed {
        Unspoken::Http(error) => class_of_http(error),
        Unspoken::Unnamed => closed(),
        Unspoken::Unreached(kind) => of_io(*kind).unwrap_or_else(closed),
        Unspoken::Handshake(kind) => kind.and_then(of_io).unwrap_or_else(|| {
            let cause = Localized::new("cause-tls").with("detail", "handshake");
            (Class::Tls, cause)
        }),
    }
}

/// Connections and the certificates that they show. Shared by all visits.
pub(super) struct Transport {
    pub passes: Passes,
    trust: Arc<Trust>,
    recorder: Recorder,
    intermediates: Intermediates,
    second: SecondTls,
}

impl Transport {
    /// Fails if certificates or TLS are unusable.
    pub(super) fn new(settings: &Settings, names: &Arc<Names>) -> Result<Self, Unusable> {
        let recorder = Recorder::default();
        let trust = Arc::new(Trust::new(&settings.extra_ca)?);
        let intermediates = Intermediates::default();
        let tls = recorder.client_config(trust.clone(), intermediates.clone());
        Ok(Self {
            passes: Passes::new(&settings.guard, &tls, names)?,
            trust,
            recorder,
            intermediates,
            second: SecondTls::new()?,
        })
    }

    /// Sends one request. The error is the class of the failure and one sentence.
    pub(super) async fn arrive(
        &self,
        url: &Url,
        headers: HeaderMap,
        how: How,
        pass: &Arc<Pass>,
    ) -> Result<Arrived, (Class, Localized)> {
        if how.counted {
            match self
                .by_second_stack(url, headers.clone(), pass, how.most)
                .await
            {
                Ok(arrived) => return Ok(arrived),
                // the first stack reports the fault of the name
                Err(Unspoken::Unnamed) => (),
                Err(failed) => return Err(class_of_unspoken(&failed)),
            }
        }
        let server = server_of(url);
        if self.second.needed.contains(&server) {
            match self
                .by_second_stack(url, headers.clone(), pass, how.most)
                .await
            {
                Ok(arrived) => {
                    self.second.needed.add(&server);
                    return Ok(arrived);
                }
                Err(_) => self.second.needed.remove(&server),
            }
        }
        let sent = reach::one_by_one(|| pass.client.send(url, headers.clone(), how.http1));
        let error = match sent.await {
            Ok(response) => {
                let address = response.remote_addr().map(|it| it.ip());
                return Ok(self.answered(url, response, address, pass).await);
            }
            Err(error) => error,
        };
        // servers from before 2012 often just close the connection when the client offers no suite of theirs
        if url.scheme() == "https" && is_of_handshake(&error) {
            match self.by_second_stack(url, headers, pass, how.most).await {
                Ok(arrived) => {
                    self.second.needed.add(&server);
                    return Ok(arrived);
                }
                Err(Unspoken::Http(error)) => return Err(class_of_http(&error)),
                // the first stack reports this fault, too
                Err(_) => (),
            }
        }
        Err(class_of(&error))
    }

    /// An answer of the first stack. What its certificate names is fetched with the pass that holds after the answer, as
    /// a redirect would be: a server outside must not send us inside.
    async fn answered(
        &self,
        url: &Url,
        response: Response,
        address: Option<IpAddr>,
        pass: &Arc<Pass>,
    ) -> Arrived {
        let after = self.passes.after(pass, address);
        Arrived {
            certificate: self.certificate(url, &response, after).await,
            response,
            address,
        }
    }

    /// An answer of the second stack, see [`Self::answered`].
    async fn answered_second(&self, url: &Url, spoken: Spoken, pass: &Arc<Pass>) -> Arrived {
        let after = self.passes.after(pass, Some(spoken.address));
        let certificate = match url.scheme() {
            "https" => Some(self.certificate_of_second(url, &spoken, after).await),
            _ => None,
        };
        Arrived {
            certificate,
            response: spoken.response,
            address: Some(spoken.address),
        }
    }

    /// The certificate of the connection that carried a response, with its verdict. A certificate without a recorded
    /// handshake gets a fault, since it was never verified.
    async fn certificate(
        &self,
        url: &Url,
        response: &Response,
        pass: &Pass,
    ) -> Option<Certificate> {
        if url.scheme() != "https" {
            return None;
        }
        let unseen = || Some(Localized::new("cause-tls-unseen"));
        let leaf = response
            .extensions()
            .get::<reqwest::tls::TlsInfo>()
            .and_then(|it| it.peer_certificate());
        let Some(leaf) = leaf.map(CertificateDer::from) else {
            return Some(facts(&CertificateDer::from(Vec::new()), unseen()));
        };
        let host = name_of(url);
        let own = Digest::of(&leaf);
        let Some(record) = self.recorder.of(&host, &own) else {
            return Some(facts(&leaf, unseen()));
        };
        let mut found = record.facts;
        let lacks_issuer = found
            .fault
            .as_ref()
            .is_some_and(|it| it.key == "cause-tls-issuer");
        if lacks_issuer
            && self
                .is_completed(&host, &leaf, &record.presented, pass)
                .await
        {
            let remark = Localized::new("cause-tls-chain");
            self.recorder.complete(&host, own, remark.clone());
            found.fault = None;
            found.remark = Some(remark);
        }
        // a good certificate is not verified at each handshake (see `tls::VERIFIED_FOR`): it may have expired since
        if found.fault.is_none() && Timestamp::now() >= found.not_after {
            found.fault = Some(Localized::new("cause-tls-expired"));
        }
        Some(found)
    }

    /// Whether the chain is good once the intermediates that the server left out are added.
    async fn is_completed(
        &self,
        host: &str,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'static>],
        pass: &Pass,
    ) -> bool {
        let Ok(name) = ServerName::try_from(host) else {
            return false;
        };
        let shown = Shown {
            leaf,
            others,
            name: &name,
        };
        let found =
            self.intermediates
                .complete(&shown, &self.trust, &pass.client.ordinary, pass.guard());
        found.await
    }

    /// Whether the machine behind a URL accepts or refuses a connection within [`REACHING`].
    pub(super) async fn is_reached(&self, url: &Url, by_operator: bool) -> bool {
        let pass = self.passes.first(by_operator);
        if pass.guard().url(url, url.port()).is_err() {
            return false;
        }
        let work = async {
            for address in addresses(url, pass).await.unwrap_or_default() {
                match TcpStream::connect(address).await {
                    Ok(_) => return true,
                    Err(why) if why.kind() == ErrorKind::ConnectionRefused => return true,
                    Err(_) => (),
                }
            }
            false
        };
        timeout(REACHING, work).await.unwrap_or(false)
    }

    /// Sends the request over a counted connection of the second stack.
    async fn by_second_stack(
        &self,
        url: &Url,
        headers: HeaderMap,
        pass: &Arc<Pass>,
        most: u64,
    ) -> Result<Arrived, Unspoken> {
        let addresses = addresses(url, pass).await;
        let addresses = addresses.map_err(|_| Unspoken::Unnamed)?;
        let spoken = self.second.speak(url, headers, &addresses, most).await?;
        Ok(self.answered_second(url, spoken, pass).await)
    }

    async fn certificate_of_second(&self, url: &Url, spoken: &Spoken, pass: &Pass) -> Certificate {
        let host = name_of(url);
        let Some((leaf, others)) = spoken.chain.split_first() else {
            let unseen = Some(Localized::new("cause-tls-unseen"));
            return facts(&CertificateDer::from(Vec::new()), unseen);
        };
        let fault = match ServerName::try_from(host.as_str()) {
            Ok(name) => self.trust.fault(leaf, others, &name, UnixTime::now()),
            Err(_) => Some(Localized::new("cause-tls-name")),
        };
        let mut found = facts(leaf, fault);
        let lacks_issuer = found
            .fault
            .as_ref()
            .is_some_and(|it| it.key == "cause-tls-issuer");
        if lacks_issuer && self.is_completed(&host, leaf, others, pass).await {
            found.fault = None;
            found.remark = Some(Localized::new("cause-tls-chain"));
        }
        if let Some(version) = spoken.refused_by_browsers
            && found.fault.is_none()
        {
            found.fault = Some(Localized::new("cause-tls-old").with("version", version));
        }
        found
    }
}

/// The addresses behind a URL that the guard allows us to dial.
async fn addresses(url: &Url, pass: &Pass) -> Result<Vec<SocketAddr>, DialFault> {
    let port = url.port_or_known_default().unwrap_or(443);
    Ok(match url.host() {
        // the guard checked IP literals together with the URL
        Some(Host::Ipv4(address)) => vec![(address, port).into()],
        Some(Host::Ipv6(address)) => vec![(address, port).into()],
        Some(Host::Domain(name)) => {
            let found = pass.dialler.allowed(name).await?;
            let with_port = found.iter().map(|it| SocketAddr::new(it.ip(), port));
            with_port.collect()
        }
        None => Vec::new(),
    })
}

/// The host as certificates spell it: an IPv6 literal without its brackets.
fn name_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    host.trim_start_matches('[')
        .trim_end_matches(']')
        .to_owned()
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, CertifiedIssuer, CustomExtension, IsCa, KeyPair};
    use rustls::pki_types::PrivateKeyDer;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };
    use tokio_rustls::TlsAcceptor;

    use super::*;
    use crate::fetch::Guard;

    /// RFC 5280, 4.2.2.1: where the issuer's certificate is, as one caIssuers URI.
    fn issuer_is_at(place: &str) -> CustomExtension {
        let wrapped = |tag: u8, inside: &[u8]| [&[tag, inside.len() as u8], inside].concat();
        let oid = wrapped(6, &[0x2b, 6, 1, 5, 5, 7, 0x30, 2]);
        let description = [oid, wrapped(0x86, place.as_bytes())].concat();
        let access = wrapped(0x30, &wrapped(0x30, &description));
        CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 1], access)
    }

    /// A certificate for `localhost` by an unknown authority; it names `place` as the address of the authority's certificate.
    fn identity(place: &str) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
        let mut ca = CertificateParams::new(Vec::new()).unwrap();
        ca.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let named = rcgen::DnType::CommonName;
        ca.distinguished_name.push(named.clone(), "Nobody");
        let ca = CertifiedIssuer::self_signed(ca, KeyPair::generate().unwrap()).unwrap();
        let mut leaf = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        leaf.distinguished_name.push(named, "localhost");
        leaf.custom_extensions.push(issuer_is_at(place));
        let key = KeyPair::generate().unwrap();
        let cert = leaf.signed_by(&key, &ca).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        (cert.der().clone(), key)
    }

    /// An HTTPS server that answers each request with an empty page.
    async fn server(leaf: CertificateDer<'static>, key: PrivateKeyDer<'static>) -> u16 {
        let config = rustls::ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![leaf], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let mut stream = acceptor.accept(stream).await.unwrap();
                let _ = stream.read_buf(&mut Vec::new()).await;
                let page = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
                let _ = stream.write_all(page).await;
                let _ = stream.shutdown().await;
            }
        });
        port
    }

    /// A server outside cannot run on this machine: the answers of a local server are passed on as those of another
    /// address.
    #[tokio::test]
    async fn a_certificate_of_a_server_outside_sends_us_to_no_address_inside() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let inside = TcpListener::bind("127.0.0.9:0").await.unwrap();
        let (leaf, key) = identity(&format!("http://{}/?x", inside.local_addr().unwrap()));
        let port = server(leaf.clone(), key).await;
        let settings = Settings {
            guard: Guard {
                networks: vec!["127.0.0.0/8".parse().unwrap()],
                ..Guard::default()
            },
            ..Settings::default()
        };
        let names = Arc::new(Names::new(&[]).unwrap());
        let transport = Transport::new(&settings, &names).unwrap();
        let pass = transport.passes.first(true);
        let url: Url = format!("https://localhost:{port}/").parse().unwrap();
        let first = async |address: IpAddr| {
            let sent = pass.client.send(&url, HeaderMap::new(), false);
            let arrived = transport.answered(&url, sent.await.unwrap(), Some(address), pass);
            arrived.await.certificate
        };
        let second = async |address: IpAddr| {
            let spoken = Spoken {
                response: hyper::Response::new("").into(),
                address,
                chain: vec![leaf.clone()],
                refused_by_browsers: None,
            };
            transport
                .answered_second(&url, spoken, pass)
                .await
                .certificate
        };
        let fault = |it: Option<Certificate>| it.unwrap().fault.unwrap().key;
        let outside: IpAddr = "45.117.0.10".parse().unwrap();
        assert_eq!(fault(first(outside).await), "cause-tls-issuer");
        assert_eq!(fault(second(outside).await), "cause-tls-issuer");
        let asked = timeout(Duration::ZERO, inside.accept()).await;
        assert!(asked.is_err(), "nobody came");
        // a server inside may name an authority inside, and what was refused to one outside is no answer to it
        let here: IpAddr = "127.0.0.1".parse().unwrap();
        let asked = async {
            let (mut stream, _) = inside.accept().await.unwrap();
            let _ = stream.read_buf(&mut Vec::new()).await;
        };
        let (found, ()) = tokio::join!(first(here), asked);
        assert_eq!(fault(found), "cause-tls-issuer");
    }
}
