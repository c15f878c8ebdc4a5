//! The features of one look, from which a [`Norm`](super::Norm) is made. They are small enough to be stored, so that no
//! page is read twice.

use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use super::{
    lines::{Line, lines},
    pins::{self, Pin},
    places::places,
    styled::StyledFeatures,
};
use crate::{
    model::digest::key,
    page::{
        Page, cancel, capability,
        fold::fold,
        noise, registrable, script,
        writing_system::{self, Letters},
    },
};

/// Format of stored features. Raise it with every change of what [`read`](crate::page::read) makes of bytes, or of
/// [`Features`] itself: features of an earlier format are made again from the body.
pub const FORMAT: u32 = 3;

/// Most of the page's own URLs that are kept.
pub(super) const OWN_KEPT: usize = 400;

/// Bytes of a look's texts kept for phrase search; a page of 400 KB has some 100 KB. Of longer pages the later texts
/// are left out, and only their keys remain.
const TEXTS_KEPT: usize = 2 << 20;

/// Bytes of inline code that are read for their capabilities, and most pieces that are remembered.
const CODE_READ: usize = 512 << 10;
const BUILDS: usize = 100;

/// Bytes of a look's lines kept to show people a change.
const LINES_KEPT: usize = 4 << 20;

/// A text of a page as phrase search reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    pub key: u64,
    pub folded: String,
    /// Number of letters in it, by writing system.
    pub letters: Letters,
}

impl Told {
    fn of(text: &str) -> Self {
        let mut letters = Letters::default();
        writing_system::count(text, &mut letters);
        Self {
            key: key(text),
            folded: fold(text),
            letters,
        }
    }
}

/// The features of one look. Keys are hashes of normalized parts, ascending, each once; domains are registrable
/// domains.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Features {
    /// Of text blocks, hidden ones included.
    pub blocks: Vec<u64>,
    pub skeleton: Vec<u64>,
    pub links: Vec<u64>,
    pub images: Vec<u64>,
    pub scripts: Vec<u64>,
    pub link_domains: Vec<String>,
    pub script_domains: Vec<String>,
    pub frame_domains: Vec<String>,
    pub form_domains: Vec<String>,
    pub image_domains: Vec<String>,
    pub relation_domains: Vec<String>,
    pub inline_scripts: Vec<u64>,
    pub own_link_texts: Vec<u64>,
    pub meta: Vec<u64>,
    pub refreshes: Vec<String>,
    pub title: Option<String>,
    pub lang: Option<String>,
    pub asks: Vec<String>,
    pub words: usize,
    pub own_links: usize,
    pub elements: usize,
    pub frames: usize,
    pub hidden_links: usize,
    pub media: usize,
    pub dark: bool,
    /// Links into the portal and its own images, as absolute URLs with everything that varies.
    pub own_urls: Vec<String>,
    pub own_images: Vec<String>,
    /// Hashes of the places that it used, each with its use: see [`places`](super::places).
    pub places: Vec<u64>,
    /// Keys of layers that cannot be closed, and registrable domains from which style loads.
    pub layers: Vec<u64>,
    pub style_domains: Vec<String>,
    pub pins: Vec<Pin>,
    /// Shape and capabilities of each piece of inline code.
    pub builds: Vec<capability::Build>,
    /// What style sheets do to the page; `None` for a look that was read without them.
    pub styled: Option<StyledFeatures>,
    /// Every text in which a phrase is searched, each once. Stored apart: see [`features_codec`](super::features_codec).
    #[serde(skip)]
    pub texts: Vec<Arc<Told>>,
    /// Lines to show people; `None` if not stored, since people see the latest look only.
    #[serde(skip)]
    pub lines: Option<Vec<Line>>,
}

impl Features {
    /// Extracts the features of a page.
    pub fn of(page: &Page) -> Self {
        let own = page.domain();
        let is_own = |host: &str| !host.is_empty() && registrable(host) == own;
        let links = &page.links;
        let mut told = HashSet::new();
        let mut room = TEXTS_KEPT;
        Self {
            blocks: keys(page.blocks.iter().map(|it| it.key)),
            skeleton: page.skeleton.clone(),
            links: keys(links.iter().map(|it| url_key(&it.url))),
            images: keys(page.images.iter().map(|it| url_key(&it.src))),
            scripts: keys(
                page.scripts
                    .iter()
                    .filter_map(|it| it.src.as_deref().map(url_key)),
            ),
            link_domains: domains(links.iter().map(|it| it.host.as_str())),
            script_domains: domains(page.scripts.iter().map(|it| it.host.as_str())),
            frame_domains: domains(page.frames.iter().map(|it| it.host.as_str())),
            form_domains: domains(page.forms.iter().map(|it| it.host.as_str())),
            image_domains: domains(page.images.iter().map(|it| it.host.as_str())),
            relation_domains: domains(page.relations.iter().map(|it| it.host.as_str())),
            inline_scripts: keys(
                page.scripts
                    .iter()
                    .filter(|it| it.src.is_none())
                    .map(|it| it.key),
            ),
            own_link_texts: keys(
                links
                    .iter()
                    .filter(|it| !it.text.is_empty() && registrable(&it.host) == own)
                    .map(|it| key(&it.text)),
            ),
            meta: keys(
                page.meta
                    .iter()
                    .map(|(name, content)| meta_key(name, content)),
            ),
            refreshes: page.refreshes.clone(),
            title: page.title.clone(),
            lang: page.lang.clone(),
            asks: page.asks.clone(),
            words: page.words(),
            own_links: own_links(page),
            elements: page.elements,
            frames: page.frames.len(),
            hidden_links: links.iter().filter(|it| it.hidden.is_some()).count(),
            media: page.media,
            dark: page.dark,
            own_urls: links
                .iter()
                .filter(|it| it.hidden.is_none() && is_own(&it.host))
                .map(|it| it.url.clone())
                .take(OWN_KEPT)
                .collect(),
            own_images: page
                .images
                .iter()
                .filter(|it| is_own(&it.host))
                .map(|it| it.src.clone())
                .take(OWN_KEPT)
                .collect(),
            places: places(page),
            layers: keys(page.layers.iter().map(|it| it.key)),
            style_domains: domains(page.style_hosts.iter().map(String::as_str)),
            pins: pins::of(page),
            builds: builds(page),
            styled: page.styled.as_ref().map(StyledFeatures::of),
            texts: texts(page)
                .take_while(|it| {
                    room = room.saturating_sub(it.len());
                    room > 0 && !cancel::step(it.len())
                })
                .filter(|it| told.insert(*it))
                .map(|it| Arc::new(Told::of(it)))
                .collect(),
            lines: Some(shown(page)),
        }
    }
}

/// Shape and capabilities of the inline code of a page, up to [`CODE_READ`] bytes and [`BUILDS`] pieces.
fn builds(page: &Page) -> Vec<capability::Build> {
    let mut room = CODE_READ;
    let inline = page
        .scripts
        .iter()
        .filter(|it| it.runs && !it.code.is_empty());
    let mut out: Vec<capability::Build> = inline
        .take_while(|it| {
            room = room.saturating_sub(it.code.len());
            room > 0 && !cancel::is_cancelled()
        })
        .map(|it| capability::Build {
            key: it.key,
            ..capability::read(&it.code, &script::layers(&it.code)).build
        })
        .filter(|it| it.capabilities != 0 || !it.sketch.is_empty())
        .take(BUILDS)
        .collect();
    out.sort_unstable_by_key(|it| it.key);
    out.dedup_by_key(|it| it.key);
    out
}

/// The lines of a page, up to [`LINES_KEPT`] bytes.
fn shown(page: &Page) -> Vec<Line> {
    let mut room = LINES_KEPT;
    let fits = |it: &Line| {
        room = room.saturating_sub(it.text.len());
        room > 0
    };
    lines(page).into_iter().take_while(fits).collect()
}

/// Every text of a page in which a phrase is searched: title, blocks, alternative texts of pictures, meta.
pub fn texts(page: &Page) -> impl Iterator<Item = &str> {
    page.title
        .as_deref()
        .into_iter()
        .chain(page.blocks.iter().map(|it| it.text.as_str()))
        .chain(page.images.iter().map(|it| it.alt.as_str()))
        .chain(page.meta.iter().map(|(_, content)| content.as_str()))
        .filter(|it| !it.is_empty())
}

/// Number of links to the page's own registrable domain.
pub fn own_links(page: &Page) -> usize {
    let own = page.domain();
    page.links
        .iter()
        .filter(|it| !it.host.is_empty() && registrable(&it.host) == own)
        .count()
}

/// Hash of a meta element. `name` is in lower case; the content is hashed without its noise.
pub fn meta_key(name: &str, content: &str) -> u64 {
    key(&format!("{name}={}", noise::normal(content)))
}

fn url_key(url: &str) -> u64 {
    key(&noise::normal_url(url))
}

fn keys(keys: impl Iterator<Item = u64>) -> Vec<u64> {
    let mut keys: Vec<u64> = keys.collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

fn domains<'a>(hosts: impl Iterator<Item = &'a str>) -> Vec<String> {
    let hosts: HashSet<&str> = hosts.filter(|it| !it.is_empty()).collect();
    let domains: BTreeSet<String> = hosts.into_iter().map(registrable).collect();
    domains.into_iter().collect()
}
