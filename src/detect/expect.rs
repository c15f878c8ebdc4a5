//! The operator's expectations of a portal, and facts about a page that its bytes do not show.

use std::sync::Arc;

use super::shown::FirstVisitor;
use crate::{
    diff::pins::Codes,
    model::{Fleet, lead::Reached, pin::Ruling},
    page::registrable,
};

/// The operator's settings for a portal, and facts about its delivery.
#[derive(Clone, Debug, Default)]
pub struct Expectations {
    /// The registrable domain of the URL in the registry.
    pub domain: String,
    pub allow_hosts: Vec<String>,
    pub must_contain: Vec<String>,
    /// Parts of the portal's origin that differ from all known looks: the kind (`issuer`, `subject`, `network`) and the
    /// new value.
    pub moved_origin: Vec<(&'static str, String)>,
    /// Whether the page is an error page or was read only in part: missing content then is no sign of tampering.
    pub refused: bool,
    /// Ways of delivery that no known look had, each with the header that causes it.
    pub delivered: Vec<(Delivery, String)>,
    /// The first visitor, where the page is another visitor's and the first one's is well.
    pub beside: Option<FirstVisitor>,
    /// What was fetched at the places that the page newly leads to.
    pub reached: Arc<[Reached]>,
    /// What the codes in pictures say, of the page and of what it was.
    pub codes: Arc<Codes>,
    /// What officers decided about facts of the page.
    pub rulings: Arc<[Ruling]>,
    /// What other portals use, and how.
    pub fleet: Arc<Fleet>,
}

/// A way in which headers change what browsers show of a page with unchanged bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// Browsers download the body instead of showing it.
    Stored,
    /// Browsers do not show this media type as a page.
    NoPage,
    /// Browsers refuse this charset and show nothing.
    Blank,
    /// A policy bars browsers from all scripts, styles or pictures of the page.
    Barred,
    /// Headers name a style sheet, or a transformation of the page, that no known look had.
    Dressed,
}

impl Expectations {
    /// The settings of a target, for a page with nothing unusual in its delivery.
    pub fn of(target: &crate::model::Target) -> Self {
        Self {
            domain: registrable(target.url.host_str().unwrap_or_default()),
            allow_hosts: target.allow_hosts.clone(),
            must_contain: target.must_contain.clone(),
            moved_origin: Vec::new(),
            refused: false,
            delivered: Vec::new(),
            beside: None,
            reached: Arc::default(),
            codes: Arc::default(),
            rulings: Arc::default(),
            fleet: Arc::default(),
        }
    }

    /// For a URL without settings of the operator.
    pub fn of_url(url: &url::Url) -> Self {
        Self {
            domain: registrable(url.host_str().unwrap_or_default()),
            ..Self::default()
        }
    }
}

/// The role that a page gives to a host: how much trust its use takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A visible link, a picture, or any use that needs no more trust than those.
    Any,
    /// A hidden link, or one under a text that led into the portal.
    Covert,
    /// Its code runs in the page.
    Script,
    /// Code of the page exchanges data with it.
    Reached,
    /// It says how the page looks, and with that what visitors read.
    Style,
    Frame,
    /// The page sends it what visitors type.
    Form,
    /// Visitors are sent there.
    Refresh,
    /// Visitors get a program from it.
    Download,
    /// The page calls it another address of its own.
    Relation,
    /// The page puts itself into its hands as a whole: base, manifest, ping.
    Whole,
}
