//! Headings and the template's skeleton: the ids and classes that the page consists of.

use std::{
    collections::HashSet,
    hash::{BuildHasher, RandomState},
};

use scraper::node::Element;

use super::noise;
use crate::model::digest::key;

/// A heading, `h1` to `h6`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heading {
    /// 1 to 6.
    pub level: u8,
    pub text: String,
}

/// Collects the hashes of `tag#id` and `tag.class`: news leave them as they are, another template does not.
#[derive(Default)]
pub(super) struct Tokens {
    keys: HashSet<u64>,
    /// Digests of the tags and class lists read so far, under a key of this process: most elements repeat an earlier
    /// list.
    seen: HashSet<u64>,
    hasher: RandomState,
}

impl Tokens {
    /// Adds the id and the classes of one element.
    pub fn take(&mut self, element: &Element) {
        let tag = element.name();
        if let Some(id) = element.attr("id").filter(|it| it.len() <= LONGEST_NAME) {
            self.keys
                .insert(key(&format!("{tag}#{}", noise::normal(id))));
        }
        let Some(listed) = element.attr("class") else {
            return;
        };
        if self.seen.insert(self.hasher.hash_one((tag, listed))) {
            let keys = classes(element).map(|it| key(&format!("{tag}.{}", noise::normal(it))));
            self.keys.extend(keys);
        }
    }

    /// The hashes, ascending.
    pub fn skeleton(self) -> Vec<u64> {
        let mut keys: Vec<u64> = self.keys.into_iter().collect();
        keys.sort_unstable();
        keys
    }
}

/// Longest id or class in bytes: a longer one is no name.
const LONGEST_NAME: usize = 256;

/// The first 16 classes of an element. `Element::classes` is not used, since it interns every class in a table that
/// lives as long as the process.
pub(super) fn classes(element: &Element) -> impl Iterator<Item = &str> {
    element
        .attr("class")
        .unwrap_or_default()
        .split_ascii_whitespace()
        .filter(|it| it.len() <= LONGEST_NAME)
        .take(16)
}

/// The level of a heading element, 1 to 6; `None` for other tags.
pub fn heading_level(tag: &str) -> Option<u8> {
    match tag.as_bytes() {
        [b'h', digit @ b'1'..=b'6'] => Some(digit - b'0'),
        _ => None,
    }
}
