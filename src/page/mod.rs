//! Bytes to [`Page`]: the only code that knows HTML.
//!
//! Pure and total: any bytes give a page or the limit they broke. The tree builder never sees what
//! [`guard`] has not counted, and no tree leaves [`read`].

mod bounded;
mod carried;
pub mod charset;
mod collect;
mod conduct;
mod cover;
mod crude;
mod cut;
pub mod fingerprint;
pub mod fold;
pub mod guard;
pub mod hidden;
pub mod kind;
pub mod links;
pub mod noise;
mod noscript;
pub mod outline;
pub mod patience;
mod read;
pub mod script;
pub mod sitemap;
pub mod text;
pub mod writing;

pub use cover::Cover;
pub use fingerprint::Fingerprint;
pub use guard::Limit;
pub use hidden::Hiding;
pub use kind::Kind;
pub use links::{Form, Frame, Image, Link, Relation, Script};
pub use outline::Heading;
pub use read::is_selector;
pub use text::Block;
use url::Url;

pub use crate::model::registrable;

/// The bytes of one answer and what is needed to understand them.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    pub bytes: &'a [u8],
    pub content_type: Option<&'a str>,
    /// Where they came from after redirects; relative links resolve against it.
    pub url: &'a Url,
    /// CSS selectors of parts to leave out. One that does not parse is left out itself.
    pub ignore: &'a [String],
}

/// What a page shows, hides, loads and leads to.
#[derive(Clone, Debug)]
pub struct Page {
    pub url: Url,
    pub kind: Kind,
    pub charset: &'static str,
    /// Decoded bytes.
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
    /// `audio`, `video`, `embed`, `object`.
    pub media: usize,
    /// Lower-case name or property, content.
    pub meta: Vec<(String, String)>,
    /// Targets of meta refreshes.
    pub refreshes: Vec<String>,
    /// Keys of `tag#id` and `tag.class`, ascending: what the template is made of.
    pub skeleton: Vec<u64>,
    /// Number of elements.
    pub elements: usize,
    /// `link` elements by which machines learn where the page "really" is: canonical, alternate, amphtml.
    pub relations: Vec<Relation>,
    /// What its inputs ask for that is nobody's business: `password`, `card`, `identity`, `code`; each once.
    pub asks: Vec<String>,
    /// The body is painted black.
    pub dark: bool,
    /// Tricks of show pages, each once.
    pub stunts: Vec<Stunt>,
    /// Pictures and frames that lie over the page, and pictures behind all of it.
    pub covers: Vec<Cover>,
    pub fingerprint: Fingerprint,
}

/// What pages do that are made to impress or to be left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stunt {
    /// The context menu, selecting or the keyboard is taken away.
    Locked,
    Canvas,
    Marquee,
    /// Text that a script types.
    Typed,
    /// Sound or film that starts by itself.
    Autoplay,
}

impl Page {
    /// Words a visitor can read.
    pub fn words(&self) -> usize {
        self.visible()
            .map(|it| it.text.split_whitespace().count())
            .sum()
    }

    /// Blocks that are not hidden.
    pub fn visible(&self) -> impl Iterator<Item = &Block> {
        self.blocks.iter().filter(|it| it.hidden.is_none())
    }

    /// The page's registrable domain (or its address).
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

/// Reads one page. Linear in the bytes but for the tree builder, whose input is bounded by [`guard`].
pub fn read(source: Source) -> Result<Page, Limit> {
    read_with(source, None)
}

/// The same with the `Refresh` header that the page came with.
pub fn read_with(source: Source, refresh: Option<&str>) -> Result<Page, Limit> {
    let kind = kind::sniff(source.bytes, source.content_type);
    let (text, charset) = if kind.is_text() {
        charset::decode(source.bytes, source.content_type)
    } else {
        (String::new(), "binary")
    };
    let text = noscript::sealed(&text);
    guard::count(&text)?;
    read::page(source, kind, &text, charset, refresh)
}

/// The text at the beginning and the end of a page over a limit, as a small page of its own: an attacker may have
/// signed a page that is too costly to read.
pub fn read_crudely(source: Source) -> Option<Page> {
    let kind = kind::sniff(source.bytes, source.content_type);
    if !kind.is_text() {
        return None;
    }
    let (text, charset) = charset::decode(source.bytes, source.content_type);
    let small = crude::page(&text);
    guard::count(&small).ok()?;
    read::page(source, kind, &small, charset, None).ok()
}
