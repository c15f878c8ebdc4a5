//! What the portal's style sheets do to a page, beyond the style that stands in the page itself.
//!
//! The page is walked a second time with the whole cascade. What the first walk found stays as it is: these facts stand
//! beside it, and a norm compares them only with those of looks that were read with style sheets, too.

use std::collections::HashSet;

use ego_tree::{NodeId, NodeRef, iter::Edge};
use scraper::{Html, Node, node::Element};

use super::{
    Page, cancel,
    closing::names,
    hidden::{self, Hiding},
    layer::{Layer, Layers, Opened},
    links::resolve,
    look::{Rules, hides, is_mute},
    noise,
    style::{Cascade, Declaration, Drawn, Path, Style, address, declarations, drawn},
    text::fold,
    truncate::{LONGEST_LINE, floor},
};
use crate::model::digest::key;

/// What style sheets do to a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Styled {
    /// Links that style sheets alone hide, and that no other state of the page shows.
    pub concealed: Vec<Concealed>,
    /// Layers that cover the page by style sheets alone.
    pub layers: Vec<Layer>,
    /// Texts of at least two letters that style draws.
    pub drawn: Vec<String>,
    /// Absolute addresses of pictures behind the whole page.
    pub grounds: Vec<String>,
    /// Number of words that visitors can read in some state of the page.
    pub words: usize,
    /// The beginning of the text that style sheets alone hide in every state.
    pub hidden: String,
    /// Whether a style sheet of the portal is not known yet, or was not read to its end: it may show what others hide.
    pub is_partial: bool,
}

/// A link that style sheets hide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Concealed {
    /// Its place among the page's links.
    pub link: usize,
    pub hiding: Hiding,
    /// Hash of the name, id and classes of the element that is hidden with it.
    pub within: u64,
}

/// Most compounds compared on one page: style sheets have ten times the rules of a page.
const STEPS: usize = 4_000_000;
/// Most names that other elements refer to.
const REFERRED: usize = 4000;
/// Longest such name, in bytes.
const LONGEST_NAME: usize = 60;
/// Most links, texts and pictures that are kept.
const KEPT: usize = 500;
/// Most bytes of drawn texts that are read.
const DRAWN_BYTES: usize = 1 << 20;
/// Fewest letters of a drawn text: the rest are marks and icons.
const LETTERS: usize = 2;
/// Bytes of hidden text that are kept.
const HIDDEN_KEPT: usize = 300;

/// Attributes and roles of elements that scripts open and shut.
const TOGGLED: &[&str] = &[
    "aria-hidden",
    "aria-labelledby",
    "aria-expanded",
    "v-cloak",
    "v-show",
    "v-if",
    "x-cloak",
    "x-show",
    "ng-cloak",
    "ng-show",
    "ng-if",
    "data-aos",
];
const ROLES: &[&str] = &[
    "tabpanel",
    "dialog",
    "alertdialog",
    "menu",
    "menubar",
    "listbox",
    "tooltip",
    "navigation",
];
/// Attributes that name another element.
const REFERRING: &[&str] = &[
    "aria-controls",
    "for",
    "data-tab",
    "data-target",
    "data-bs-target",
    "data-toggle-target",
    "data-id",
    "rel",
];

/// Reads what style sheets do to a page that was read before, over its tree and with the whole cascade.
pub(super) fn of(
    page: &Page,
    tree: &Html,
    ignored: &HashSet<NodeId>,
    rules: &Rules,
    cascade: &Cascade,
) -> Styled {
    let mut walk = Walk {
        page,
        rules,
        cascade,
        referred: referred(tree),
        path: Path::bounded(STEPS),
        layers: Layers::default(),
        hidden: Vec::new(),
        depth: 0,
        elements: 0,
        links: 0,
        mute: 0,
        room: DRAWN_BYTES,
        out: Styled::default(),
    };
    walk.run(tree, ignored);
    let known: HashSet<u64> = page.layers.iter().map(|it| it.key).collect();
    let mut out = walk.out;
    out.layers = walk.layers.finish(walk.elements);
    out.layers.retain(|it| !known.contains(&it.key));
    // what the page's own style draws stands among its blocks
    if !out.drawn.is_empty() {
        let said: HashSet<&str> = page.blocks.iter().map(|it| it.text.as_str()).collect();
        out.drawn.retain(|it| !said.contains(it.as_str()));
    }
    out
}

/// Ids and classes to which other elements refer: a button that opens them, the label of a box.
fn referred(tree: &Html) -> HashSet<&str> {
    let mut out = HashSet::new();
    for node in tree.tree.nodes() {
        let Some(element) = node.value().as_element() else {
            continue;
        };
        cancel::step(1);
        for (name, value) in element.attrs() {
            if out.len() >= REFERRED {
                return out;
            }
            let is_short = (2..=LONGEST_NAME).contains(&value.len());
            if name.starts_with("on") {
                let value = &value[..floor(value, LONGEST_LINE)];
                let quoted = value.split(['\'', '"']).skip(1).step_by(2).take(8);
                out.extend(quoted.map(|it| it.trim_start_matches(['#', '.'])));
            } else if is_short && (REFERRING.contains(&name) || value.starts_with('#')) {
                out.insert(value.trim_start_matches(['#', '.']));
            }
        }
    }
    out.remove("");
    out
}

/// An open element that is hidden.
struct Hidden {
    depth: usize,
    hiding: Hiding,
    /// Whether some state of the page shows it.
    opens: bool,
    within: u64,
}

struct Walk<'t> {
    page: &'t Page,
    rules: &'t Rules,
    cascade: &'t Cascade,
    referred: HashSet<&'t str>,
    path: Path<'t>,
    layers: Layers,
    hidden: Vec<Hidden>,
    depth: usize,
    elements: usize,
    links: usize,
    mute: usize,
    room: usize,
    out: Styled,
}

impl<'t> Walk<'t> {
    fn run(&mut self, tree: &'t Html, ignored: &HashSet<NodeId>) {
        let mut skipping: Option<NodeId> = None;
        for (n, edge) in tree.tree.root().traverse().enumerate() {
            if cancel::step(1) && n % 1024 == 0 {
                return;
            }
            match edge {
                Edge::Open(node) if skipping.is_none() => {
                    if ignored.contains(&node.id()) {
                        skipping = Some(node.id());
                        continue;
                    }
                    match node.value() {
                        Node::Element(element) => self.open(node, element),
                        Node::Text(text) => self.text(text),
                        _ => (),
                    }
                }
                Edge::Close(node) if skipping == Some(node.id()) => skipping = None,
                Edge::Close(node) if skipping.is_none() => {
                    if let Node::Element(element) = node.value() {
                        self.close(element);
                    }
                }
                _ => (),
            }
        }
    }

    fn open(&mut self, node: NodeRef<'t, Node>, element: &'t Element) {
        let tag = element.name();
        let cascade = self.cascade;
        self.depth += 1;
        self.elements += 1;
        self.path.open(node, element);
        let inline = element.attr("style").map(declarations).unwrap_or_default();
        let style = cascade.style(&mut self.path, &inline);
        let ground = matches!(tag, "html" | "body");
        let hiding = if ground {
            // a script takes away what hides a page until it is loaded
            hidden::of(&style).filter(|it| *it == Hiding::DisplayNone)
        } else {
            hides(element, &style, &self.rules.scripted)
        };
        let is_referred = names(element).any(|it| self.referred.contains(it));
        let opened = Opened {
            element,
            style: &style,
            depth: self.depth,
            elements: self.elements,
            // what a button refers to can be closed
            hiding: hiding.or(is_referred.then_some(Hiding::DisplayNone)),
            within_hidden: !self.hidden.is_empty(),
        };
        self.layers
            .open(&opened, cascade, &mut self.path, &self.rules.scripted);
        if let Some(hiding) = hiding {
            let opens = is_referred || self.may_open(element, &style, &inline, hiding);
            self.hidden.push(Hidden {
                depth: self.depth,
                hiding,
                opens,
                within: within(element),
            });
        }
        if self.hidden.is_empty() {
            if ground {
                self.paint(&style);
            }
            self.draw(element);
        }
        self.mute += usize::from(is_mute(element, &self.rules.scripted));
        if matches!(tag, "a" | "area") && element.attr("href").is_some() {
            self.link();
        }
    }

    /// Whether some state of the page shows a hidden element.
    fn may_open(
        &mut self,
        element: &Element,
        style: &Style,
        inline: &[Declaration],
        hiding: Hiding,
    ) -> bool {
        // scripts that let things appear set opacity on the element; they do not undo `!important`
        let appears = hiding == Hiding::Invisible
            && !["visibility", "opacity"]
                .iter()
                .any(|it| style.is_important(it));
        let role = element.attr("role").unwrap_or_default();
        appears
            || element.attrs().any(|it| TOGGLED.contains(&it.0))
            || ROLES.contains(&role)
            || names(element).any(|it| self.rules.scripted.names.contains(it))
            || self
                .cascade
                .may_show(&mut self.path, style, inline, |it| hidden::of(it).is_some())
    }

    /// Takes a link: the outermost element that is hidden in every state decides.
    fn link(&mut self) {
        let at = self.links;
        self.links += 1;
        let known = self.page.links.get(at).is_none_or(|it| it.hidden.is_some());
        if known || self.out.concealed.len() >= KEPT {
            return;
        }
        if let Some(hidden) = self.hidden.iter().find(|it| !it.opens) {
            self.out.concealed.push(Concealed {
                link: at,
                hiding: hidden.hiding,
                within: hidden.within,
            });
        }
    }

    /// Keeps a picture behind the whole page.
    fn paint(&mut self, style: &Style) {
        let pictures = ["background", "background-image"].into_iter();
        let pictures = pictures.filter_map(|it| style.get(it).and_then(address));
        for picture in pictures.filter(|it| !it.starts_with("data:")) {
            if self.out.grounds.len() < KEPT {
                let (url, _) = resolve(&self.page.url, picture);
                self.out.grounds.push(url);
            }
        }
    }

    /// Keeps the texts that style draws beside a visible element.
    fn draw(&mut self, element: &Element) {
        let cascade = self.cascade;
        if !cascade.draws() {
            return;
        }
        for (at, tag) in [(Drawn::Before, "::before"), (Drawn::After, "::after")] {
            let style = cascade.drawn(&mut self.path, at);
            let Some(content) = style.get("content") else {
                continue;
            };
            self.room = self.room.saturating_sub(content.len());
            if hidden::of(&style).is_some() || self.room == 0 {
                continue;
            }
            let text = drawn(content, |it| element.attr(it));
            let base = &self.page.url;
            self.layers.drawn(tag, &text, &style, self.elements, base);
            let letters = text.chars().filter(|it| it.is_alphabetic()).count();
            let text = fold(&text[..floor(&text, LONGEST_LINE)]);
            let all = &mut self.out.drawn;
            if letters >= LETTERS && all.len() < KEPT && !all.contains(&text) {
                all.push(text);
            }
        }
    }

    fn text(&mut self, text: &str) {
        cancel::step(text.len());
        if self.mute > 0 {
            return;
        }
        if self.hidden.is_empty() {
            self.layers.text(text);
        }
        if self.hidden.iter().all(|it| it.opens) {
            self.out.words += text.split_whitespace().count();
        } else {
            let room = HIDDEN_KEPT.saturating_sub(self.out.hidden.len());
            let text = fold(&text[..floor(text, room)]);
            if !text.is_empty() {
                self.out.hidden.push_str(&text);
                self.out.hidden.push(' ');
            }
        }
    }

    fn close(&mut self, element: &Element) {
        if is_mute(element, &self.rules.scripted) {
            self.mute = self.mute.saturating_sub(1);
        }
        if self.hidden.last().is_some_and(|it| it.depth == self.depth) {
            self.hidden.pop();
        }
        self.layers.close(self.depth, &self.page.url);
        self.path.close();
        self.depth -= 1;
    }
}

/// Hash of the name, id and classes of an element.
fn within(element: &Element) -> u64 {
    let named: Vec<String> = names(element).map(noise::normal).collect();
    key(&format!("{} {}", element.name(), named.join(" ")))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::page::{Sheets, Source, StyleSheet, read_styled};

    const URL: &str = "https://portal.example/css/a.css";

    fn styled(css: &str, html: &str) -> Styled {
        let sheet = StyleSheet::read(css.as_bytes(), &URL.parse().unwrap());
        let sheets = Sheets::of([(format!("{URL}?v=2"), Arc::new(sheet))]);
        let html = format!("<head><link rel=stylesheet href='/css/a.css?v=7'></head><body>{html}");
        let source = Source {
            bytes: html.as_bytes(),
            content_type: Some("text/html; charset=utf-8"),
            url: &"https://portal.example/".parse().unwrap(),
            ignore: &[],
        };
        read_styled(source, &sheets).unwrap().styled.unwrap()
    }

    fn hides(css: &str, html: &str) -> bool {
        let found = styled(css, &format!("<a href=/1>một</a>{html}"));
        found.concealed.iter().any(|it| it.link == 1)
    }

    #[test]
    fn what_no_state_of_the_page_shows() {
        let link = "<a href=//b.example/>hai</a>";
        for (css, html) in [
            (".x{display:none}", format!("<div class=x>{link}</div>")),
            (".x{left:-9999px}", format!("<p class=x>{link}</p>")),
            ("div p{font-size:0}", format!("<div><p>{link}</div>")),
            (
                ".x{visibility:hidden!important}",
                format!("<div class=x>{link}</div>"),
            ),
        ] {
            assert!(hides(css, &html), "{css}");
        }
        for (css, html) in [
            (".x{display:none} .x.show{display:block}", "<div class=x>"),
            (".x{display:none} .show.x{display:block}", "<div class=x>"),
            (".x{display:none} .y .x{display:block}", "<div class=x>"),
            (
                ".x{display:none} li:hover>.x{display:block}",
                "<div class=x>",
            ),
            (".x:not(.in){display:none}", "<div class=x>"),
            (
                ".a>.x{display:none} .a>.mo{display:block}",
                "<div class=a><div class=x>",
            ),
            (
                ".x{display:none} @media(max-width:600px){.x{display:block}}",
                "<div class=x>",
            ),
            (
                ".x{display:none} @media(width>=9rem){.x{display:block}}",
                "<div class=x>",
            ),
            (".x{display:none}", "<a href=#m>Mở</a><div id=m class=x>"),
            (
                ".x{display:none}",
                "<button onclick=\"mo('m')\">Mở</button><div id=m class=x>",
            ),
            (".x{display:none}", "<div role=tabpanel class=x>"),
            (".x{opacity:0}", "<div class=x>"),
            ("@media print{.x{display:none}}", "<div class=x>"),
            (".x{display:none}", "<div class=x style='display:block'>"),
        ] {
            let html = format!("{html}{link}</div>");
            let found = styled(css, &html);
            assert_eq!(found.concealed, [], "{css} {html}");
        }
    }

    #[test]
    fn layers_texts_words_and_pictures_of_style_sheets() {
        let found = styled(
            ".c{position:fixed;inset:0;background:#fff} h1::after{content:' thêm chữ'} body{background:url(../nen.jpg)} p{display:none}",
            "<h1>Tên cổng</h1><p>không ai đọc</p><div class=c>một lớp che kín cả trang</div>",
        );
        assert_eq!(found.layers.len(), 1);
        assert_eq!(found.layers[0].text, "một lớp che kín cả trang");
        assert_eq!(found.drawn, ["thêm chữ"]);
        assert_eq!(found.grounds, ["https://portal.example/nen.jpg"]);
        assert_eq!((found.words, found.hidden.trim()), (8, "không ai đọc"));
        let modal = "<a href='#m'>Mở</a><div class=c id=m>một lớp che kín cả trang</div>";
        assert_eq!(styled(".c{position:fixed;inset:0}", modal).layers, []);
    }

    #[test]
    fn hostile_style_sheets_cost_a_bounded_number_of_steps() {
        let css: String = (0..12_000)
            .map(|it| format!("i b i b p:not(.a{it}){{color:red}}"))
            .collect();
        let before = cancel::steps();
        styled(&css, &"<i><b><p>1</p></b></i>".repeat(3000));
        assert!(cancel::steps() - before < 3 * STEPS as u64);
        styled(&"@media x{".repeat(30_000), "");
        styled(&".a{".repeat(30_000), "");
        styled(&"@import 'a.css';".repeat(10_000), "");
    }
}
