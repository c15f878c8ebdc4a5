//! What a page loads and leads to, with absolute URLs.

use url::Url;

use super::{hidden::Hiding, text::floor};

#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// Absolute; as written where it cannot be resolved.
    pub url: String,
    /// Lower case, empty for links without a host (`mailto:`, `javascript:`).
    pub host: String,
    pub text: String,
    pub hidden: Option<Hiding>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Script {
    pub src: Option<String>,
    pub host: String,
    /// Inline code (or JSON-LD); empty where `src` is set.
    pub code: String,
    /// Of the code without its noise.
    pub key: u64,
    /// `application/ld+json` and other data blocks are not run.
    pub runs: bool,
    /// From an attribute of an element.
    pub handler: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    pub src: String,
    pub host: String,
    /// Covers the page: fixed or full-size.
    pub covers: bool,
    pub hidden: Option<Hiding>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Form {
    pub action: String,
    pub host: String,
    /// Asks for a password.
    pub password: bool,
}

/// `<link rel="canonical" href="…">` and its kin.
#[derive(Clone, Debug, PartialEq)]
pub struct Relation {
    pub rel: &'static str,
    pub url: String,
    pub host: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Image {
    pub src: String,
    pub host: String,
    pub alt: String,
    /// Its attributes give a width, a height or both, of at most 400 px each.
    pub small: bool,
}

/// The longest URL that is kept: browsers take more, links of real pages need less, and a page may
/// hold a hundred thousand of them.
pub(super) const LONGEST: usize = 2048;

/// The beginning of a reference that is too long.
fn cut(reference: &str) -> &str {
    &reference[..floor(reference, LONGEST)]
}

/// No name is longer than 253 letters; to look at one costs the square of its length.
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

/// A reference as an absolute URL and its host.
pub(super) fn resolve(base: &Url, reference: &str) -> (String, String) {
    // what browsers strip must not push the address out of sight
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
