//! Bytes to [`Page`]: the only code that knows HTML.
//!
//! It is pure and total: any bytes give a page, or the limit that they break. [`guard`] counts the text before the tree
//! builder gets it, and no tree leaves [`read`].

mod behaviour;
mod bounded;
pub mod cancel;
pub mod capability;
pub mod charset;
mod closing;
mod collect;
mod cover;
mod embedded;
mod fallback;
pub mod fingerprint;
pub mod fold;
pub mod guard;
pub mod hidden;
pub mod kind;
mod layer;
pub mod links;
mod look;
pub mod noise;
mod noscript;
pub mod outline;
pub mod place;
mod read;
pub mod script;
mod scripted;
pub mod sitemap;
mod style;
mod styled;
pub mod text;
mod truncate;
mod uses;
pub mod writing_system;
mod xhtml;

pub use cover::Cover;
pub use fingerprint::Fingerprint;
pub use guard::Limit;
pub use hidden::Hiding;
pub use kind::Kind;
pub use layer::Layer;
pub use links::{Form, Frame, Image, Link, Relation, Script, Usage, Use};
pub use outline::Heading;
pub use read::is_selector;
pub use style::{Sheets, StyleSheet, imports_of as imports};
pub use styled::{Concealed, Styled};
pub use text::Block;
use url::Url;

pub use crate::model::registrable;

/// The body of one response and what is needed to read it.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    pub bytes: &'a [u8],
    pub content_type: Option<&'a str>,
    /// Its address after redirects; relative links resolve against it.
    pub url: &'a Url,
    /// CSS selectors of parts to leave out. A selector that does not parse is ignored.
    pub ignore: &'a [String],
}

/// What a page shows, hides, loads and links to.
#[derive(Clone, Debug)]
pub struct Page {
    pub url: Url,
    pub kind: Kind,
    pub charset: &'static str,
    /// Length of the body in bytes, after the HTTP content coding is undone.
    pub bytes: usize,
    pub title: Option<String>,
    pub lang: Option<String>,
    pub blocks: Vec<Block>,
    pub headings: Vec<Heading>,
    pub links: Vec<Link>,
    pub scripts: Vec<Script>,
    pub frames: Vec<Frame>,
    pub forms: Vec<Form>,
    pub images: Vec<Image>,
    /// Number of `audio`, `video`, `embed` and `object` elements.
    pub media: usize,
    /// Lower-case name or property, and content, of each meta element.
    pub meta: Vec<(String, String)>,
    /// Absolute addresses of meta refreshes and of the `Refresh` header.
    pub refreshes: Vec<String>,
    /// Hashes of `tag#id` and `tag.class`, ascending: they identify the site's template.
    pub skeleton: Vec<u64>,
    /// Number of elements.
    pub elements: usize,
    /// `link` elements that tell search engines another address of the page: canonical, alternate, amphtml.
    pub relations: Vec<Relation>,
    /// Kinds of secrets that its inputs ask for: `password`, `card`, `identity`, `code`; each once.
    pub asks: Vec<String>,
    /// Whether the body is painted black.
    pub dark: bool,
    /// Tricks of pages made to impress or to resist inspection, each once.
    pub stunts: Vec<Stunt>,
    /// Pictures and frames that lie over the page, and pictures behind all of it.
    pub covers: Vec<Cover>,
    /// Addresses that the page uses in ways of which the lists above know nothing. A base is among them only if its
    /// registrable domain is another than that of the page's address.
    pub uses: Vec<Use>,
    /// Layers over the page that say or show something and cannot be closed.
    pub layers: Vec<Layer>,
    /// Hosts from which style text loads style sheets and fonts (`@import`, `@font-face`), in lower case, each once.
    pub style_hosts: Vec<String>,
    /// Absolute addresses of the style sheets that it links for a screen, in its order, each once.
    pub sheets: Vec<String>,
    /// What those of them that are known do to the page; `None` if none is known.
    pub styled: Option<Styled>,
    pub fingerprint: Fingerprint,
}

/// A trick of pages that are made to impress visitors or to resist inspection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stunt {
    /// The context menu, selecting or the keyboard is blocked.
    Locked,
    Canvas,
    Marquee,
    /// Text that a script types letter by letter.
    Typed,
    /// Sound or film that starts by itself.
    Autoplay,
}

impl Page {
    /// Number of words that a visitor can read.
    pub fn words(&self) -> usize {
        self.visible()
            .map(|it| it.text.split_whitespace().count())
            .sum()
    }

    /// The blocks that are not hidden.
    pub fn visible(&self) -> impl Iterator<Item = &Block> {
        self.blocks.iter().filter(|it| it.hidden.is_none())
    }

    /// The registrable domain of the page's address, or the host itself if it has none (an IP address).
    pub fn domain(&self) -> String {
        registrable(self.url.host_str().unwrap_or_default())
    }

    /// Content of the first meta element of that name.
    pub fn meta(&self, name: &str) -> Option<&str> {
        self.meta
            .iter()
            .find(|(it, _)| it == name)
            .map(|(_, content)| content.as_str())
    }
}

/// Reads one page. The work is linear in the bytes, except for the tree builder, and [`guard`] bounds its input. Fails
/// with the limit that the page breaks.
pub fn read(source: Source) -> Result<Page, Limit> {
    read_styled(source, &Sheets::default())
}

/// Reads one page as [`read`] does, with style sheets of the portal.
pub fn read_styled(source: Source, sheets: &Sheets) -> Result<Page, Limit> {
    let refresh = None;
    read_with(source, Response { refresh, sheets })
}

/// What is known of the response that brought a page, besides its bytes.
#[derive(Clone, Copy, Debug)]
pub struct Response<'a> {
    /// Its `Refresh` header.
    pub refresh: Option<&'a str>,
    /// Style sheets of the portal, as they are now.
    pub sheets: &'a Sheets,
}

/// Reads one page as [`read`] does, with more of its response.
pub fn read_with(source: Source, response: Response) -> Result<Page, Limit> {
    let kind = kind::sniff(source.bytes, source.content_type);
    let (text, charset) = if kind.is_text() {
        decoded(source)
    } else {
        (String::new(), "binary")
    };
    let text = noscript::sealed(&text);
    guard::count(&text)?;
    read::page(source, kind, &text, charset, response)
}

/// The text of a page as HTML, and the name of its charset.
fn decoded(source: Source) -> (String, &'static str) {
    let (text, charset) = charset::decode(source.bytes, source.content_type);
    match xhtml::is_xhtml(&text, source.content_type) {
        true => (xhtml::as_html(&text), charset),
        false => (text, charset),
    }
}

/// Reads only the text at the beginning and the end of a page that breaks a limit: an attacker's signature may stand
/// there. `None` if the body is not text.
pub fn read_crudely(source: Source) -> Option<Page> {
    let kind = kind::sniff(source.bytes, source.content_type);
    if !kind.is_text() {
        return None;
    }
    let (text, charset) = decoded(source);
    let small = fallback::page(&text);
    guard::count(&small).ok()?;
    let response = Response {
        refresh: None,
        sheets: &Sheets::default(),
    };
    read::page(source, kind, &small, charset, response).ok()
}
