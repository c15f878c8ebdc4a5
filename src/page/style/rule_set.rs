//! Rules of style, found by the last compound of their selectors.

use std::collections::HashMap;

use scraper::node::Element;
use url::Url;

use super::{
    declared::{Declaration, address, declarations, split},
    selector::Selector,
    sheet::{self, Loads, Sheet},
};
use crate::page::{links, outline::classes, truncate::floor};

/// Most bytes of style text and most selectors that are read together; honest pages have some hundred KiB.
const STYLE_BYTES: usize = 512 << 10;
const SELECTORS: usize = 12 << 10;
/// Longest list of selectors of one rule, in bytes.
const LONGEST: usize = 4 << 10;
/// Most bytes of a value in a rule: every element that matches reads it again.
const VALUE: usize = 2 << 10;
/// Most selectors that fit any element: each is compared with every element.
const ANY: usize = 128;
/// Properties by which a class shows an element, and most selectors of such classes: each is compared with every hidden
/// element.
const SHOWS: &[&str] = &[
    "display",
    "visibility",
    "opacity",
    "left",
    "max-height",
    "height",
    "transform",
];
const ADDERS: usize = 500;
/// Bytes of memory of a selector and of a declaration, roughly.
const SELECTOR: usize = 400;
const DECLARED: usize = 48;

/// Rules that were read from texts of style.
#[derive(Debug, Default)]
pub(in crate::page) struct RuleSet {
    pub(super) blocks: Vec<Vec<Declaration>>,
    /// Selectors, and the places of their blocks.
    pub(super) selectors: Vec<(Selector, usize)>,
    pub(super) elements: Index,
    pub(super) drawn: Index,
    /// Selectors of elements by the classes after their first name: `.modal` of `.show.modal`.
    pub(super) states: Index,
    /// Selectors of elements that got a class, and are shown by it or moved.
    pub(super) adders: Vec<u32>,
    pub loads: Loads,
    read: usize,
}

/// Places of selectors, by id, class or tag; those without such a name fit any element.
#[derive(Debug, Default)]
pub(super) struct Index {
    ids: Named,
    classes: Named,
    tags: Named,
    any: Vec<u32>,
}

type Named = HashMap<String, Vec<u32>>;

impl Index {
    pub fn is_empty(&self) -> bool {
        self.any.is_empty()
            && [&self.ids, &self.classes, &self.tags]
                .iter()
                .all(|it| it.is_empty())
    }

    fn put(&mut self, name: Option<(u8, &str)>, at: u32) {
        let (named, name) = match name {
            Some((b'#', name)) => (&mut self.ids, name),
            Some((b'.', name)) => (&mut self.classes, name),
            Some((_, name)) => (&mut self.tags, name),
            None if self.any.len() < ANY => return self.any.push(at),
            None => return,
        };
        named.entry(name.to_owned()).or_default().push(at);
    }

    /// Calls `each` with the places of the selectors that may fit the element.
    pub fn fitting(&self, element: &Element, mut each: impl FnMut(u32)) {
        let mut all = |named: &Named, name: &str| {
            named
                .get(name)
                .into_iter()
                .flatten()
                .for_each(|it| each(*it));
        };
        all(&self.tags, element.name());
        if let Some(id) = element.attr("id") {
            all(&self.ids, id);
        }
        if !self.classes.is_empty() {
            classes(element).for_each(|it| all(&self.classes, it));
        }
        self.any.iter().for_each(|it| each(*it));
    }
}

impl RuleSet {
    /// The rules of texts in their order. With `unsure`, rules under conditions that may not hold are kept as well: they
    /// match no element, but tell of other states of the page.
    pub fn of<'a>(sheets: impl IntoIterator<Item = &'a Sheet>, unsure: bool) -> Self {
        let mut it = Self::default();
        for sheet in sheets {
            it.add(sheet, unsure);
        }
        it
    }

    fn add(&mut self, sheet: &Sheet, unsure: bool) {
        let end = floor(&sheet.css, STYLE_BYTES.saturating_sub(self.read));
        self.read += end;
        let mut loads = std::mem::take(&mut self.loads);
        sheet::rules(&sheet.css[..end], &mut loads, |list, block, holds| {
            if holds || unsure {
                self.rule(list, block, holds);
            }
        });
        self.loads = loads;
    }

    fn rule(&mut self, list: &str, block: &str, holds: bool) {
        if list.len() > LONGEST || self.selectors.len() >= SELECTORS {
            return;
        }
        let mut block = declarations(&sheet::unnested(block));
        for it in &mut block {
            it.value.truncate(floor(&it.value, VALUE));
        }
        if block.is_empty() {
            return;
        }
        let shows = block.iter().any(|it| SHOWS.contains(&it.name));
        self.blocks.push(block);
        for mut selector in split(list, b',').filter_map(Selector::parse) {
            let at = self.selectors.len() as u32;
            if !holds {
                selector.doubt();
            }
            if selector.drawn.is_some() {
                self.drawn.put(selector.name(), at);
            } else {
                if shows && selector.adds_class() && self.adders.len() < ADDERS {
                    self.adders.push(at);
                }
                self.elements.put(selector.name(), at);
                for class in selector.further_classes() {
                    self.states.put(Some((b'.', class)), at);
                }
            }
            self.selectors.push((selector, self.blocks.len() - 1));
        }
    }

    /// Makes the addresses in values absolute: those of a style sheet are relative to its own address.
    pub(super) fn resolve(&mut self, base: &Url) {
        for it in self.blocks.iter_mut().flatten() {
            let Some(written) = address(&it.value) else {
                continue;
            };
            if !written.starts_with("data:") {
                it.value = it
                    .value
                    .replacen(written, &links::resolve(base, written).0, 1);
            }
        }
    }

    /// Whether rules may have been left out.
    pub(super) fn is_full(&self) -> bool {
        self.selectors.len() >= SELECTORS || self.read >= STYLE_BYTES
    }

    /// Bytes of memory, roughly.
    pub fn bytes(&self) -> usize {
        let declared = self.blocks.iter().flatten();
        let declared: usize = declared.map(|it| it.value.len() + DECLARED).sum();
        self.selectors.len() * SELECTOR + declared + 1024
    }
}
