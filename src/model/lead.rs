//! Places that a page newly leads to, and what was fetched there.

use bytes::Bytes;
use url::Url;

/// The way in which a page leads to a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeadRole {
    /// The page sends visitors there.
    Refresh,
    /// Its code runs in the page.
    Script,
    Frame,
    Form,
    /// A link with the ending of a program.
    Download,
    Link,
    /// The picture of a code that visitors scan: the new one, or the one that it stands for.
    Picture,
}

/// A place that a page newly leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lead {
    pub role: LeadRole,
    pub url: Url,
}

/// The resource at a lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    pub lead: Lead,
    /// The address after redirects.
    pub end: Url,
    pub content_type: Option<String>,
    /// The beginning of the body, up to a limit of the caller.
    pub body: Bytes,
}
