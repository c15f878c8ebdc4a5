//! What a detector is shown.

use std::{
    borrow::Cow,
    cell::{OnceCell, RefCell},
    collections::{BTreeSet, HashMap, HashSet},
};

use super::{
    expect::{Expect, Role},
    hosts,
    phrases::{REPORTED, SOBER},
};
use crate::{
    diff::{Change, Norm, compare},
    model::{Say, excerpt},
    page::{
        Block, Form, Frame, Image, Link, Page, Script, fold::fold, patience, registrable, script,
    },
};

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
    codes: OnceCell<Vec<Code<'a>>>,
    sober: OnceCell<usize>,
    first: OnceCell<Vec<&'a Block>>,
}

/// Inline code that runs and is new, with what it carries in disguise.
pub struct Code<'a> {
    pub script: &'a Script,
    pub layers: Vec<script::Layer>,
}

impl Code<'_> {
    /// Whether the code or anything inside it holds `text`.
    pub fn holds(&self, text: &str) -> bool {
        self.script.code.contains(text) || self.layers.iter().any(|it| it.text.contains(text))
    }

    /// Hosts of absolute URLs in the code and inside it, in order.
    pub fn hosts(&self) -> impl Iterator<Item = String> {
        std::iter::once(self.script.code.as_str())
            .chain(self.layers.iter().map(|it| it.text.as_str()))
            .flat_map(hosts_in)
    }
}

/// Code of all pieces that is looked into, in bytes: a page may hold megabytes of it.
const CODE_READ: usize = 512 << 10;
/// Texts in which words of reporting are counted, and how many make a sober page.
const SOBER_TEXTS: usize = 400;
const SOBER_PAGE: usize = 4;
/// Words and links of a page that is more than a poster.
const FULL: usize = 150;
const LINKED: usize = 10;
/// Text that scripts write is looked at in so many lines.
const WRITTEN: usize = 200;

/// Where a text stands: the louder the place, the more a phrase there means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Title,
    Heading,
    Block,
    Hidden,
    /// Title, alternative text and data for machines.
    Meta,
    /// Written by a script.
    Written,
}

/// One text as it stands and folded for phrase search.
pub struct Text<'a> {
    pub place: Place,
    pub raw: Cow<'a, str>,
    pub folded: String,
    pub linked: bool,
}

impl<'a> View<'a> {
    pub fn new(page: &'a Page, norm: &'a Norm, expect: &'a Expect) -> Self {
        let change = (norm.looks > 0).then(|| compare(norm, page));
        let mut texts = texts(page, change.as_ref());
        let codes = OnceCell::new();
        texts.extend(written(
            codes.get_or_init(|| codes_of(page, change.as_ref())),
        ));
        Self {
            page,
            norm,
            words: page.words(),
            texts,
            asked: RefCell::default(),
            codes,
            sober: OnceCell::new(),
            first: OnceCell::new(),
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
        // once patience is lost no result is used, so any answer will do
        let known = patience::step(self.norm.folded.len()) || self.norm.folded.contains(phrase);
        asked.insert(phrase.to_owned(), known);
        known
    }

    /// The first things that a visitor reads.
    pub fn first_read(&self) -> &[&'a Block] {
        self.first
            .get_or_init(|| self.page.visible().take(3).collect())
    }

    /// Links that are new; all of them at first sight. The same holds for the next three.
    pub fn links(&self) -> Vec<&'a Link> {
        self.new_parts(|it| &it.links, &self.page.links)
    }

    pub fn scripts(&self) -> Vec<&'a Script> {
        self.new_parts(|it| &it.scripts, &self.page.scripts)
    }

    /// New inline code that runs.
    pub fn codes(&self) -> &[Code<'a>] {
        self.codes.get().map_or(&[], Vec::as_slice)
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

    /// Different words of reporting, law and advice in what the page shows.
    pub fn soberness(&self) -> usize {
        *self.sober.get_or_init(|| {
            let mut seen: BTreeSet<&str> = BTreeSet::new();
            for text in self.texts.iter().take(SOBER_TEXTS) {
                seen.extend(
                    REPORTED
                        .find(&text.folded)
                        .chain(SOBER.find(&text.folded))
                        .map(|it| it.phrase),
                );
            }
            seen.len()
        })
    }

    /// The page reports, rules or advises; it speaks of attacks rather than being one.
    pub fn is_sober(&self) -> bool {
        self.soberness() >= SOBER_PAGE
    }

    /// More than a poster: a page with things to read and places to go, or one that reports.
    pub fn is_full(&self) -> bool {
        self.words > FULL && (self.page.links.len() >= LINKED || self.is_sober())
    }

    /// Share of the stable page still there; 1 at first sight.
    pub fn kept(&self) -> f64 {
        self.change.as_ref().map_or(1.0, Change::kept)
    }

    /// Whether the host is foreign for any use: not the portal's own, not allowed, never used by the portal before, and
    /// no service that sites commonly embed.
    pub fn is_foreign(&self, host: &str) -> bool {
        self.is_foreign_as(host, Role::Any)
    }

    /// Like [`Self::is_foreign`], for one use of the host: a host known for pictures may not run code.
    pub fn is_foreign_as(&self, host: &str, role: Role) -> bool {
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
        !own && !allowed && !hosts::is_well_known(&domain) && !self.is_known_as(&domain, role)
    }

    fn is_known_as(&self, domain: &str, role: Role) -> bool {
        let norm = self.norm;
        let known: &[&HashSet<String>] = match role {
            Role::Any => &[
                &norm.link_domains,
                &norm.script_domains,
                &norm.frame_domains,
                &norm.form_domains,
                &norm.image_domains,
            ],
            // a domain that the portal has always named as its own address (canonical and the like) is its own
            Role::Script => &[&norm.script_domains, &norm.relation_domains],
            Role::Reached => &[
                &norm.script_domains,
                &norm.frame_domains,
                &norm.relation_domains,
            ],
            Role::Frame => &[&norm.frame_domains, &norm.relation_domains],
            Role::Form => &[&norm.form_domains, &norm.relation_domains],
        };
        known.iter().any(|it| it.contains(domain))
    }

    /// Foreign, and not a public body either (whose links are ordinary news).
    pub fn is_strange(&self, host: &str) -> bool {
        self.is_strange_as(host, Role::Any)
    }

    pub fn is_strange_as(&self, host: &str, role: Role) -> bool {
        self.is_foreign_as(host, role) && !hosts::is_public_body(host)
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
        if patience::is_lost() {
            return;
        }
        let folded = fold(raw);
        if !folded.is_empty() {
            out.push(Text {
                place,
                raw: Cow::Borrowed(raw),
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
    let said: Vec<&str> = blocks.iter().map(|it| it.text.as_str()).collect();
    for block in blocks {
        let place = match block.hidden {
            Some(_) => Place::Hidden,
            None if headings.contains(block.text.as_str()) => Place::Heading,
            None => Place::Block,
        };
        put(place, &block.text, block.linked);
    }
    for spelt in spelt_in_blocks(&said) {
        let folded = fold(&spelt);
        out.push(Text {
            place: Place::Block,
            raw: Cow::Owned(spelt),
            folded,
            linked: false,
        });
    }
    let mut put = |place, raw: &'a str, linked| {
        let folded = fold(raw);
        if !folded.is_empty() {
            out.push(Text {
                place,
                raw: Cow::Borrowed(raw),
                folded,
                linked,
            });
        }
    };
    for (name, content) in meta {
        let told = ["description", "keywords", "author"].contains(&name.as_str())
            || name.starts_with("og:")
            || name.starts_with("twitter:");
        if told {
            put(Place::Meta, content, false);
        }
    }
    let images: Vec<&'a Image> = match change {
        Some(change) => change.images.clone(),
        None => page.images.iter().collect(),
    };
    for image in images {
        if image.alt.len() > 3 {
            put(Place::Meta, &image.alt, false);
        }
    }
    out
}

/// Letters that stand in blocks of their own, one below or beside the other, as the words they make.
fn spelt_in_blocks(blocks: &[&str]) -> Vec<String> {
    let mut out = Vec::new();
    let mut run = String::new();
    for text in blocks.iter().chain(&["end of the page"]) {
        if text.chars().count() <= 2 && text.chars().any(char::is_alphanumeric) {
            run.push_str(text);
        } else {
            // four letters are a word; table cells hold numbers
            if run.chars().filter(|it| it.is_alphabetic()).count() >= 6 {
                out.push(std::mem::take(&mut run));
            }
            run.clear();
        }
    }
    out
}

fn codes_of<'a>(page: &'a Page, change: Option<&Change<'a>>) -> Vec<Code<'a>> {
    let scripts: Vec<&'a Script> = match change {
        Some(change) => change.scripts.clone(),
        None => page.scripts.iter().collect(),
    };
    let mut room = CODE_READ;
    let mut out = Vec::new();
    for script in scripts.into_iter().filter(|it| !it.code.is_empty()) {
        let Some(left) = room.checked_sub(script.code.len()) else {
            continue;
        };
        room = left;
        let layers = script::layers(&script.code);
        out.push(Code { script, layers });
    }
    out
}

/// What scripts write into the page, and what data blocks tell machines.
fn written(codes: &[Code<'_>]) -> Vec<Text<'static>> {
    let mut out = Vec::new();
    for code in codes {
        let place = if code.script.runs {
            Place::Written
        } else {
            Place::Meta
        };
        let lines = code
            .layers
            .iter()
            .filter(|it| it.text.contains(' ') || !it.text.is_ascii())
            .flat_map(|it| script::shown(&it.text))
            .filter(|it| it.len() >= 6 && !looks_like_code(it));
        let lines: Vec<String> = lines.take(10 * WRITTEN).collect();
        let tail = lines.len().saturating_sub(WRITTEN / 2).max(WRITTEN / 2);
        let ends = lines
            .iter()
            .enumerate()
            .filter(|(at, _)| *at < WRITTEN / 2 || *at >= tail);
        for line in ends.map(|it| it.1.clone()) {
            let folded = fold(&line);
            if !folded.is_empty() {
                out.push(Text {
                    place,
                    raw: Cow::Owned(line),
                    folded,
                    linked: false,
                });
            }
        }
    }
    out
}

/// Code, selectors and addresses are no text, whatever words stand in them.
fn looks_like_code(line: &str) -> bool {
    let signs = line
        .chars()
        .filter(|it| "{}();=<>&\\/%".contains(*it))
        .count();
    signs * 8 > line.chars().count()
}

/// Hosts after `//` in a text.
fn hosts_in(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let text = text.replace("\\/", "/");
    for part in text.split("//").skip(1).take(64) {
        let host: String = part
            .chars()
            .take_while(|it| it.is_alphanumeric() || matches!(it, '.' | '-'))
            .take(253)
            .collect();
        let host = host.trim_matches('.').to_ascii_lowercase();
        let name = host.rsplit('.').next().unwrap_or_default();
        if host.contains('.') && name.len() >= 2 && name.chars().all(char::is_alphabetic) {
            out.push(host);
        }
    }
    out
}
