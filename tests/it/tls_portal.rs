//! Scripted HTTPS servers on loopback, with certificates made by the test.

use std::{
    net::Ipv4Addr,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use openssl::{
    pkey::PKey,
    ssl::{Ssl, SslContext, SslMethod, SslVersion},
    x509::X509,
};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CustomExtension, IsCa, KeyPair,
    PKCS_RSA_SHA256, date_time_ymd,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Notify,
};
use tokio_rustls::{TlsAcceptor, rustls};

use crate::scene::provider;

pub type Issuer = CertifiedIssuer<'static, KeyPair>;

/// A certificate authority, issued by another one or self-signed.
pub fn authority(name: &str, under: Option<&Issuer>) -> Issuer {
    issued(CertificateParams::new(Vec::new()).unwrap(), name, under)
}

/// An authority with an expired certificate.
pub fn expired_authority(name: &str, under: Option<&Issuer>) -> Issuer {
    let mut ca = CertificateParams::new(Vec::new()).unwrap();
    ca.not_before = date_time_ymd(2020, 1, 1);
    ca.not_after = date_time_ymd(2021, 1, 1);
    issued(ca, name, under)
}

fn issued(mut ca: CertificateParams, name: &str, under: Option<&Issuer>) -> Issuer {
    ca.distinguished_name
        .push(rcgen::DnType::CommonName, name.to_owned());
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    match under {
        Some(issuer) => CertifiedIssuer::signed_by(ca, key, issuer).unwrap(),
        None => CertifiedIssuer::self_signed(ca, key).unwrap(),
    }
}

/// A server's certificate chain and key.
#[derive(Clone)]
pub struct Identity {
    pub chain: Vec<Vec<u8>>,
    pub key: Vec<u8>,
}

#[derive(Clone, Default)]
pub struct Leaf<'a> {
    pub name: &'a str,
    pub expired: bool,
    pub rsa: bool,
    /// The caIssuers address in the certificate.
    pub issuer_at: Option<String>,
}

impl Leaf<'_> {
    /// Signs the certificate by an authority; `None` is self-signed.
    pub fn signed(self, by: Option<&Issuer>) -> Identity {
        provider();
        let mut leaf = CertificateParams::new(vec![self.name.to_owned()]).unwrap();
        leaf.distinguished_name
            .push(rcgen::DnType::CommonName, self.name.to_owned());
        if self.expired {
            leaf.not_before = date_time_ymd(2020, 1, 1);
            leaf.not_after = date_time_ymd(2021, 1, 1);
        }
        if let Some(place) = self.issuer_at {
            leaf.custom_extensions.push(issuer_is_at(&place));
        }
        let key = match self.rsa {
            true => {
                let made = openssl::rsa::Rsa::generate(2048).unwrap();
                let der = PKey::from_rsa(made)
                    .unwrap()
                    .private_key_to_pkcs8()
                    .unwrap();
                let der = rustls::pki_types::PrivatePkcs8KeyDer::from(der);
                KeyPair::from_pkcs8_der_and_sign_algo(&der, &PKCS_RSA_SHA256).unwrap()
            }
            false => KeyPair::generate().unwrap(),
        };
        let cert = match by {
            Some(issuer) => leaf.signed_by(&key, issuer).unwrap(),
            None => leaf.self_signed(&key).unwrap(),
        };
        Identity {
            chain: vec![cert.der().to_vec()],
            key: key.serialize_der(),
        }
    }
}

/// RFC 5280, 4.2.2.1: an AuthorityInfoAccess extension with one caIssuers URI.
fn issuer_is_at(place: &str) -> CustomExtension {
    let wrapped = |tag: u8, inside: &[u8]| {
        assert!(inside.len() < 128, "short form of lengths");
        [&[tag, inside.len() as u8], inside].concat()
    };
    let oid = wrapped(6, &[0x2b, 6, 1, 5, 5, 7, 0x30, 2]);
    let location = wrapped(0x86, place.as_bytes());
    let description = wrapped(0x30, &[oid, location].concat());
    let access = wrapped(0x30, &description);
    CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 1], access)
}

/// An HTTPS server with rustls. Each connection gets the next identity; later ones get the last.
pub struct TlsPortal {
    pub port: u16,
    /// Number of completed handshakes, and of those that resumed a session.
    pub shaken: Arc<AtomicUsize>,
    pub resumed: Arc<AtomicUsize>,
    /// Notified after each completed handshake.
    pub handshake: Arc<Notify>,
    page: Arc<Mutex<String>>,
}

/// If set, the connection is answered only after a notification.
pub type Held = Option<Arc<Notify>>;

impl TlsPortal {
    pub async fn start(turns: Vec<(Identity, Held)>, page: &str) -> Self {
        Self::at(Ipv4Addr::LOCALHOST, turns, page).await
    }

    pub async fn on(address: Ipv4Addr, identity: Identity, page: &str) -> Self {
        Self::at(address, vec![(identity, None)], page).await
    }

    async fn at(address: Ipv4Addr, turns: Vec<(Identity, Held)>, page: &str) -> Self {
        provider();
        let listener = TcpListener::bind((address, 0)).await.unwrap();
        let out = Self {
            port: listener.local_addr().unwrap().port(),
            shaken: Arc::default(),
            resumed: Arc::default(),
            handshake: Arc::default(),
            page: Arc::new(Mutex::new(page.to_owned())),
        };
        let (shaken, resumed) = (out.shaken.clone(), out.resumed.clone());
        let handshake = out.handshake.clone();
        let turns: Vec<_> = turns
            .into_iter()
            .map(|(identity, held)| (acceptor(&identity), held))
            .collect();
        let page = out.page.clone();
        tokio::spawn(async move {
            let mut next = 0;
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, held) = turns[next.min(turns.len() - 1)].clone();
                next += 1;
                let (shaken, resumed) = (shaken.clone(), resumed.clone());
                let (handshake, page) = (handshake.clone(), page.clone());
                tokio::spawn(async move {
                    let Ok(stream) = acceptor.accept(stream).await else {
                        return;
                    };
                    let kind = stream.get_ref().1.handshake_kind();
                    if kind == Some(rustls::HandshakeKind::Resumed) {
                        resumed.fetch_add(1, Ordering::SeqCst);
                    }
                    shaken.fetch_add(1, Ordering::SeqCst);
                    handshake.notify_one();
                    let page = page.lock().unwrap().clone();
                    answer(stream, held, &page).await;
                });
            }
        });
        out
    }

    pub async fn with(identity: Identity, page: &str) -> Self {
        Self::start(vec![(identity, None)], page).await
    }

    /// Serves another page from now on.
    pub fn show(&self, page: &str) {
        page.clone_into(&mut self.page.lock().unwrap());
    }

    pub fn url(&self) -> String {
        format!("https://localhost:{}/", self.port)
    }
}

/// Accepts TLS with the identity, and offers HTTP/1.1 by ALPN if `alpn` is set.
pub fn acceptor_with(identity: &Identity, alpn: bool) -> TlsAcceptor {
    let key = rustls::pki_types::PrivateKeyDer::try_from(identity.key.clone()).unwrap();
    let chain = identity.chain.iter().cloned().map(Into::into).collect();
    let mut config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    if alpn {
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
    }
    TlsAcceptor::from(Arc::new(config))
}

fn acceptor(identity: &Identity) -> TlsAcceptor {
    acceptor_with(identity, false)
}

async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin, held: Held, page: &str) {
    let mut head = Vec::new();
    let mut buffer = [0; 4096];
    while !head.windows(4).any(|it| it == b"\r\n\r\n") {
        match stream.read(&mut buffer).await {
            Ok(read) if read > 0 => head.extend_from_slice(&buffer[..read]),
            _ => return,
        }
    }
    if let Some(held) = held {
        held.notified().await;
    }
    let text = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{page}",
        page.len()
    );
    let _ = stream.write_all(text.as_bytes()).await;
    let _ = stream.shutdown().await;
}

/// An HTTPS server with OpenSSL that speaks one protocol version and one list of suites.
pub async fn old_portal(identity: &Identity, suites: &str, version: SslVersion, page: &str) -> u16 {
    let mut context = SslContext::builder(SslMethod::tls_server()).unwrap();
    context.set_security_level(0);
    context.set_min_proto_version(Some(version)).unwrap();
    context.set_max_proto_version(Some(version)).unwrap();
    context.set_cipher_list(suites).unwrap();
    let leaf = X509::from_der(&identity.chain[0]).unwrap();
    context.set_certificate(&leaf).unwrap();
    let key = PKey::private_key_from_der(&identity.key).unwrap();
    context.set_private_key(&key).unwrap();
    let context = context.build();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let page = page.to_owned();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (context, page) = (context.clone(), page.clone());
            tokio::spawn(async move {
                if let Some(stream) = accept(&context, stream).await {
                    answer(stream, None, &page).await;
                }
            });
        }
    });
    port
}

async fn accept(
    context: &SslContext,
    stream: TcpStream,
) -> Option<tokio_openssl::SslStream<TcpStream>> {
    let mut stream = tokio_openssl::SslStream::new(Ssl::new(context).ok()?, stream).ok()?;
    Pin::new(&mut stream).accept().await.ok()?;
    Some(stream)
}
