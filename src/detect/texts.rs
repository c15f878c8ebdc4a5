//! The texts of a page that detectors read: as browsers show them, not as they are written.

use std::{borrow::Cow, collections::BTreeSet};

use super::text_shown;
use crate::{
    diff::Change,
    page::{Block, Image, Page, cancel, fold::fold},
};

/// The place of a text: a phrase means more in a louder place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Title,
    Heading,
    Block,
    Hidden,
    /// Alternative text, meta content and data for machines.
    Meta,
    /// Text that a script writes.
    Written,
}

/// One text as it is on the page, and folded for phrase search.
pub struct Text<'a> {
    pub place: Place,
    pub raw: Cow<'a, str>,
    pub folded: String,
    pub linked: bool,
}

/// The new texts of a page in the order of the page; all texts without a change.
pub(super) fn texts<'a>(page: &'a Page, change: Option<&Change<'a>>) -> Vec<Text<'a>> {
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
        if cancel::is_cancelled() {
            return;
        }
        let raw = text_shown::turned(raw).map_or(Cow::Borrowed(raw), Cow::Owned);
        let folded = fold(&raw);
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
    let said: Vec<&str> = blocks.iter().map(|it| it.text.as_str()).collect();
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
    let images: Vec<&'a Image> = match change {
        Some(change) => change.images.clone(),
        None => page.images.iter().collect(),
    };
    for image in images {
        if image.alt.len() > 3 {
            put(Place::Meta, &image.alt, false);
        }
    }
    out.extend(undone(page, &said));
    out
}

/// Texts that visitors see and no block holds.
fn undone<'a>(page: &'a Page, said: &[&str]) -> Vec<Text<'a>> {
    spelt_in_blocks(said)
        .into_iter()
        .chain(text_shown::rejoined(page))
        .chain(text_shown::mirrored(said))
        .map(|text| Text {
            place: Place::Block,
            folded: fold(&text),
            raw: Cow::Owned(text),
            linked: false,
        })
        .collect()
}

/// Words spelt in blocks of one or two letters, one below or beside the other.
fn spelt_in_blocks(blocks: &[&str]) -> Vec<String> {
    let mut out = Vec::new();
    let mut run = String::new();
    for text in blocks.iter().chain(&["end of the page"]) {
        if text.chars().count() <= 2 && text.chars().any(char::is_alphanumeric) {
            run.push_str(text);
        } else {
            // four letters would be a word, but table cells hold short texts, too: six are needed
            if run.chars().filter(|it| it.is_alphabetic()).count() >= 6 {
                out.push(std::mem::take(&mut run));
            }
            run.clear();
        }
    }
    out
}
