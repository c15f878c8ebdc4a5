//! The second TLS stack (OpenSSL), for servers that do not speak the TLS of rustls: TLS 1.2 with CBC suites or RSA key
//! exchange, as on Windows Server 2012 R2, which browsers open. It is used only after the first stack's handshake
//! failed.
//!
//! It also asks servers that answered late, over counted connections ([`super::counted`]), with and without TLS. It speaks
//! HTTP/1.1. It accepts weak protocols, but trusts no more certificates: [`super::trust`] judges them.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    time::Duration,
};

use hyper::{client::conn::http1, header};
use hyper_util::rt::TokioIo;
use openssl::ssl::{ErrorCode, Ssl, SslContext, SslMethod, SslOptions, SslVerifyMode, SslVersion};
use reqwest::{Body, Response, header::HeaderMap};
use rustls::pki_types::CertificateDer;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_openssl::SslStream;
use url::{Host, Url};

use super::{Unusable, counted::Counted, reach, remembered::Remembered};

/// Every suite with a key exchange, a signature and a cipher. Protocols weaker than browsers allow are reported in
/// [`Spoken::refused_by_browsers`], since visitors cannot open such a portal either.
const SUITES: &str = "ALL:!aNULL:!eNULL:!PSK:!SRP:!RC4:!MD5:!EXPORT:@SECLEVEL=0";
/// `SSL_OP_LEGACY_SERVER_CONNECT`: servers from before RFC 5746 (2010), which browsers open as well.
const OLD_RENEGOTIATION: u64 = 1 << 2;
/// Time for which a server that needs this stack is asked by it at once, without trying the first stack.
const NEEDED_FOR: Duration = Duration::from_secs(6 * 3600);
const CONNECTING: Duration = Duration::from_secs(10);

/// The OpenSSL configuration, shared by all visits.
pub(super) struct SecondTls {
    context: SslContext,
    /// Servers that only this stack could speak with.
    pub needed: Remembered,
}

/// A response, and the connection that carried it.
pub(super) struct Spoken {
    pub response: Response,
    pub address: IpAddr,
    /// The certificates that the server sent, leaf first.
    pub chain: Vec<CertificateDer<'static>>,
    /// The name of the protocol if older than TLS 1.2: Chromium and Firefox have refused it since 2020.
    pub refused_by_browsers: Option<&'static str>,
}

/// Why the request got no answer.
pub(super) enum Unspoken {
    /// The name has no address that may be dialled.
    Unnamed,
    /// No connection was made.
    Unreached(io::ErrorKind),
    /// Neither stack agrees with the server, or the connection was cut meanwhile.
    Handshake(Option<io::ErrorKind>),
    /// The handshake succeeded, but the HTTP exchange failed.
    Http(hyper::Error),
}

impl SecondTls {
    /// Builds the configuration. Fails if OpenSSL refuses it.
    pub fn new() -> Result<Self, Unusable> {
        let unusable = |error| Unusable(format!("the second TLS stack cannot be used: {error}"));
        let mut builder = SslContext::builder(SslMethod::tls_client()).map_err(unusable)?;
        builder.set_verify(SslVerifyMode::NONE);
        builder.set_options(SslOptions::from_bits_retain(OLD_RENEGOTIATION as _));
        builder
            .set_min_proto_version(Some(SslVersion::TLS1))
            .map_err(unusable)?;
        builder.set_cipher_list(SUITES).map_err(unusable)?;
        Ok(Self {
            context: builder.build(),
            needed: Remembered::lasting(NEEDED_FOR),
        })
    }

    /// Sends a request over a fresh connection to one of `addresses`, which the caller has checked with the guard, with TLS or
    /// without as the URL says. Reads at most `most` bytes of the connection.
    pub async fn speak(
        &self,
        url: &Url,
        headers: HeaderMap,
        addresses: &[SocketAddr],
        most: u64,
    ) -> Result<Spoken, Unspoken> {
        let mut failed = Unspoken::Unnamed;
        for (number, address) in addresses.iter().enumerate() {
            let shaking = self.shake(url, *address, most);
            // the last address has all the time that the visit has left
            let shaken = match number + 1 < addresses.len() {
                true => timeout(reach::cancel(CONNECTING), shaking).await,
                false => Ok(shaking.await),
            };
            match shaken {
                Ok(Ok(shaken)) => return shaken.ask(url, headers, address.ip()).await,
                Ok(Err(error)) => failed = error,
                Err(_) => failed = Unspoken::Unreached(io::ErrorKind::TimedOut),
            }
        }
        Err(failed)
    }

    /// Connects to one address, with a TLS handshake if the URL asks for TLS.
    async fn shake(&self, url: &Url, address: SocketAddr, most: u64) -> Result<Shaken, Unspoken> {
        let socket = match timeout(CONNECTING, TcpStream::connect(address)).await {
            Ok(Ok(socket)) => Counted::new(socket, most),
            Ok(Err(error)) => return Err(Unspoken::Unreached(error.kind())),
            Err(_) => return Err(Unspoken::Unreached(io::ErrorKind::TimedOut)),
        };
        if url.scheme() != "https" {
            return Ok(Shaken::Plain(socket));
        }
        let unfit = |_| Unspoken::Handshake(None);
        let mut ssl = Ssl::new(&self.context).map_err(unfit)?;
        if let Some(Host::Domain(name)) = url.host() {
            ssl.set_hostname(name).map_err(unfit)?;
        }
        let mut stream = SslStream::new(ssl, socket).map_err(unfit)?;
        match Pin::new(&mut stream).connect().await {
            Ok(()) => Ok(Shaken::Tls(stream)),
            Err(error) => {
                let io = error.io_error().map(io::Error::kind);
                // a connection that ends in the middle of the handshake gives no I/O error here
                let cut = error.code() == ErrorCode::SYSCALL;
                let kind = io.or(cut.then_some(io::ErrorKind::UnexpectedEof));
                Err(Unspoken::Handshake(kind))
            }
        }
    }
}

/// A connection that is ready for a request.
enum Shaken {
    Plain(Counted<TcpStream>),
    Tls(SslStream<Counted<TcpStream>>),
}

impl Shaken {
    async fn ask(self, url: &Url, headers: HeaderMap, address: IpAddr) -> Result<Spoken, Unspoken> {
        let stream = match self {
            Self::Plain(stream) => {
                let response = ask(stream, url, headers).await.map_err(Unspoken::Http)?;
                return Ok(Spoken {
                    response,
                    address,
                    chain: Vec::new(),
                    refused_by_browsers: None,
                });
            }
            Self::Tls(stream) => stream,
        };
        let shown = stream.ssl().peer_cert_chain();
        let ders = shown
            .into_iter()
            .flatten()
            .filter_map(|it| it.to_der().ok());
        let chain = ders.map(CertificateDer::from).collect();
        let old = [SslVersion::TLS1, SslVersion::TLS1_1, SslVersion::SSL3];
        let is_old = stream.ssl().version2().is_some_and(|it| old.contains(&it));
        let refused_by_browsers = is_old.then(|| stream.ssl().version_str());
        let response = ask(stream, url, headers).await.map_err(Unspoken::Http)?;
        Ok(Spoken {
            response,
            address,
            chain,
            refused_by_browsers,
        })
    }
}

async fn ask(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    url: &Url,
    headers: HeaderMap,
) -> Result<Response, hyper::Error> {
    let (mut sender, connection) = http1::Builder::new()
        .max_headers(1000)
        .ignore_invalid_headers_in_responses(true)
        .allow_spaces_after_header_name_in_responses(true)
        .allow_obsolete_multiline_headers_in_responses(true)
        .title_case_headers(true)
        .handshake(TokioIo::new(stream))
        .await?;
    // the task ends when request and answer are dropped
    tokio::spawn(connection);
    let mut request = hyper::Request::new(Body::default());
    if let Ok(path) = url[url::Position::BeforePath..url::Position::AfterQuery].parse() {
        *request.uri_mut() = path;
    }
    *request.headers_mut() = headers;
    let host = match url.port() {
        Some(port) => format!("{}:{port}", url.host_str().unwrap_or_default()),
        None => url.host_str().unwrap_or_default().to_owned(),
    };
    if let Ok(host) = host.parse() {
        request.headers_mut().insert(header::HOST, host);
    }
    let response = sender.send_request(request).await?;
    Ok(Response::from(response.map(Body::wrap)))
}
