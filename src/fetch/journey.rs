//! The way of one visit through redirects.

use std::{net::IpAddr, sync::Arc};

use bytes::BytesMut;
use jiff::Timestamp;
use reqwest::header::{HeaderMap, HeaderValue};
use tokio::sync::OwnedSemaphorePermit;
use url::Url;

use super::cookies::Jar;
use crate::model::{
    Digest,
    observation::{Certificate, Hop, Silence},
};

/// What is remembered on the way through redirects, cookies of this visit included: some portals
/// answer only who returns the cookie they set.
pub(super) struct Journey {
    pub url: Url,
    pub hops: Vec<Hop>,
    pub status: Option<u16>,
    pub certificate: Option<Certificate>,
    pub cookies: Jar,
    /// Where redirects led, and with which cookies.
    pub been: Vec<(Url, Digest)>,
    /// The body as far as it came, while it is read; packed as `codings` say.
    pub partial: BytesMut,
    pub codings: Vec<String>,
    /// The same of a body that broke over HTTP/2: visitors may have been shown it.
    pub earlier: (BytesMut, Vec<String>),
    /// What is certain already, should the time be over first.
    pub certain: Option<Silence>,
    /// HTTP/1.1 alone is spoken.
    pub http1: bool,
    /// HTTP/2 broke in a body.
    pub http2_broke: bool,
    /// The address that answered last.
    pub address: Option<IpAddr>,
    pub large: Option<Arc<OwnedSemaphorePermit>>,
}

impl Journey {
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
            earlier: Default::default(),
            certain: None,
            http1: false,
            http2_broke: false,
            address: None,
            large: None,
        }
    }

    /// The same way once more, over HTTP/1.1.
    pub fn over_http1(&mut self, url: Url) {
        let earlier = std::mem::replace(self, Self::new(url));
        self.earlier = (earlier.partial, earlier.codings);
        self.http1 = true;
    }

    pub fn keep_cookies(&mut self, headers: &HeaderMap) {
        self.cookies.keep(&self.url, headers, Timestamp::now());
    }

    pub fn cookie(&self) -> Option<HeaderValue> {
        self.cookies.header(&self.url, Timestamp::now())
    }
}
