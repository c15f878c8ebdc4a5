//! The operator's expectations of a portal, and facts about a page that its bytes do not show.

use crate::page::registrable;

/// The operator's settings for a portal, and facts about its delivery.
#[derive(Clone, Debug, Default)]
pub struct Expect {
    /// The registrable domain of the registered URL.
    pub domain: String,
    pub allow_hosts: Vec<String>,
    pub must_contain: Vec<String>,
    /// Parts of the portal's origin that changed, by kind (`issuer`, `subject`, `network`).
    pub moved_origin: Vec<(&'static str, String)>,
    /// An error page, or a page that was read only in part: missing content is no sign of tampering.
    pub refused: bool,
    /// Ways of delivery that no known look had, each with the header that says so.
    pub delivered: Vec<(Delivery, String)>,
}

/// Ways in which headers change what browsers show of the same bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// Browsers download the body instead of showing it.
    Stored,
    /// The media type is none that browsers show as a page.
    NoPage,
    /// The charset is one that browsers refuse.
    Blank,
    /// A policy bars browsers from all scripts, styles or pictures of the page.
    Barred,
    /// Headers name a style sheet, or the page a transformation, that no known look had.
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

    /// For a URL without settings of the operator.
    pub fn of_url(url: &url::Url) -> Self {
        Self {
            domain: registrable(url.host_str().unwrap_or_default()),
            ..Self::default()
        }
    }
}

/// The use that a page makes of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A link, a picture, or any use that needs no more trust than those.
    Any,
    /// Its code runs in the page.
    Script,
    /// Code of the page exchanges data with it: allowed as well for hosts that the portal has always framed.
    Reached,
    Frame,
    /// The page sends it what visitors type.
    Form,
}
