//! What style and code of a page say about the look of its elements.

use std::sync::Arc;

use ego_tree::NodeRef;
use scraper::{Html, Node, node::Element};
use url::Url;

use super::{
    cover::CoverRules,
    hidden::{self, Hiding},
    links::resolve,
    scripted::Scripted,
    style::{Cascade, RuleSet, Sheet, Sheets, Style, holds, imports},
};
use crate::model::registrable;

/// What style and code of a page say about its look.
pub(super) struct Rules {
    pub cascade: Cascade,
    pub covers: CoverRules,
    pub scripted: Scripted,
    /// Style of the page in its order.
    pieces: Vec<Piece>,
}

/// A piece of a page's style.
enum Piece {
    Written(Sheet),
    /// The address of a style sheet, as written.
    Linked(String),
}

/// Most style sheets that a page links.
const LINKED: usize = 40;

impl Rules {
    /// Reads style elements and inline scripts.
    pub fn of(tree: &Html) -> Self {
        let mut covers = CoverRules::default();
        let mut scripted = Scripted::default();
        let mut pieces = Vec::new();
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
                        pieces.extend(imports(&css).into_iter().map(Piece::Linked));
                        pieces.push(Piece::Written(Sheet { css }));
                    }
                }
                "link" if is_for_screen(node, element) => {
                    let href = element.attr("href").unwrap_or_default();
                    pieces.push(Piece::Linked(href.to_owned()));
                }
                _ => (),
            }
        }
        if !scripted.hidden.is_empty() {
            let css = scripted
                .hidden
                .iter()
                .map(|it| format!("{it}{{display:none!important}}"));
            let css = css.collect();
            pieces.push(Piece::Written(Sheet { css }));
        }
        let written = pieces.iter().filter_map(|it| match it {
            Piece::Written(sheet) => Some(sheet),
            Piece::Linked(_) => None,
        });
        Self {
            cascade: Cascade::of(written),
            covers,
            scripted,
            pieces,
        }
    }

    /// Absolute addresses of the style sheets that the page links, in its order, each once.
    pub fn linked(&self, base: &Url) -> Vec<String> {
        let mut out: Vec<String> = Vec::new();
        for piece in &self.pieces {
            let Piece::Linked(written) = piece else {
                continue;
            };
            let (url, host) = resolve(base, written);
            if !host.is_empty() && out.len() < LINKED && !out.contains(&url) {
                out.push(url);
            }
        }
        out
    }

    /// The page's style together with style sheets that it links, and whether something of its own domain is missing
    /// there; `None` if no style sheet is known.
    pub fn with(&self, base: &Url, sheets: &Sheets) -> Option<(Cascade, bool)> {
        if sheets.is_empty() {
            return None;
        }
        let own = registrable(base.host_str().unwrap_or_default());
        let mut is_partial = false;
        let mut parts: Vec<Arc<RuleSet>> = Vec::new();
        let mut written: Vec<&Sheet> = Vec::new();
        let mut linked = 0;
        for piece in &self.pieces {
            let address = match piece {
                Piece::Written(sheet) => {
                    written.push(sheet);
                    continue;
                }
                Piece::Linked(address) => address,
            };
            let (url, host) = resolve(base, address);
            let Some(sheet) = sheets.get(&url).filter(|_| linked < LINKED) else {
                is_partial |= sheets.lacks(&url) && registrable(&host) == own;
                continue;
            };
            linked += 1;
            is_partial |= sheet.is_cut();
            if !written.is_empty() {
                parts.push(Arc::new(RuleSet::of(written.drain(..), true)));
            }
            let imported = sheet.imports().iter().filter_map(|it| sheets.get(it));
            parts.extend(imported.map(|it| it.rules.clone()));
            parts.push(sheet.rules.clone());
        }
        if linked == 0 {
            return None;
        }
        parts.push(Arc::new(RuleSet::of(written, true)));
        Some((Cascade::joined(parts), is_partial))
    }
}

/// The text directly inside an element.
fn written(node: NodeRef<Node>) -> String {
    let texts = node
        .children()
        .filter_map(|it| it.value().as_text().map(|text| text.to_string()));
    texts.collect()
}

/// Whether visitors with scripting get no style from an element here.
fn is_apart(node: NodeRef<Node>) -> bool {
    node.parent().is_some_and(|it| {
        it.value()
            .as_element()
            .is_some_and(|it| matches!(it.name(), "noscript" | "template"))
    })
}

/// Whether a `link` element loads a style sheet for a screen, at once or by its own handler.
fn is_for_screen(node: NodeRef<Node>, element: &Element) -> bool {
    let attr = |name: &str| element.attr(name).unwrap_or_default().trim();
    let rel = attr("rel").to_ascii_lowercase();
    let has = |name: &str| rel.split_ascii_whitespace().any(|it| it == name);
    let later = attr("onload");
    let early =
        has("preload") && attr("as").eq_ignore_ascii_case("style") && later.contains("stylesheet");
    let loads = has("stylesheet") && !has("alternate") && element.attr("disabled").is_none();
    let media = attr("media");
    let counts = media.is_empty() || holds(media) || later.contains("media");
    (loads || early) && counts && !is_apart(node)
}

/// Whether a style element counts on a screen for visitors with scripting.
fn holds_style(node: NodeRef<Node>, element: &Element) -> bool {
    let apart = is_apart(node);
    let kind = element.attr("type").unwrap_or_default().trim();
    let media = element.attr("media").unwrap_or_default().trim();
    !apart
        && (kind.is_empty() || kind.eq_ignore_ascii_case("text/css"))
        && (media.is_empty() || holds(media))
}

/// Whether an element is one of HTML, and not of a drawing.
pub(super) fn is_html(element: &Element) -> bool {
    &*element.name.ns == "http://www.w3.org/1999/xhtml"
}

/// Whether the text inside an element is not content. A template with a shadow root is displayed, and so is one that
/// code takes the content of; SVG and MathML have `style` and `title` elements that are displayed, too.
pub(super) fn is_mute(element: &Element, scripted: &Scripted) -> bool {
    match element.name() {
        "script" => true,
        "style" | "title" => is_html(element),
        "template" => {
            let name = element.attr("id").unwrap_or("template");
            element.attr("shadowrootmode").is_none() && !scripted.templates.contains(name)
        }
        _ => false,
    }
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
