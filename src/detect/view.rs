//! The view that a detector gets: the page, its norm, and texts that several detectors need.

use std::{
    borrow::Cow,
    cell::{OnceCell, RefCell},
    collections::{BTreeSet, HashMap, HashSet},
};

use super::{
    code::{Code, codes_of},
    drawn::drawn,
    expect::Expectations,
    familiar::Familiar,
    phrases::{REPORTED, SOBER},
    pins::{KnownPin, known_pins},
    texts::{Place, Text, texts},
    viet,
};
use crate::{
    diff::{Change, Norm, compare, pins},
    model::{Localized, excerpt},
    page::{
        Block, Form, Frame, Link, Page, Script, cancel,
        capability::{Capability, Done},
        fold::fold,
        script,
    },
};

/// What a detector found: the strength (0 to 1), the sentence and its arguments, and an excerpt as proof.
pub struct Found {
    pub strength: f64,
    pub say: Localized,
    pub excerpt: String,
}

impl Found {
    /// Clamps the strength to 0..1, and cuts the excerpt of `shown` to 160 characters and defangs it.
    pub fn new(strength: f64, say: Localized, shown: &str) -> Self {
        Self {
            strength: strength.clamp(0.0, 1.0),
            say,
            excerpt: excerpt::defang_text(&excerpt::excerpt(shown, 160)),
        }
    }
}

/// A page, its norm, and the difference between them; texts that several detectors need are made once.
pub struct View<'a> {
    pub page: &'a Page,
    pub norm: &'a Norm,
    /// `None` without a baseline.
    pub change: Option<Change<'a>>,
    pub expect: &'a Expectations,
    /// Number of visible words.
    pub words: usize,
    /// Texts new to the page; all texts without a baseline.
    pub texts: Vec<Text<'a>>,
    asked: RefCell<HashMap<String, bool>>,
    codes: OnceCell<Vec<Code<'a>>>,
    sober: OnceCell<usize>,
    first: OnceCell<Vec<&'a Block>>,
    pub(super) lines: OnceCell<Vec<(usize, viet::Line)>>,
    pub(super) above: OnceCell<HashSet<&'a str>>,
    pub(super) familiar: OnceCell<Familiar>,
    pins: OnceCell<Vec<pins::Pin>>,
    known_pins: OnceCell<Vec<KnownPin<'a>>>,
    pictures: OnceCell<Vec<pins::Pin>>,
}

/// Most new pictures that may stand for a code.
const PICTURES: usize = 100;
/// Most texts in which words of reporting are counted, and the number of such words that makes a sober page.
const SOBER_TEXTS: usize = 400;
const SOBER_PAGE: usize = 4;
/// Words and links of a page that is more than a poster.
const FULL: usize = 150;
const LINKED: usize = 10;
/// Most lines of text written by one script that are read: the first and the last half of this number.
const WRITTEN: usize = 200;

/// Bytes of code besides ten times the new code's from which known code is a bundle.
const BUNDLE: usize = 4000;

impl<'a> View<'a> {
    /// Compares the page with its norm and gathers its texts. A norm without looks means a page without a baseline.
    pub fn new(page: &'a Page, norm: &'a Norm, expect: &'a Expectations) -> Self {
        let change = (norm.looks > 0).then(|| compare(norm, page));
        let mut texts = texts(page, change.as_ref());
        texts.extend(drawn(page, norm));
        let codes = OnceCell::new();
        texts.extend(written(
            codes.get_or_init(|| codes_of(page, norm, change.as_ref())),
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
            lines: OnceCell::new(),
            above: OnceCell::new(),
            familiar: OnceCell::new(),
            pins: OnceCell::new(),
            known_pins: OnceCell::new(),
            pictures: OnceCell::new(),
            change,
            expect,
        }
    }

    /// Whether a phrase is in any known look. Each phrase is searched once.
    pub fn knows(&self, phrase: &str) -> bool {
        let mut asked = self.asked.borrow_mut();
        if let Some(known) = asked.get(phrase) {
            return *known;
        }
        // after cancellation no result is used, so any answer will do
        let known = cancel::step(self.norm.folded.len()) || self.norm.folded.contains(phrase);
        asked.insert(phrase.to_owned(), known);
        known
    }

    /// The first three visible blocks: what a visitor reads first.
    pub fn first_read(&self) -> &[&'a Block] {
        self.first
            .get_or_init(|| self.page.visible().take(3).collect())
    }

    /// The facts of the page that visitors act on.
    pub fn pins(&self) -> &[pins::Pin] {
        self.pins
            .get_or_init(|| pins::with_codes(self.page, &self.expect.codes))
    }

    /// The facts that known looks had, or that officers named.
    pub fn known_pins(&self) -> &[KnownPin<'a>] {
        self.known_pins
            .get_or_init(|| known_pins(self.norm, self.expect))
    }

    /// New pictures of the page that it does not call codes, as the facts that they would be.
    pub fn pictures(&self) -> &[pins::Pin] {
        self.pictures.get_or_init(|| {
            let images = self.change.iter().flat_map(|it| &it.images);
            let pins = images.map(|it| pins::picture_at(self.page, it));
            let called = |it: &pins::Pin| self.pins().iter().any(|pin| pin.shown == it.shown);
            pins.take(PICTURES).filter(|it| !called(it)).collect()
        })
    }

    /// Links that are new; all of them without a baseline.
    pub fn links(&self) -> Vec<&'a Link> {
        self.new_parts(|it| &it.links, &self.page.links)
    }

    /// Scripts that are new; all of them without a baseline.
    pub fn scripts(&self) -> Vec<&'a Script> {
        self.new_parts(|it| &it.scripts, &self.page.scripts)
    }

    /// New inline code and data blocks, up to 512 KiB together; ask [`Script::runs`] for what browsers run.
    pub fn codes(&self) -> &[Code<'a>] {
        self.codes.get().map_or(&[], Vec::as_slice)
    }

    /// New code that does what no code of this portal ever did, and how. A bundle can do much: it does not speak for a few
    /// lines.
    pub fn newly_done(&self, capability: Capability) -> impl Iterator<Item = (&Code<'a>, &Done)> {
        let known = self.norm.capabilities & capability.bit() != 0;
        let sizes = self.norm.builds.iter();
        let sizes = sizes.filter(|it| it.capabilities & capability.bit() != 0);
        let least = sizes.map(|it| it.size as usize).min().unwrap_or(0);
        let is_new = move |it: &&Code| {
            !known || least > BUNDLE.saturating_add(it.script.code.len().saturating_mul(10))
        };
        let codes = self
            .codes()
            .iter()
            .filter(move |it| it.script.runs && is_new(it) && !it.always_did(capability));
        codes.filter_map(move |it| Some((it, it.reading.does(capability)?)))
    }

    /// Frames that are new; all of them without a baseline.
    pub fn frames(&self) -> Vec<&'a Frame> {
        self.new_parts(|it| &it.frames, &self.page.frames)
    }

    /// Forms that are new; all of them without a baseline.
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

    /// Number of different words of reporting, law and advice in the new texts.
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

    /// Whether the page reports, rules or advises: it is about attacks, and is none itself.
    pub fn is_sober(&self) -> bool {
        self.soberness() >= SOBER_PAGE
    }

    /// Whether the page is more than a poster: one with text and links, or one that reports.
    pub fn is_full(&self) -> bool {
        self.words > FULL && (self.page.links.len() >= LINKED || self.is_sober())
    }

    /// Share, 0 to 1, of the stable page that is still there; 1 without a baseline.
    pub fn kept(&self) -> f64 {
        self.change.as_ref().map_or(1.0, Change::kept)
    }
}

/// Text that scripts write into the page, and text in data blocks for machines.
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

/// Whether a line is code, a selector or an address: words in it are not text.
fn looks_like_code(line: &str) -> bool {
    let signs = line
        .chars()
        .filter(|it| "{}();=<>&\\/%".contains(*it))
        .count();
    signs * 8 > line.chars().count()
}
