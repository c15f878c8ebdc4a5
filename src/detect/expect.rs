//! What is expected of a portal, and what pages do that their bytes do not say.

use crate::page::registrable;

/// What the operator said belongs to a portal.
#[derive(Clone, Debug, Default)]
pub struct Expect {
    /// Registrable domain of the registered URL.
    pub domain: String,
    pub allow_hosts: Vec<String>,
    pub must_contain: Vec<String>,
    /// What of the portal's origin is not as it was: `issuer`, `subject`, `network`.
    pub moved_origin: Vec<(&'static str, String)>,
    /// An error page, or only a part of the page could be read: what it lacks accuses nobody.
    pub refused: bool,
    /// How it is delivered as no known look was, and what says so.
    pub delivered: Vec<(Delivery, String)>,
}

/// Ways in which headers make another page of the same bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// Browsers store it instead of showing it.
    Stored,
    /// Of a type that browsers do not show as a page.
    NoPage,
    /// In a charset that browsers refuse.
    Blank,
    /// With a style sheet or a transformation that the page itself does not name.
    Dressed,
}

impl Expect {
    pub fn of(target: &crate::model::Target) -> Self {
        Self {
            domain: registrable(target.url.host_str().unwrap_or_default()),
            allow_hosts: target.allow_hosts.clone(),
            must_contain: target.must_contain.clone(),
            moved_origin: Vec::new(),
            refused: false,
            delivered: Vec::new(),
        }
    }

    /// For a URL of which nothing else is known.
    pub fn of_url(url: &url::Url) -> Self {
        Self {
            domain: registrable(url.host_str().unwrap_or_default()),
            ..Self::default()
        }
    }
}

/// What a page uses a host for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A link, a picture, or anything that takes no more than that.
    Any,
    /// It runs code in the page.
    Script,
    /// Code of the page fetches from it and sends to it: what the portal frames it may also reach.
    Reached,
    Frame,
    /// What visitors type is sent to it.
    Form,
}
