//! What is normal for a target, learnt from its approved looks.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::lines::{Line, lines};
use crate::{
    model::digest::key,
    page::{
        Page,
        fold::fold,
        noise, registrable,
        writing::{self, Letters},
    },
};

/// What stays is asked of so many latest looks; what is new, of all. A redesign is thus the norm after a
/// few looks, and what was there before it stays known.
const RECENT: usize = 5;

/// Addresses of its own that a page is remembered by.
const OWN_KEPT: usize = 400;

/// Counts of recent looks in which something was seen; 0 where only older ones had it.
pub type Seen = HashMap<u64, u16>;

/// One face of a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Version {
    pub skeleton: Vec<u64>,
    pub links: Vec<u64>,
}

/// The learnt model. Sets of registrable domains and of 64-bit keys; the texts kept are those that
/// a person is shown and those that phrases are searched in.
#[derive(Clone, Debug, Default)]
pub struct Norm {
    pub looks: u16,
    /// Keys of text blocks, hidden ones too.
    pub blocks: Seen,
    pub skeleton: Seen,
    /// Keys of normalised URLs.
    pub links: Seen,
    /// Template and link keys of each recent look, ascending: a page may have several faces.
    pub versions: Vec<Version>,
    pub images: Seen,
    pub scripts: Seen,
    /// Registrable domains that links, scripts, frames, forms and images led to.
    pub link_domains: HashSet<String>,
    pub script_domains: HashSet<String>,
    pub frame_domains: HashSet<String>,
    pub form_domains: HashSet<String>,
    pub image_domains: HashSet<String>,
    /// Of canonical, alternate and amphtml.
    pub relation_domains: HashSet<String>,
    pub inline_scripts: HashSet<u64>,
    /// Keys of link texts that led to the page's own domain.
    pub own_link_texts: HashSet<u64>,
    /// Keys of `name=content`.
    pub meta: HashSet<u64>,
    pub refreshes: HashSet<String>,
    pub titles: BTreeSet<String>,
    pub langs: BTreeSet<String>,
    /// Folded text of everything seen, one block a line, each once.
    pub folded: String,
    /// Letters in it, by writing.
    pub letters: Letters,
    /// What its inputs asked for.
    pub asks: BTreeSet<String>,
    /// Median over the looks.
    pub words: usize,
    pub own_links: usize,
    pub elements: usize,
    pub frames: usize,
    pub hidden_links: usize,
    pub dark: bool,
    pub media: usize,
    /// Links into the portal that stay, and files of its own that the latest look shows, as written there.
    pub own_urls: Vec<String>,
    pub own_files: Vec<String>,
    /// Lines and title of the latest look, for people.
    pub lines: Vec<Line>,
    pub title: Option<String>,
}

impl Norm {
    /// Learns from looks, oldest first. None gives a norm that knows nothing (`looks == 0`).
    pub fn learn<'a>(pages: impl IntoIterator<Item = &'a Page>) -> Self {
        let pages: Vec<&Page> = pages.into_iter().collect();
        let recent = pages.len().saturating_sub(RECENT);
        let mut norm = Self::default();
        let mut words = Vec::new();
        let mut own = Vec::new();
        let mut elements = Vec::new();
        let mut told = HashSet::new();
        for (at, page) in pages.into_iter().enumerate() {
            let weight = u16::from(at >= recent);
            norm.looks += weight;
            norm.take(page, weight, &mut told);
            words.push(page.words());
            own.push(own_links(page));
            elements.push(page.elements);
        }
        norm.own_urls.retain({
            let (links, looks) = (norm.links.clone(), norm.looks);
            move |it| {
                links
                    .get(&key(&noise::normal_url(it)))
                    .is_some_and(|count| u32::from(*count) * 5 >= u32::from(looks) * 4)
            }
        });
        norm.words = median(words);
        norm.own_links = median(own);
        norm.elements = median(elements);
        norm
    }

    fn take(&mut self, page: &Page, weight: u16, told: &mut HashSet<u64>) {
        count(
            weight,
            &mut self.blocks,
            page.blocks.iter().map(|it| it.key),
        );
        let mut links: Vec<u64> = page
            .links
            .iter()
            .map(|it| key(&noise::normal_url(&it.url)))
            .collect();
        links.sort_unstable();
        links.dedup();
        count(weight, &mut self.skeleton, page.skeleton.iter().copied());
        count(weight, &mut self.links, links.iter().copied());
        let version = Version {
            skeleton: page.skeleton.clone(),
            links,
        };
        if weight > 0 && !self.versions.contains(&version) {
            self.versions.push(version);
        }
        count(
            weight,
            &mut self.images,
            page.images
                .iter()
                .map(|it| key(&noise::normal_url(&it.src))),
        );
        let sources = page.scripts.iter().filter_map(|it| it.src.as_deref());
        count(
            weight,
            &mut self.scripts,
            sources.map(|it| key(&noise::normal_url(it))),
        );
        let domains = |hosts: Vec<&str>| -> Vec<String> {
            let hosts: BTreeSet<&str> = hosts.into_iter().filter(|it| !it.is_empty()).collect();
            hosts.into_iter().map(registrable).collect()
        };
        self.link_domains.extend(domains(
            page.links.iter().map(|it| it.host.as_str()).collect(),
        ));
        self.script_domains.extend(domains(
            page.scripts.iter().map(|it| it.host.as_str()).collect(),
        ));
        self.frame_domains.extend(domains(
            page.frames.iter().map(|it| it.host.as_str()).collect(),
        ));
        self.form_domains.extend(domains(
            page.forms.iter().map(|it| it.host.as_str()).collect(),
        ));
        self.image_domains.extend(domains(
            page.images.iter().map(|it| it.host.as_str()).collect(),
        ));
        self.relation_domains.extend(domains(
            page.relations.iter().map(|it| it.host.as_str()).collect(),
        ));
        self.inline_scripts.extend(
            page.scripts
                .iter()
                .filter(|it| it.src.is_none())
                .map(|it| it.key),
        );
        let own = page.domain();
        self.own_link_texts.extend(
            page.links
                .iter()
                .filter(|it| !it.text.is_empty() && registrable(&it.host) == own)
                .map(|it| key(&it.text)),
        );
        self.meta.extend(
            page.meta
                .iter()
                .map(|(name, content)| meta_key(name, content)),
        );
        self.refreshes.extend(page.refreshes.iter().cloned());
        self.titles.extend(page.title.iter().cloned());
        self.langs.extend(page.lang.iter().cloned());
        self.dark |= page.dark;
        self.media = self.media.max(page.media);
        self.frames = self.frames.max(page.frames.len());
        self.hidden_links = self
            .hidden_links
            .max(page.links.iter().filter(|it| it.hidden.is_some()).count());
        for text in texts(page) {
            if told.insert(key(text)) {
                writing::count(text, &mut self.letters);
                self.folded.push_str(&fold(text));
                self.folded.push('\n');
            }
        }
        self.asks.extend(page.asks.iter().cloned());
        self.own_urls = page
            .links
            .iter()
            .filter(|it| !it.host.is_empty() && registrable(&it.host) == own && it.hidden.is_none())
            .map(|it| it.url.clone())
            .take(OWN_KEPT)
            .collect();
        self.own_files = page
            .images
            .iter()
            .filter(|it| !it.host.is_empty() && registrable(&it.host) == own)
            .map(|it| it.src.clone())
            .chain(self.own_urls.iter().cloned())
            .take(OWN_KEPT)
            .collect();
        self.lines = lines(page);
        self.title = page.title.clone();
    }

    /// Whether something seen in `count` looks is part of what stays: in all of one or two looks, in
    /// four of five of more.
    pub fn is_stable(&self, count: u16) -> bool {
        u32::from(count) * 5 >= u32::from(self.looks) * 4
    }

    /// How much of what stays is still in `now`, 0..1; `None` where nothing stays.
    pub fn kept(&self, seen: &Seen, now: &HashSet<u64>) -> Option<f64> {
        let stable = seen.iter().filter(|(_, count)| self.is_stable(**count));
        let (mut all, mut kept) = (0u32, 0u32);
        for (key, _) in stable {
            all += 1;
            kept += u32::from(now.contains(key));
        }
        (all > 0).then(|| f64::from(kept) / f64::from(all))
    }

    /// The same where a page has several faces that share little (A/B pages, a splash page now and then): the face
    /// that `now` looks most like counts. `part` picks what of a face is compared.
    pub fn kept_of_a_face(
        &self,
        seen: &Seen,
        now: &HashSet<u64>,
        part: fn(&Version) -> &Vec<u64>,
    ) -> Option<f64> {
        let whole = self.kept(seen, now);
        let stable = seen.values().filter(|it| self.is_stable(**it)).count();
        let faces = self.versions.iter().map(part).filter(|it| !it.is_empty());
        let largest = faces.clone().map(Vec::len).max().unwrap_or(0);
        if stable * 2 >= largest {
            return whole;
        }
        let share = |face: &Vec<u64>| {
            let same = face.iter().filter(|it| now.contains(it)).count();
            same as f64 / face.len() as f64
        };
        faces.map(share).chain(whole).max_by(f64::total_cmp)
    }
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

fn count(weight: u16, seen: &mut Seen, keys: impl Iterator<Item = u64>) {
    let once: HashSet<u64> = keys.collect();
    for key in once {
        let count = seen.entry(key).or_default();
        *count += weight;
    }
}

fn median(mut values: Vec<usize>) -> usize {
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or(0)
}
