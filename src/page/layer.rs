//! Layers over the page that a visitor cannot close: fake checks, ransom notes, pictures, frames.
//!
//! A layer covers most of the window, lies above the page and shows something. Announcements can be closed: by a button
//! or a script, or a rule of style hides them in another state. Layers that can are left out, and so are spinners.

use scraper::node::Element;
use url::Url;

use super::{
    closing::{is_button, is_closing, is_closing_label, names},
    embedded::embedded,
    hidden::{self, Hiding},
    links::resolve,
    noise, outline,
    scripted::{Scripted, can_hide},
    style::{Cascade, Lift, Path, Style, address, lift},
    text::fold,
    truncate::floor,
};
use crate::model::digest::key;

/// A layer over the page that cannot be closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// The name of the element, or `::before` and `::after` for what a style draws.
    pub tag: String,
    /// Hash of its name, id and classes; of its text if it has neither.
    pub key: u64,
    /// The beginning of its text.
    pub text: String,
    /// Address and host of the picture, frame or link that fills it; empty for a text.
    pub src: String,
    pub host: String,
    /// Whether it shows nothing, and only leads a visitor elsewhere.
    pub only_leads: bool,
}

/// Most layers of one page, and most open inside each other.
const KEPT: usize = 16;
const NESTED: usize = 8;
/// Bytes of a layer's text that are kept.
const TEXT_KEPT: usize = 400;
/// Fewest words that a layer says something with; a spinner has fewer.
const WORDS: usize = 4;
/// Most words of a layer that says that something is being loaded.
const WAITING_WORDS: usize = 14;
/// Fewest words of a layer that lets clicks through.
const PASSIVE_WORDS: usize = 8;
/// A `z-index` from which a picture lies over the page and is no ground below it.
const OVER: i64 = 1;

/// Words in the names of layers that are shown while something is loaded.
const WAITING: &[&str] = &["load", "spin", "preload", "wait", "pace"];
/// Words in the names of layers that style sheets of the portal hide until a script opens them.
const OPENED: &[&str] = &["modal", "popup", "offcanvas", "lightbox"];
/// Classes by which an opened one is shown.
const SHOWN: &[&str] = &[
    "show",
    "in",
    "active",
    "open",
    "is-open",
    "opened",
    "visible",
    "is-active",
    "shown",
];

/// An open layer.
struct Draft {
    depth: usize,
    tag: String,
    names: Vec<String>,
    text: String,
    words: usize,
    /// The address of a picture or frame that fills it, and of a link in it.
    shows: Option<String>,
    leads: Option<String>,
    /// Whether visitors see it: a layer without opacity only catches clicks.
    clear: bool,
    /// Elements of the page before it.
    before: usize,
    lift: Lift,
    /// Whether clicks go through it: snow, a watermark, the grey of a day of mourning.
    passive: bool,
}

/// Gathers the layers of a page.
#[derive(Default)]
pub(super) struct Layers {
    open: Vec<Draft>,
    /// Depth of the open element that may be a button, and its text.
    label: Option<(usize, String)>,
    found: Vec<(Layer, usize, Lift)>,
}

/// An element as it is opened, with what is known of its look.
pub(super) struct Opened<'a> {
    pub element: &'a Element,
    pub style: &'a Style<'a>,
    pub depth: usize,
    /// Elements of the page so far.
    pub elements: usize,
    pub hiding: Option<Hiding>,
    /// Whether an ancestor hides it.
    pub within_hidden: bool,
}

impl Layers {
    /// Takes an element that is opened.
    pub fn open(
        &mut self,
        opened: &Opened,
        cascade: &Cascade,
        path: &mut Path,
        scripted: &Scripted,
    ) {
        if !self.open.is_empty() {
            self.within(opened, scripted);
        }
        if let Some(draft) = begun(opened, cascade, path, scripted)
            && self.open.len() < NESTED
        {
            self.open.push(draft);
        }
        let element = opened.element;
        let framed = matches!(element.name(), "iframe" | "frame" | "object" | "embed");
        if framed && !self.open.is_empty() {
            let values = ["srcdoc", "src", "data"].into_iter();
            let text = values.filter_map(|it| element.attr(it)).find_map(embedded);
            self.text(&text.unwrap_or_default());
        }
    }

    /// Takes an element inside of open layers. If it closes them, they are forgotten.
    fn within(&mut self, opened: &Opened, scripted: &Scripted) {
        let element = opened.element;
        let tag = element.name();
        if is_closing(element)
            || names(element).any(|it| is_button(element) && scripted.names.contains(it))
        {
            self.open.clear();
            self.label = None;
            return;
        }
        if is_button(element) && self.label.is_none() {
            let label = element.attr("value").unwrap_or_default();
            self.label = Some((opened.depth, label[..floor(label, TEXT_KEPT)].to_owned()));
        }
        if opened.within_hidden || opened.hiding.is_some() {
            return;
        }
        for draft in &mut self.open {
            if draft.leads.is_none() && tag == "a" {
                draft.leads = element.attr("href").map(str::to_owned);
            }
            let large = match tag {
                "iframe" | "frame" | "object" | "embed" | "video" => true,
                "img" | "image" => !is_small(element) && !is_waiting(&draft.names),
                _ => false,
            };
            if large && draft.shows.is_none() {
                draft.shows = source(element).map(str::to_owned);
            }
        }
    }

    /// Takes a visible text.
    pub fn text(&mut self, text: &str) {
        if self.open.is_empty() {
            return;
        }
        if let Some((_, label)) = &mut self.label {
            let room = TEXT_KEPT.saturating_sub(label.len());
            label.push_str(&text[..floor(text, room)]);
        }
        let words = text.split_whitespace().count();
        for draft in &mut self.open {
            draft.words += words;
            let room = TEXT_KEPT.saturating_sub(draft.text.len());
            draft.text.push_str(&text[..floor(text, room)]);
            draft.text.push(' ');
        }
    }

    /// Takes what a style draws over the page beside the innermost open element; `elements` of the page stand before
    /// it.
    pub fn drawn(&mut self, tag: &str, text: &str, style: &Style, elements: usize, base: &Url) {
        let Some(lies) = lift(style) else { return };
        let shown = ["content", "background", "background-image"];
        let shown = shown
            .into_iter()
            .find_map(|it| style.get(it).and_then(address));
        if lies.z < 0 || !lies.fixed && lies.z < OVER {
            return;
        }
        self.open.push(Draft {
            depth: usize::MAX,
            tag: tag.to_owned(),
            names: Vec::new(),
            text: text[..floor(text, TEXT_KEPT)].to_owned(),
            words: text.split_whitespace().count(),
            shows: shown.map(str::to_owned),
            leads: None,
            clear: false,
            before: elements,
            lift: lies,
            passive: style.is("pointer-events", "none"),
        });
        self.close(usize::MAX, base);
    }

    /// Adds a layer for `html` or `body` where its style hides the whole page: its background picture, or nothing.
    pub fn blank(&mut self, tag: &str, style: &Style, base: &Url) {
        let shown = ["background", "background-image"];
        let shown = shown
            .into_iter()
            .find_map(|it| style.get(it).and_then(address));
        let (src, host) = shown.map(|it| resolve(base, it)).unwrap_or_default();
        let layer = Layer {
            tag: tag.to_owned(),
            key: key("blank"),
            text: String::new(),
            src,
            host,
            only_leads: false,
        };
        let over = Lift {
            fixed: true,
            z: OVER,
        };
        self.found.push((layer, 0, over));
    }

    /// Closes the element at `depth`. Addresses are resolved against `base`.
    pub fn close(&mut self, depth: usize, base: &Url) {
        if self.label.as_ref().is_some_and(|it| it.0 == depth)
            && let Some((_, label)) = self.label.take()
            && is_closing_label(&label)
        {
            self.open.clear();
        }
        if self.open.last().is_some_and(|it| it.depth == depth)
            && let Some(draft) = self.open.pop()
            && self.found.len() < KEPT
        {
            self.found.extend(draft.finish(base));
        }
    }

    /// The layers found on a page of so many elements.
    pub fn finish(self, elements: usize) -> Vec<Layer> {
        let mut out: Vec<Layer> = Vec::new();
        for (layer, before, lies) in self.found {
            // a picture without a place in the order lies below what stands after it
            let over = !layer.text.is_empty() || lies.z >= OVER || before * 2 >= elements;
            if over && !out.iter().any(|it| it.key == layer.key) {
                out.push(layer);
            }
        }
        out
    }
}

/// The layer that begins with an element, unless it can be closed.
fn begun(
    opened: &Opened,
    cascade: &Cascade,
    path: &mut Path,
    scripted: &Scripted,
) -> Option<Draft> {
    let element = opened.element;
    let clear = opened.hiding == Some(Hiding::Invisible) && element.name() == "a";
    if opened.within_hidden || opened.hiding.is_some() && !clear {
        return None;
    }
    // a modal dialog covers the page at any size: nothing else can be clicked
    let modal = element.name() == "dialog" && scripted.opens;
    let lies = lift(opened.style).or(modal.then_some(Lift {
        fixed: true,
        z: OVER,
    }))?;
    let placed = lies.fixed || lies.z >= OVER && path.parent().is_some_and(is_ground);
    if lies.z < 0 || !placed || is_put_away(element, opened.style) {
        return None;
    }
    let closes = names(element).any(|it| scripted.names.contains(it))
        || element.attr("onclick").is_some_and(can_hide)
        || element.attr("popover").is_some_and(|it| it != "manual")
        || cascade.may_hide(path, |it| hidden::of(it).is_some());
    if closes {
        return None;
    }
    let leads = element.attr("href").filter(|_| element.name() == "a");
    Some(Draft {
        depth: opened.depth,
        tag: element.name().to_owned(),
        names: names(element).map(noise::normal).collect(),
        text: String::new(),
        words: 0,
        shows: fills(element, opened.style).map(str::to_owned),
        leads: leads.map(str::to_owned),
        clear,
        before: opened.elements,
        lift: lies,
        passive: opened.style.is("pointer-events", "none"),
    })
}

impl Draft {
    /// The layer, unless it shows nothing.
    fn finish(self, base: &Url) -> Option<(Layer, usize, Lift)> {
        let text = fold(&self.text);
        let waits = is_waiting(&self.names) && self.words <= WAITING_WORDS && self.shows.is_none();
        let says = self.words >= WORDS && !waits && !self.clear;
        let shows = self.shows.filter(|_| !self.clear);
        if self.passive && self.words < PASSIVE_WORDS {
            return None;
        }
        let only_leads = !says && shows.is_none();
        if only_leads && (self.leads.is_none() || waits) {
            return None;
        }
        let source = shows
            .or(self.leads.filter(|_| only_leads))
            .unwrap_or_default();
        let (src, host) = if source.is_empty() {
            (source, String::new())
        } else {
            resolve(base, &source)
        };
        let written = if self.names.is_empty() {
            noise::normal(&text)
        } else {
            self.names.join(" ")
        };
        let named = if written.is_empty() { src.as_str() } else { "" };
        let layer = Layer {
            key: key(&format!("{} {written} {named}", self.tag)),
            tag: self.tag,
            text: if says { text } else { String::new() },
            src,
            host,
            only_leads,
        };
        Some((layer, self.before, self.lift))
    }
}

/// Whether a box with this parent is placed in the page and not in another box.
fn is_ground(parent: &Element) -> bool {
    matches!(parent.name(), "body" | "html")
        || matches!(parent.name(), "form" | "center" | "main") && parent.attr("class").is_none()
}

/// Whether the portal hides the element until a script shows it.
fn is_put_away(element: &Element, style: &Style) -> bool {
    let told = |name: &str| {
        element
            .attr(name)
            .is_some_and(|it| it.trim().eq_ignore_ascii_case("true"))
    };
    let opened = || outline::classes(element).any(|it| SHOWN.contains(&it));
    let named = outline::classes(element).any(|it| {
        let it = it.to_ascii_lowercase();
        OPENED.iter().any(|word| it.contains(word))
    });
    let displayed = style.get("display").is_some_and(|it| it != "none");
    !displayed && (told("aria-hidden") || told("inert") || named && !opened())
}

/// The address of what an element shows.
fn source(element: &Element) -> Option<&str> {
    let names = ["src", "data", "href", "xlink:href", "poster", "data-src"];
    names
        .into_iter()
        .find_map(|it| element.attr(it))
        .filter(|it| !it.is_empty())
}

/// The address of the picture or frame that the element itself is.
fn fills<'a>(element: &'a Element, style: &'a Style) -> Option<&'a str> {
    match element.name() {
        "img" | "image" | "iframe" | "frame" | "object" | "embed" | "video" => source(element),
        _ => ["background", "background-image"]
            .into_iter()
            .find_map(|it| style.get(it).and_then(address)),
    }
}

/// Whether attributes give a picture sides of at most 400 px.
fn is_small(element: &Element) -> bool {
    let side = |it: &str| {
        element
            .attr(it)
            .and_then(|it| it.trim().trim_end_matches("px").parse::<f64>().ok())
    };
    ["width", "height"]
        .into_iter()
        .any(|it| side(it).is_some_and(|it| it <= 400.0))
}

fn is_waiting(names: &[String]) -> bool {
    names
        .iter()
        .any(|it| WAITING.iter().any(|word| it.contains(word)))
}
