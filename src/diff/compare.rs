//! Compares a page with its norm: what is new on the page, and what share of the stable page is still there.

use std::collections::HashSet;

use super::{features::meta_key, norm::Norm, places};
use crate::{
    model::digest::key,
    page::{
        Block, Form, Frame, Image, Link, Page, Relation, Script, Usage, Use, noise,
        place::{path, upload},
        registrable,
    },
};

/// The difference between a page and its norm. The lists hold the parts that the norm does not know.
#[derive(Clone, Debug)]
pub struct Change<'a> {
    /// Shares, 0 to 1, of the stable text blocks, template keys, links and scripts that are still there; `None` if no
    /// part of that kind is stable.
    pub kept_blocks: Option<f64>,
    pub kept_skeleton: Option<f64>,
    pub kept_links: Option<f64>,
    pub kept_scripts: Option<f64>,
    pub blocks: Vec<&'a Block>,
    pub links: Vec<&'a Link>,
    pub scripts: Vec<&'a Script>,
    pub frames: Vec<&'a Frame>,
    pub forms: Vec<&'a Form>,
    pub images: Vec<&'a Image>,
    pub meta: Vec<&'a (String, String)>,
    /// Whether the title is unknown, or missing although earlier looks had one.
    pub title: bool,
    pub refreshes: Vec<&'a String>,
    /// Relations to places that no relation of earlier looks named.
    pub relations: Vec<&'a Relation>,
    pub lang: bool,
    /// Uses in ways in which no look used the place.
    pub uses: Vec<&'a Use>,
}

impl Change<'_> {
    /// Share, 0 to 1, of the stable page that is still there. Template and links weigh more than text, which news
    /// replaces. Kinds of parts that the page never had do not count.
    pub fn kept(&self) -> f64 {
        let parts = [
            (0.4, self.kept_skeleton),
            (0.3, self.kept_links),
            (0.2, self.kept_blocks),
            (0.1, self.kept_scripts),
        ];
        let known = parts
            .iter()
            .filter_map(|(weight, kept)| kept.map(|it| (*weight, it)));
        let (whole, sum): (f64, f64) = known.fold((0.0, 0.0), |(whole, sum), (weight, kept)| {
            (whole + weight, sum + weight * kept)
        });
        if whole > 0.0 { sum / whole } else { 1.0 }
    }

    /// Whether nothing that a detector reads is new.
    pub fn is_nothing(&self) -> bool {
        self.blocks.is_empty()
            && self.links.is_empty()
            && self.scripts.is_empty()
            && self.frames.is_empty()
            && self.forms.is_empty()
            && self.meta.is_empty()
            && !self.title
            && self.refreshes.is_empty()
            && self.relations.is_empty()
            && !self.lang
            && self.uses.is_empty()
            && self.kept() > 0.9
    }
}

/// Hash of a URL without the parts that vary between looks.
fn url_key(url: &str) -> u64 {
    key(&noise::normal_url(url))
}

/// Compares a page with its norm. The result has no meaning for a norm of no looks (`norm.looks == 0`).
pub fn compare<'a>(norm: &Norm, page: &'a Page) -> Change<'a> {
    let link_keys: Vec<u64> = page.links.iter().map(|it| url_key(&it.url)).collect();
    let blocks: HashSet<u64> = page.blocks.iter().map(|it| it.key).collect();
    let skeleton: HashSet<u64> = page.skeleton.iter().copied().collect();
    let links: HashSet<u64> = link_keys.iter().copied().collect();
    let sources = page.scripts.iter().filter_map(|it| it.src.as_deref());
    let scripts: HashSet<u64> = sources.map(url_key).collect();
    let known = Known::of(norm, page);
    Change {
        kept_blocks: norm.kept(&norm.blocks, &blocks),
        kept_skeleton: norm.kept_of_a_face(&norm.skeleton, &skeleton, |it| &it.skeleton),
        kept_links: norm.kept_of_a_face(&norm.links, &links, |it| &it.links),
        kept_scripts: norm.kept(&norm.scripts, &scripts),
        blocks: page
            .blocks
            .iter()
            .filter(|it| !norm.blocks.contains_key(&it.key))
            .collect(),
        links: page
            .links
            .iter()
            .zip(&link_keys)
            .filter(|(_, key)| !norm.links.contains_key(key))
            .map(|(link, _)| link)
            .collect(),
        scripts: new_ones(&page.scripts, |it| known.lacks_script(it)),
        frames: new_ones(&page.frames, |it| {
            known.lacks(Usage::Frame, &it.src, &it.host)
        }),
        forms: new_ones(&page.forms, |it| known.lacks_form(it)),
        images: page
            .images
            .iter()
            .filter(|it| !norm.images.contains_key(&url_key(&it.src)))
            .collect(),
        meta: page
            .meta
            .iter()
            .filter(|(name, content)| {
                !noise::is_noisy_meta(name) && !norm.meta.contains(&meta_key(name, content))
            })
            .collect(),
        title: !page
            .title
            .as_ref()
            .map_or(norm.titles.is_empty(), |it| norm.titles.contains(it)),
        refreshes: page
            .refreshes
            .iter()
            .filter(|it| !norm.refreshes.contains(*it))
            .collect(),
        relations: new_ones(&page.relations, |it| {
            known.lacks(Usage::Relation, &it.url, &it.host)
        }),
        lang: page
            .lang
            .as_ref()
            .is_some_and(|it| !norm.langs.is_empty() && !norm.langs.contains(it)),
        uses: new_ones(&page.uses, |it| known.lacks(it.usage, &it.url, &it.host)),
    }
}

fn new_ones<T>(all: &[T], is_new: impl Fn(&T) -> bool) -> Vec<&T> {
    all.iter().filter(|it| is_new(it)).collect()
}

/// The places that a norm knows, asked for the parts of a page.
struct Known<'a> {
    norm: &'a Norm,
    /// The page's own registrable domain.
    own: String,
}

impl<'a> Known<'a> {
    fn of(norm: &'a Norm, page: &Page) -> Self {
        let own = page.domain();
        Self { norm, own }
    }

    fn lacks(&self, usage: Usage, url: &str, host: &str) -> bool {
        let holds = || {
            let place = places::name(usage, url, host, &self.own);
            self.norm.holds(usage, &place)
        };
        !host.is_empty() && !holds()
    }

    fn lacks_script(&self, script: &Script) -> bool {
        match &script.src {
            Some(src) => self.lacks(Usage::Code, src, &script.host),
            None => !script.code.is_empty() && !self.norm.inline_scripts.contains(&script.key),
        }
    }

    /// Forms that post to the portal itself are ordinary, except those that post to its uploads.
    fn lacks_form(&self, form: &Form) -> bool {
        let elsewhere = registrable(&form.host) != self.own || upload(path(&form.action)).is_some();
        elsewhere && self.lacks(Usage::Form, &form.action, &form.host)
    }
}
