//! Headings and the template's skeleton: which ids and classes the page is made of.

use std::{
    collections::HashSet,
    hash::{BuildHasher, RandomState},
};

use scraper::node::Element;

use super::noise;
use crate::model::digest::key;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heading {
    /// 1 to 6.
    pub level: u8,
    pub text: String,
}

/// Keys of `tag#id` and `tag.class`: they survive news, and die with the template.
#[derive(Default)]
pub(super) struct Tokens {
    keys: HashSet<u64>,
    /// Digests, under a key of this process, of what was seen: most elements are of a kind that was there before.
    seen: HashSet<u64>,
    hasher: RandomState,
}

impl Tokens {
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

    /// Ascending.
    pub fn skeleton(self) -> Vec<u64> {
        let mut keys: Vec<u64> = self.keys.into_iter().collect();
        keys.sort_unstable();
        keys
    }
}

/// An id or class is a name; what is longer names nothing.
const LONGEST_NAME: usize = 256;

/// The first classes of an element. Not `Element::classes`: that keeps every class of the page in a table of the process.
pub(super) fn classes(element: &Element) -> impl Iterator<Item = &str> {
    element
        .attr("class")
        .unwrap_or_default()
        .split_ascii_whitespace()
        .filter(|it| it.len() <= LONGEST_NAME)
        .take(16)
}

pub fn heading_level(tag: &str) -> Option<u8> {
    match tag.as_bytes() {
        [b'h', digit @ b'1'..=b'6'] => Some(digit - b'0'),
        _ => None,
    }
}
