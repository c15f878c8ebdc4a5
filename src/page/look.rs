//! What style and code of a page say about the look of its elements.

use ego_tree::NodeRef;
use scraper::{Html, Node, node::Element};

use super::{
    cover::CoverRules,
    hidden::{self, Hiding},
    scripted::Scripted,
    style::{Cascade, Sheet, Style, holds},
};

/// What style and code of a page say about its look.
pub(super) struct Rules {
    pub cascade: Cascade,
    pub covers: CoverRules,
    pub scripted: Scripted,
}

impl Rules {
    /// Reads style elements and inline scripts.
    pub fn of(tree: &Html) -> Self {
        let mut covers = CoverRules::default();
        let mut scripted = Scripted::default();
        let mut sheets = Vec::new();
        for node in tree.tree.nodes() {
            let Some(element) = node.value().as_element() else {
                continue;
            };
            match element.name() {
                "script" if element.attr("src").is_none() => scripted.add(&written(node)),
                "style" => {
                    let css = written(node);
                    covers.add(&css);
                    if holds_style(node, element) {
                        sheets.push(Sheet { css });
                    }
                }
                _ => (),
            }
        }
        if !scripted.hidden.is_empty() {
            let css = scripted
                .hidden
                .iter()
                .map(|it| format!("{it}{{display:none!important}}"));
            sheets.push(Sheet { css: css.collect() });
        }
        Self {
            cascade: Cascade::of(&sheets),
            covers,
            scripted,
        }
    }
}

/// The text directly inside an element.
fn written(node: NodeRef<Node>) -> String {
    let texts = node
        .children()
        .filter_map(|it| it.value().as_text().map(|text| text.to_string()));
    texts.collect()
}

/// Whether a style element counts on a screen for visitors with scripting.
fn holds_style(node: NodeRef<Node>, element: &Element) -> bool {
    let apart = node.parent().is_some_and(|it| {
        it.value()
            .as_element()
            .is_some_and(|it| matches!(it.name(), "noscript" | "template"))
    });
    let kind = element.attr("type").unwrap_or_default().trim();
    let media = element.attr("media").unwrap_or_default().trim();
    !apart
        && (kind.is_empty() || kind.eq_ignore_ascii_case("text/css"))
        && (media.is_empty() || holds(media))
}

/// How an element is hidden, by itself alone.
pub(super) fn hides(element: &Element, style: &Style, scripted: &Scripted) -> Option<Hiding> {
    let tag = element.name();
    if tag == "noscript" {
        return Some(Hiding::NoScript);
    }
    if matches!(tag, "html" | "body" | "head") {
        // pages against clickjacking hide the whole body until a script shows it
        return None;
    }
    if element.attr("hidden").is_some() {
        return Some(Hiding::Attribute);
    }
    let shut =
        tag == "dialog" && element.attr("open").is_none() || element.attr("popover").is_some();
    if shut && !scripted.opens && style.get("display").is_none() {
        return Some(Hiding::DisplayNone);
    }
    hidden::of(style).or_else(|| {
        if !matches!(tag, "marquee" | "iframe") {
            return None;
        }
        let still = ["width", "height", "scrollamount"].into_iter().any(|it| {
            element
                .attr(it)
                .is_some_and(|value| matches!(value.trim(), "0" | "1" | "0px" | "1px"))
        });
        still.then_some(Hiding::TinyBox)
    })
}
