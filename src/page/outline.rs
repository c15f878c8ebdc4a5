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
    if let Some(id) = element.id() {
        into.push(key(&format!("{tag}#{}", noise::normal(id))));
    }
    for class in element.classes().take(16) {
        into.push(key(&format!("{tag}.{}", noise::normal(class))));
    }
}

pub fn heading_level(tag: &str) -> Option<u8> {
    match tag.as_bytes() {
        [b'h', digit @ b'1'..=b'6'] => Some(digit - b'0'),
        _ => None,
    }
}
