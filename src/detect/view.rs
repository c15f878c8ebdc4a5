//! What a detector is shown.

use std::{
    cell::RefCell,
    collections::{BTreeSet, HashMap},
};

use super::hosts;
use crate::{
    diff::{Change, Norm, compare},
    model::{Say, excerpt},
    page::{Block, Form, Frame, Link, Page, Script, fold::fold, links::registrable},
};

/// What the operator said belongs to a portal.
#[derive(Clone, Debug, Default)]
pub struct Expect {
    /// Registrable domain of the registered URL.
    pub domain: String,
    pub allow_hosts: Vec<String>,
    pub must_contain: Vec<String>,
}

impl Expect {
    pub fn of(target: &crate::model::Target) -> Self {
        Self {
            domain: registrable(target.url.host_str().unwrap_or_default()),
            allow_hosts: target.allow_hosts.clone(),
            must_contain: target.must_contain.clone(),
        }
    }

    /// For a URL of which nothing else is known.
    pub fn of_url(url: &url::Url) -> Self {
        Self {
            domain: registrable(url.host_str().unwrap_or_default()),
            ..Self::default()
        }
    }
}

/// How strongly something was found (0..1), the sentence's arguments, and what to show for it.
pub struct Found {
    pub strength: f64,
    pub say: Say,
    pub excerpt: String,
}

impl Found {
    pub fn new(strength: f64, say: Say, shown: &str) -> Self {
        Self {
            strength: strength.clamp(0.0, 1.0),
            say,
            excerpt: excerpt::defang_text(&excerpt::excerpt(shown, 160)),
        }
    }
}

/// A page, what is normal for it, and the difference; texts that several detectors need, made once.
pub struct View<'a> {
    pub page: &'a Page,
    pub norm: &'a Norm,
    /// `None` at first sight.
    pub change: Option<Change<'a>>,
    pub expect: &'a Expect,
    /// Visible words.
    pub words: usize,
    /// Texts new to the page (all of them at first sight).
    pub texts: Vec<Text<'a>>,
    asked: RefCell<HashMap<String, bool>>,
}

/// Where a text stands: the louder the place, the more a phrase there means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Title,
    Heading,
    Block,
    Hidden,
    Meta,
}

/// One text as it stands and folded for phrase search.
pub struct Text<'a> {
    pub place: Place,
    pub raw: &'a str,
    pub folded: String,
    pub linked: bool,
}

impl<'a> View<'a> {
    pub fn new(page: &'a Page, norm: &'a Norm, expect: &'a Expect) -> Self {
        let change = (norm.looks > 0).then(|| compare(norm, page));
        let texts = texts(page, change.as_ref());
        Self {
            page,
            norm,
            words: page.words(),
            texts,
            asked: RefCell::default(),
            change,
            expect,
        }
    }

    /// Whether a phrase stood on an approved page. Each phrase is searched once.
    pub fn knows(&self, phrase: &str) -> bool {
        let mut asked = self.asked.borrow_mut();
        if let Some(known) = asked.get(phrase) {
            return *known;
        }
        let known = self.norm.folded.contains(phrase);
        asked.insert(phrase.to_owned(), known);
        known
    }

    /// Links that are new; all of them at first sight. The same holds for the next three.
    pub fn links(&self) -> Vec<&'a Link> {
        self.new_parts(|it| &it.links, &self.page.links)
    }

    pub fn scripts(&self) -> Vec<&'a Script> {
        self.new_parts(|it| &it.scripts, &self.page.scripts)
    }

    pub fn frames(&self) -> Vec<&'a Frame> {
        self.new_parts(|it| &it.frames, &self.page.frames)
    }

    pub fn forms(&self) -> Vec<&'a Form> {
        self.new_parts(|it| &it.forms, &self.page.forms)
    }

    fn new_parts<T>(
        &self,
        new: for<'c> fn(&'c Change<'a>) -> &'c Vec<&'a T>,
        all: &'a [T],
    ) -> Vec<&'a T> {
        match &self.change {
            Some(change) => new(change).clone(),
            None => all.iter().collect(),
        }
    }

    /// Share of the stable page still there; 1 at first sight.
    pub fn kept(&self) -> f64 {
        self.change.as_ref().map_or(1.0, Change::kept)
    }

    /// Whether a host is neither the portal's own, nor allowed, nor known on it, nor one that
    /// everybody embeds, nor a public body's.
    pub fn is_foreign(&self, host: &str) -> bool {
        if host.is_empty() {
            return false;
        }
        let domain = registrable(host);
        let own = [self.expect.domain.as_str(), &self.page.domain()].contains(&domain.as_str());
        let allowed = self.expect.allow_hosts.iter().any(|it| {
            host == it
                || host
                    .strip_suffix(it.as_str())
                    .is_some_and(|rest| rest.ends_with('.'))
        });
        let norm = self.norm;
        let known = [
            &norm.link_domains,
            &norm.script_domains,
            &norm.frame_domains,
            &norm.form_domains,
            &norm.image_domains,
        ];
        !own && !allowed
            && !hosts::is_well_known(&domain)
            && !known.iter().any(|it| it.contains(&domain))
    }

    /// Foreign, and not a public body either (whose links are ordinary news).
    pub fn is_strange(&self, host: &str) -> bool {
        self.is_foreign(host) && !hosts::is_public_body(host)
    }
}

fn texts<'a>(page: &'a Page, change: Option<&Change<'a>>) -> Vec<Text<'a>> {
    let headings: BTreeSet<&str> = page.headings.iter().map(|it| it.text.as_str()).collect();
    let blocks: Vec<&'a Block> = match change {
        Some(change) => change.blocks.clone(),
        None => page.blocks.iter().collect(),
    };
    let meta: Vec<&'a (String, String)> = match change {
        Some(change) => change.meta.clone(),
        None => page.meta.iter().collect(),
    };
    let mut out = Vec::with_capacity(blocks.len() + 8);
    let mut put = |place, raw: &'a str, linked| {
        let folded = fold(raw);
        if !folded.is_empty() {
            out.push(Text {
                place,
                raw,
                folded,
                linked,
            });
        }
    };
    if let Some(title) = &page.title
        && change.is_none_or(|it| it.title)
    {
        put(Place::Title, title, false);
    }
    for block in blocks {
        let place = match block.hidden {
            Some(_) => Place::Hidden,
            None if headings.contains(block.text.as_str()) => Place::Heading,
            None => Place::Block,
        };
        put(place, &block.text, block.linked);
    }
    for (name, content) in meta {
        let told = ["description", "keywords", "author"].contains(&name.as_str())
            || name.starts_with("og:")
            || name.starts_with("twitter:");
        if told {
            put(Place::Meta, content, false);
        }
    }
    out
}
