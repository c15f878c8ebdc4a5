//! What a page loads and links to, as absolute URLs.

use url::Url;

use super::{hidden::Hiding, truncate::floor};

/// An `a` or `area` element.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// Absolute; as written if it cannot be resolved.
    pub url: String,
    /// Lower case; empty for links without a host (`mailto:`, `javascript:`).
    pub host: String,
    pub text: String,
    pub hidden: Option<Hiding>,
}

/// A script element or an event handler.
#[derive(Clone, Debug, PartialEq)]
pub struct Script {
    pub src: Option<String>,
    pub host: String,
    /// Inline code (or JSON-LD); empty if `src` is set. Long code is shortened.
    pub code: String,
    /// Hash of the code without its noise.
    pub key: u64,
    /// Whether browsers run it; `application/ld+json` and other data blocks do not run.
    pub runs: bool,
    /// Whether it is an event handler of an element.
    pub handler: bool,
}

/// An `iframe` or `frame` element.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    pub src: String,
    pub host: String,
    /// Whether it is fixed or as large as the window.
    pub covers: bool,
    pub hidden: Option<Hiding>,
}

/// A form, or the address of a button that overrules its form's (`formaction`).
#[derive(Clone, Debug, PartialEq)]
pub struct Form {
    pub action: String,
    pub host: String,
    /// Whether it has a password input.
    pub password: bool,
}

/// A `link` element that declares another address of the page: `<link rel="canonical" href="…">`, `alternate`,
/// `amphtml`.
#[derive(Clone, Debug, PartialEq)]
pub struct Relation {
    pub rel: &'static str,
    pub url: String,
    pub host: String,
}

/// The use that a page makes of an address: what the address may do to the page and its visitors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Usage {
    Link,
    Image,
    Frame,
    /// Code that runs in the page.
    Code,
    Style,
    /// A form sends there what visitors type.
    Form,
    /// A refresh sends visitors there.
    Refresh,
    /// The page calls it another address of its own.
    Relation,
    /// All relative addresses of the page begin there.
    Base,
    /// Says how the page looks and acts when it is installed as an application.
    Manifest,
    /// Is told of every click on a link.
    Ping,
}

impl Usage {
    /// The name by which norms and people know it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::Image => "image",
            Self::Frame => "frame",
            Self::Code => "code",
            Self::Style => "style",
            Self::Form => "form",
            Self::Refresh => "refresh",
            Self::Relation => "relation",
            Self::Base => "base",
            Self::Manifest => "manifest",
            Self::Ping => "ping",
        }
    }
}

/// An address that no other list of the page holds: a style sheet, code that is loaded early, a base, a manifest, a
/// ping.
#[derive(Clone, Debug, PartialEq)]
pub struct Use {
    pub usage: Usage,
    pub url: String,
    pub host: String,
}

/// A picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Image {
    pub src: String,
    pub host: String,
    pub alt: String,
    /// Whether its attributes give a width, a height or both, of at most 400 px each.
    pub small: bool,
    /// Number of text blocks before it.
    pub block: usize,
    /// The place, among the page's links, of the link that it stands in.
    pub link: Option<usize>,
    /// The picture itself in base64, where its address holds it (`data:`); empty where it is too long.
    pub data: String,
}

/// Longest URL that is kept, in bytes. Browsers accept longer ones, links of real pages need less, and a page may hold
/// a hundred thousand of them.
pub(super) const LONGEST: usize = 2048;

/// The beginning of a reference, at most [`LONGEST`] bytes.
fn cut(reference: &str) -> &str {
    &reference[..floor(reference, LONGEST)]
}

/// Whether the host of a reference is longer than a name can be (253 letters): parsing it costs the square of its
/// length.
fn has_endless_host(reference: &str) -> bool {
    let Some(at) = reference.find("//").or(reference.find("\\\\")) else {
        return false;
    };
    let host = reference[at + 2..]
        .split(['/', '?', '#', '\\'])
        .next()
        .unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or_default();
    !host.is_ascii() && host.chars().count() > 253
}

/// Resolves a reference: returns the absolute URL and its host.
pub(super) fn resolve(base: &Url, reference: &str) -> (String, String) {
    // browsers ignore leading blanks and control characters, and padding must not push the address past the limit
    let reference = cut(reference.trim_matches(|c: char| c <= ' '));
    if has_endless_host(reference) {
        return (reference.to_owned(), String::new());
    }
    match base.join(reference) {
        Ok(url) => {
            let host = url.host_str().unwrap_or_default().to_ascii_lowercase();
            (cut(url.as_str()).to_owned(), host)
        }
        Err(_) => (reference.to_owned(), String::new()),
    }
}

#[cfg(test)]
mod tests {
    use crate::model::registrable;

    #[test]
    fn domains_that_somebody_registered() {
        assert_eq!(registrable("mic.hanoi.gov.vn"), "hanoi.gov.vn");
        assert_eq!(registrable("WWW.Example.com."), "example.com");
        assert_eq!(registrable("127.0.0.1"), "127.0.0.1");
        assert_eq!(registrable("localhost"), "localhost");
    }
}
