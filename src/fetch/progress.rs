//! The way of one visit through redirects.

use std::{net::IpAddr, sync::Arc};

use bytes::BytesMut;
use jiff::Timestamp;
use reqwest::header::{HeaderMap, HeaderValue};
use tokio::sync::OwnedSemaphorePermit;
use url::Url;

use super::{cookies::Jar, waits::Waits};
use crate::model::{
    Digest,
    observation::{Certificate, Hop, Silence},
};

/// The state of a visit on its way through redirects. It includes the visit's cookies: some portals answer only a
/// client that returns them.
pub(super) struct Progress {
    pub url: Url,
    pub hops: Vec<Hop>,
    pub status: Option<u16>,
    pub certificate: Option<Certificate>,
    pub cookies: Jar,
    /// URLs of redirects so far, each with the digest of the cookies at that time.
    pub been: Vec<(Url, Digest)>,
    /// The part of the body read so far, packed in `codings`.
    pub partial: BytesMut,
    pub codings: Vec<String>,
    /// The attempt that broke over HTTP/2: browsers may have shown its part of the page to visitors.
    pub earlier: Option<Earlier>,
    /// The outcome that is certain already, in case the time limit ends the visit.
    pub certain: Option<Silence>,
    /// Whether only HTTP/1.1 is spoken.
    pub http1: bool,
    /// Whether HTTP/2 broke within a body.
    pub http2_broke: bool,
    /// The address that gave the last answer.
    pub address: Option<IpAddr>,
    pub large: Option<Arc<OwnedSemaphorePermit>>,
    pub waits: Arc<Waits>,
    /// Whether the bytes of its connections are counted.
    pub counted: bool,
}

/// An attempt that broke within a body.
pub(super) struct Earlier {
    pub loss: Silence,
    /// The part of the body read so far, packed in `codings`.
    pub partial: BytesMut,
    pub codings: Vec<String>,
}

impl Progress {
    /// A visit that begins at `url`.
    pub fn new(url: Url) -> Self {
        Self {
            url,
            hops: Vec::new(),
            status: None,
            certificate: None,
            cookies: Jar::default(),
            been: Vec::new(),
            partial: BytesMut::new(),
            codings: Vec::new(),
            earlier: None,
            certain: None,
            http1: false,
            http2_broke: false,
            address: None,
            large: None,
            waits: Arc::default(),
            counted: false,
        }
    }

    /// Notes the certificate of a connection. The visit reports the first bad one, or else the last.
    pub fn met(&mut self, certificate: Option<Certificate>) {
        let is_doubted = self
            .certificate
            .as_ref()
            .is_some_and(|it| it.fault.is_some());
        if let Some(certificate) = certificate.filter(|_| !is_doubted) {
            self.certificate = Some(certificate);
        }
    }

    /// Starts over from `url` with HTTP/1.1 alone. Keeps the part of the body that arrived before the `loss`.
    pub fn over_http1(&mut self, url: Url, loss: Silence) {
        let earlier = std::mem::replace(self, Self::new(url));
        self.earlier = Some(Earlier {
            loss,
            partial: earlier.partial,
            codings: earlier.codings,
        });
        self.waits = earlier.waits;
        self.counted = earlier.counted;
        self.http1 = true;
    }

    /// Goes on to `to` after an answer that led there.
    pub fn leave(&mut self, status: u16, to: Url) {
        self.hops.push(Hop {
            status,
            to: to.clone(),
        });
        self.url = to;
        // no server has answered for the new URL yet
        self.address = None;
        self.partial.clear();
        self.codings.clear();
    }

    /// Keeps the cookies of a response from the current URL.
    pub fn keep_cookies(&mut self, headers: &HeaderMap) {
        self.cookies.keep(&self.url, headers, Timestamp::now());
    }

    /// The `Cookie` header for the current URL.
    pub fn cookie(&self) -> Option<HeaderValue> {
        self.cookies.header(&self.url, Timestamp::now())
    }
}
