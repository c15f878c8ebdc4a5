//! HTTP/2 with servers that speak it, and HTTP/1.1 with servers that break HTTP/2.

use reqwest::{Response, header::HeaderMap};
use url::Url;

use super::{
    Unusable,
    classify::{asks_for_http1, http2_broke},
};

/// An HTTP client for each version.
pub(super) struct Client {
    pub ordinary: reqwest::Client,
    /// Speaks HTTP/1.1 only.
    old: reqwest::Client,
}

impl Client {
    /// `build` makes an HTTP client from a TLS configuration.
    pub fn new(
        tls: rustls::ClientConfig,
        build: impl Fn(rustls::ClientConfig) -> Result<reqwest::Client, Unusable>,
    ) -> Result<Self, Unusable> {
        let mut old = tls.clone();
        old.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self {
            ordinary: build(tls)?,
            old: build(old)?,
        })
    }

    /// Sends a request, and sends it again over HTTP/1.1 if HTTP/2 broke before the head of the answer was read. Some
    /// servers put header fields of HTTP/1.1 into HTTP/2 (`Upgrade`, `Keep-Alive`), ask for HTTP/1.1, or offer a
    /// version that they cannot speak; browsers forgive most of it.
    pub async fn send(
        &self,
        url: &Url,
        headers: HeaderMap,
        http1: bool,
    ) -> Result<Response, reqwest::Error> {
        let mut broke = None;
        if !http1 {
            let request = self.ordinary.get(url.clone()).headers(headers.clone());
            match request.send().await {
                Err(error) if http2_broke(&error) => {
                    tracing::debug!(host = url.host_str(), %error, "HTTP/2 broke; asked again over HTTP/1.1");
                    broke = Some(error).filter(|it| !asks_for_http1(it));
                }
                answered => return answered,
            }
        }
        let again = self.old.get(url.clone()).headers(headers).send().await;
        // for a server with HTTP/2 alone, the first error is the telling one
        again.map_err(|error| broke.unwrap_or(error))
    }
}
