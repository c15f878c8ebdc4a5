//! Gathers the whole [`Page`] in one walk over the tree.

use std::collections::{BTreeSet, HashSet};

use ego_tree::{NodeId, NodeRef, iter::Edge};
use scraper::{Html, Node, Selector, node::Element};
use url::Url;

use super::{
    Fingerprint, Heading, Kind, Limit, Page, Response, Source, Stunt,
    behaviour::{is_locking, is_typing},
    bounded, cancel,
    charset::nfc,
    collect::{Draft, refresh_target},
    cover,
    embedded::{is_drawing, pictured},
    fingerprint, hidden,
    layer::{Layers, Opened},
    links::resolve,
    look::{Rules, hides, is_html, is_mute},
    noise, outline,
    style::{Drawn, Path, Style, address, declarations, drawn},
    styled,
    text::{fold, is_block},
    truncate::{LONGEST_LINE, floor, shorten},
    uses,
};
use crate::model::{Digest, digest::key};

/// Parses `text` and gathers the page, with what is known of its response. Fails with the limit that the tree
/// or the time broke.
pub(super) fn page(
    source: Source,
    kind: Kind,
    text: &str,
    charset: &'static str,
    response: Response,
) -> Result<Page, Limit> {
    let tree = bounded::parse(text)?;
    let ignored = ignored(&tree, source.ignore);
    let rules = Rules::of(&tree);
    let mut walk = Walk::new(source, kind, charset, &rules);
    if let Some(base) = base(&tree, source.url) {
        uses::base(&mut walk.draft.page, source.url, &base);
        walk.draft.page.url = base;
    }
    uses::imports(&mut walk.draft.page, &tree);
    if let Some(target) = response.refresh.and_then(refresh_target) {
        walk.draft
            .page
            .refreshes
            .push(resolve(source.url, target).0);
    }
    let loads = rules.cascade.loads();
    let hosts = loads.map(|it| resolve(&walk.draft.page.url, it).1);
    let hosts: BTreeSet<String> = hosts.filter(|it| !it.is_empty()).collect();
    walk.draft.page.style_hosts = hosts.into_iter().collect();
    walk.run(&tree, &ignored);
    if cancel::is_cancelled() {
        return Err(Limit::Time);
    }
    let mut page = walk.finish(source);
    page.sheets = rules.linked(&page.url);
    if let Some((cascade, is_partial)) = rules.with(&page.url, response.sheets) {
        let mut styled = styled::of(&page, &tree, &ignored, &rules, &cascade);
        styled.is_partial = is_partial;
        page.fingerprint.content = fingerprint::styled(page.fingerprint.content, &styled);
        page.styled = Some(styled);
    }
    if cancel::is_cancelled() {
        return Err(Limit::Time);
    }
    Ok(page)
}

fn ignored(tree: &Html, selectors: &[String]) -> HashSet<NodeId> {
    selectors
        .iter()
        .filter_map(|it| selector(it))
        .flat_map(|it| tree.select(&it).map(|node| node.id()).collect::<Vec<_>>())
        .collect()
}

/// Whether [`read`](super::read) understands this CSS selector.
pub fn is_selector(text: &str) -> bool {
    selector(text).is_some()
}

/// Parses a selector in NFC: class names of pages are read in that form, too.
fn selector(text: &str) -> Option<Selector> {
    Selector::parse(&nfc(text)).ok()
}

/// The address of the first base element, by the rules of browsers: not one inside a template or a drawing, and no
/// `data:` address. All links of the page are resolved against it, so an address over [`LONGEST_BASE`] is cut to its
/// host.
fn base(tree: &Html, url: &Url) -> Option<Url> {
    let node = tree.tree.nodes().find(|it| {
        it.value().as_element().is_some_and(|element| {
            element.name() == "base" && is_html(element) && element.attr("href").is_some()
        }) && !it.ancestors().any(|it| {
            it.value()
                .as_element()
                .is_some_and(|it| it.name() == "template")
        })
    })?;
    let href = node.value().as_element()?.attr("href")?;
    let (written, _) = resolve(url, href);
    let mut base: Url = written.parse().ok()?;
    base.set_fragment(None);
    if !matches!(base.scheme(), "http" | "https") {
        return None;
    }
    if base.as_str().len() > LONGEST_BASE {
        base.set_query(None);
        base.set_path("/");
    }
    Some(base)
}

/// Most texts drawn by style that are kept, and fewest letters of each: the rest are marks and icons.
const DRAWN: usize = 200;
/// Most bytes of what style draws that are read of one page: a rule may fit every element.
const DRAWN_BYTES: usize = 4 << 20;
const DRAWN_LETTERS: usize = 2;

/// Most bytes of a base address: a hundred thousand links may be resolved against it.
const LONGEST_BASE: usize = 512;

/// State of the walk over the tree.
struct Walk<'t> {
    draft: Draft,
    rules: &'t Rules,
    path: Path<'t>,
    layers: Layers,
    /// Texts that style draws, each once.
    drawn: Vec<String>,
    /// Bytes of what style draws that may still be read.
    room: usize,
    shape: Vec<u8>,
    outline: outline::Tokens,
    depth: usize,
    heading: Option<(u8, String)>,
    /// Number of open elements that hold no content as text.
    mute: usize,
    /// Text of the title element while it is open.
    title: Option<String>,
}

impl<'t> Walk<'t> {
    fn new(source: Source, kind: Kind, charset: &'static str, rules: &'t Rules) -> Self {
        let raw = Digest::of(source.bytes);
        let page = Page {
            url: source.url.clone(),
            kind,
            charset,
            bytes: source.bytes.len(),
            title: None,
            lang: None,
            blocks: Vec::new(),
            headings: Vec::new(),
            links: Vec::new(),
            scripts: Vec::new(),
            frames: Vec::new(),
            forms: Vec::new(),
            images: Vec::new(),
            media: 0,
            meta: Vec::new(),
            refreshes: Vec::new(),
            skeleton: Vec::new(),
            elements: 0,
            relations: Vec::new(),
            asks: Vec::new(),
            dark: false,
            stunts: Vec::new(),
            covers: Vec::new(),
            uses: Vec::new(),
            layers: Vec::new(),
            style_hosts: Vec::new(),
            sheets: Vec::new(),
            styled: None,
            fingerprint: Fingerprint {
                raw,
                content: raw,
                shape: raw,
            },
        };
        Self {
            draft: Draft::of(page),
            rules,
            path: Path::new(),
            layers: Layers::default(),
            drawn: Vec::new(),
            room: DRAWN_BYTES,
            shape: Vec::new(),
            outline: outline::Tokens::default(),
            depth: 0,
            heading: None,
            mute: 0,
            title: None,
        }
    }

    fn run(&mut self, tree: &'t Html, ignored: &HashSet<NodeId>) {
        let mut skipping: Option<NodeId> = None;
        for (n, edge) in tree.tree.root().traverse().enumerate() {
            if cancel::step(1) && n % 1024 == 0 {
                return;
            }
            match edge {
                Edge::Open(node) => {
                    if skipping.is_some() {
                        continue;
                    }
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
                Edge::Close(node) => {
                    if skipping == Some(node.id()) {
                        skipping = None;
                    } else if skipping.is_none()
                        && let Node::Element(element) = node.value()
                    {
                        self.close(element);
                    }
                }
            }
        }
    }

    fn open(&mut self, node: NodeRef<'t, Node>, element: &'t Element) {
        let tag = element.name();
        let rules = self.rules;
        self.depth += 1;
        self.draft.page.elements += 1;
        self.shape.extend(tag.as_bytes());
        self.shape.push(b'<');
        self.outline.take(element);
        if is_block(tag) {
            self.draft.gather.flush();
        }
        self.path.open(node, element);
        let inline = element.attr("style").map(declarations).unwrap_or_default();
        let style = rules.cascade.style(&mut self.path, &inline);
        let hiding = hides(element, &style, &rules.scripted);
        let opened = Opened {
            element,
            style: &style,
            depth: self.depth,
            elements: self.draft.page.elements,
            hiding,
            within_hidden: self.draft.hiding().is_some(),
        };
        self.layers
            .open(&opened, &rules.cascade, &mut self.path, &rules.scripted);
        if let Some(hiding) = hiding {
            self.draft.hidden.push((self.depth, hiding));
        }
        if self.draft.hidden.is_empty() {
            cover::add(&rules.covers, &mut self.draft.page, element);
            self.draw(element, &style);
        }
        if matches!(tag, "html" | "body") {
            self.draft.page.dark |= hidden::paints_black(&style);
            // pages against clickjacking, and those that fade in, are shown by a script
            let fades = ["animation", "animation-name"]
                .iter()
                .any(|it| style.get(it).is_some());
            if hidden::of(&style).is_some() && !fades && !rules.scripted.shows {
                self.layers.blank(tag, &style, &self.draft.page.url);
            }
        }
        if is_mute(element, &rules.scripted) {
            self.mute += 1;
        }
        if tag == "title" && is_html(element) && self.draft.page.title.is_none() {
            self.title = Some(String::new());
        }
        if let Some(level) = outline::heading_level(tag) {
            self.heading = Some((level, String::new()));
        }
        self.draft.collect(tag, element);
    }

    /// Keeps the texts that style draws for a visible element, and those in its pictures.
    fn draw(&mut self, element: &Element, style: &Style) {
        let pictures = ["background", "background-image", "content"];
        let pictures = pictures
            .into_iter()
            .filter_map(|it| style.get(it).and_then(address));
        let pictures = pictures.chain(element.attr("src").filter(|_| element.name() == "img"));
        let mut texts = Vec::new();
        for text in pictures {
            if is_drawing(text) && self.takes(text.len()) {
                texts.extend(pictured(text));
            }
        }
        let rules = self.rules;
        if rules.cascade.draws() {
            for (at, tag) in [(Drawn::Before, "::before"), (Drawn::After, "::after")] {
                let style = rules.cascade.drawn(&mut self.path, at);
                let Some(content) = style.get("content") else {
                    continue;
                };
                if hidden::of(&style).is_some() || !self.takes(content.len()) {
                    continue;
                }
                let mut text = drawn(content, |it| element.attr(it));
                text.extend(address(content).and_then(pictured));
                let page = &self.draft.page;
                self.layers
                    .drawn(tag, &text, &style, page.elements, &page.url);
                texts.push(text);
            }
        }
        for text in texts {
            let letters = text.chars().filter(|it| it.is_alphabetic()).count();
            let text = fold(&text[..floor(&text, LONGEST_LINE)]);
            if letters >= DRAWN_LETTERS && self.drawn.len() < DRAWN && !self.drawn.contains(&text) {
                self.drawn.push(text);
            }
        }
    }

    /// Whether there is room to read so many more bytes of what style draws.
    fn takes(&mut self, bytes: usize) -> bool {
        self.room = self.room.saturating_sub(bytes);
        self.room > 0
    }

    fn text(&mut self, text: &str) {
        cancel::step(text.len());
        if let Some(title) = &mut self.title {
            put(title, text, LONGEST_LINE);
        } else if let Some(script) = self.draft.script {
            self.draft.page.scripts[script].code.push_str(text);
        } else if self.mute == 0 {
            let hidden = self.draft.hiding();
            if hidden.is_none() {
                self.layers.text(text);
            }
            self.draft
                .gather
                .add(text, hidden, self.draft.link.is_some());
            if let Some(link) = self.draft.link {
                put(&mut self.draft.page.links[link].text, text, LONGEST_LINE);
            }
            if let Some((_, heading)) = &mut self.heading {
                put(heading, text, LONGEST_LINE);
            }
        }
    }

    fn close(&mut self, element: &Element) {
        let tag = element.name();
        match tag {
            "a" => self.draft.link = None,
            "script" => self.draft.script = None,
            "title" if is_html(element) => {
                if let Some(title) = self.title.take() {
                    self.draft.page.title = Some(title);
                }
            }
            _ => (),
        }
        if let Some(level) = outline::heading_level(tag)
            && let Some((_, text)) = self.heading.take()
        {
            let text = fold(&text);
            if !text.is_empty() {
                self.draft.page.headings.push(Heading { level, text });
            }
        }
        if is_mute(element, &self.rules.scripted) {
            self.mute = self.mute.saturating_sub(1);
        }
        if is_block(tag) {
            self.draft.gather.flush();
        }
        if self
            .draft
            .hidden
            .last()
            .is_some_and(|it| it.0 == self.depth)
        {
            self.draft.gather.flush();
            self.draft.hidden.pop();
        }
        self.layers.close(self.depth, &self.draft.page.url);
        self.path.close();
        self.shape.push(b'>');
        self.depth -= 1;
    }

    fn finish(mut self, source: Source) -> Page {
        self.draft.gather.flush();
        for text in &self.drawn {
            self.draft.gather.carry(text, None);
        }
        let mut page = self.draft.page;
        page.layers = self.layers.finish(page.elements);
        page.blocks = self.draft.gather.blocks;
        page.title = page.title.map(|it| fold(&it)).filter(|it| !it.is_empty());
        for link in &mut page.links {
            link.text = fold(&link.text);
        }
        for script in &mut page.scripts {
            if cancel::step(script.code.len()) {
                return page;
            }
            if !script.code.is_empty() {
                script.key = key(&noise::normal_script(&script.code));
                shorten(&mut script.code);
            }
        }
        if page.scripts.iter().any(|it| is_locking(&it.code)) {
            page.stunts.push(Stunt::Locked);
        }
        if page.scripts.iter().any(is_typing) {
            page.stunts.push(Stunt::Typed);
        }
        page.stunts.sort_unstable();
        page.stunts.dedup();
        page.skeleton = self.outline.skeleton();
        page.fingerprint = Fingerprint {
            raw: Digest::of(source.bytes),
            content: fingerprint::content(&page),
            shape: Digest::of(&self.shape),
        };
        page
    }
}

/// Appends the part of a text that fits into `most` bytes.
fn put(to: &mut String, text: &str, most: usize) {
    let room = most.saturating_sub(to.len());
    to.push_str(&text[..floor(text, room)]);
}
