//! The way of one visit through redirects.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use bytes::BytesMut;
use reqwest::header::{self, HeaderMap, HeaderValue};
use tokio::sync::OwnedSemaphorePermit;
use url::Url;

use crate::model::observation::{Certificate, Hop};

/// What is remembered on the way through redirects, cookies of this visit included: some portals
/// answer only who returns the cookie they set.
pub(super) struct Journey {
    pub url: Url,
    pub hops: Vec<Hop>,
    pub status: Option<u16>,
    pub certificate: Option<Certificate>,
    cookies: HashMap<String, BTreeMap<String, String>>,
    /// The body as far as it came, while it is read.
    pub partial: BytesMut,
    pub large: Option<Arc<OwnedSemaphorePermit>>,
}

impl Journey {
    pub fn new(url: Url) -> Self {
        Self {
            url,
            hops: Vec::new(),
            status: None,
            certificate: None,
            cookies: HashMap::new(),
            partial: BytesMut::new(),
            large: None,
        }
    }

    /// Notes the certificate of a connection. The first bad one is what the visit is told with, else the last.
    pub fn met(&mut self, certificate: Option<Certificate>) {
        let is_doubted = self
            .certificate
            .as_ref()
            .is_some_and(|it| it.fault.is_some());
        if let Some(certificate) = certificate.filter(|_| !is_doubted) {
            self.certificate = Some(certificate);
        }
    }

    pub fn keep_cookies(&mut self, headers: &HeaderMap) {
        let host = self.url.host_str().unwrap_or_default().to_owned();
        let jar = self.cookies.entry(host).or_default();
        for value in headers.get_all(header::SET_COOKIE).iter().take(32) {
            let Some((name, value)) = value
                .to_str()
                .ok()
                .and_then(|it| it.split(';').next())
                .and_then(|it| it.split_once('='))
            else {
                continue;
            };
            if name.len() + value.len() <= 4096 {
                jar.insert(name.trim().to_owned(), value.trim().to_owned());
            }
        }
    }

    /// Of all hosts on the way.
    pub fn count_cookies(&self) -> usize {
        self.cookies.values().map(BTreeMap::len).sum()
    }

    pub fn cookie(&self) -> Option<HeaderValue> {
        let jar = self.cookies.get(self.url.host_str()?)?;
        let text = jar
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect::<Vec<_>>()
            .join("; ");
        (!text.is_empty())
            .then(|| HeaderValue::from_str(&text).ok())
            .flatten()
    }
}
