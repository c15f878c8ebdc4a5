//! Headings and the template's skeleton: which ids and classes the page is made of.

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
pub(super) fn tokens(element: &Element, into: &mut Vec<u64>) {
    let tag = element.name();
    if let Some(id) = element.attr("id").filter(|it| it.len() <= LONGEST_NAME) {
        into.push(key(&format!("{tag}#{}", noise::normal(id))));
    }
    for class in classes(element) {
        into.push(key(&format!("{tag}.{}", noise::normal(class))));
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
