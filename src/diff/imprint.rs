//! What one look leaves in a [`Norm`](super::Norm): small enough to be kept, so that nothing is read twice.

use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use super::lines::{Line, lines};
use crate::{
    model::digest::key,
    page::{
        Page,
        fold::fold,
        noise, patience, registrable,
        writing::{self, Letters},
    },
};

/// To be raised with every change of what [`read`](crate::page::read) makes of bytes, or of [`Imprint`] itself: imprints that were
/// kept by an earlier edition are made anew.
pub const EDITION: u32 = 1;

/// Addresses of its own that a page is remembered by.
pub(super) const OWN_KEPT: usize = 400;

/// Bytes of a look's texts kept for searching phrases; a page of 400 KB has some 100 KB. Texts beyond this limit are
/// remembered by their keys only.
const TEXTS_KEPT: usize = 2 << 20;

/// Bytes of a look's lines kept for showing people a change.
const LINES_KEPT: usize = 4 << 20;

/// A text as phrases are searched in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    pub key: u64,
    pub folded: String,
    /// Letters in it, by writing.
    pub letters: Letters,
}

impl Told {
    fn of(text: &str) -> Self {
        let mut letters = Letters::default();
        writing::count(text, &mut letters);
        Self {
            key: key(text),
            folded: fold(text),
            letters,
        }
    }
}

/// Keys are of normalised parts, ascending, each once; domains are registrable ones.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imprint {
    /// Of text blocks, hidden ones too.
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
    /// Links into the portal and images of it, as written.
    pub own_urls: Vec<String>,
    pub own_images: Vec<String>,
    /// Every text that a phrase may stand in, each once.
    #[serde(skip)]
    pub texts: Vec<Arc<Told>>,
    /// For people; `None` where it was not kept, since newer looks are shown.
    #[serde(skip)]
    pub lines: Option<Vec<Line>>,
}

impl Imprint {
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
            texts: texts(page)
                .take_while(|it| {
                    room = room.saturating_sub(it.len());
                    room > 0 && !patience::step(it.len())
                })
                .filter(|it| told.insert(*it))
                .map(|it| Arc::new(Told::of(it)))
                .collect(),
            lines: Some(shown(page)),
        }
    }
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

/// Every text of a page that a phrase may stand in: title, blocks, image texts, meta.
pub fn texts(page: &Page) -> impl Iterator<Item = &str> {
    page.title
        .as_deref()
        .into_iter()
        .chain(page.blocks.iter().map(|it| it.text.as_str()))
        .chain(page.images.iter().map(|it| it.alt.as_str()))
        .chain(page.meta.iter().map(|(_, content)| content.as_str()))
        .filter(|it| !it.is_empty())
}

/// Links that lead to the page's own registrable domain.
pub fn own_links(page: &Page) -> usize {
    let own = page.domain();
    page.links
        .iter()
        .filter(|it| !it.host.is_empty() && registrable(&it.host) == own)
        .count()
}

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
