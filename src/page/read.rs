//! One walk over the tree, from which everything else is gathered.

use std::collections::HashSet;

use ego_tree::{NodeId, iter::Edge};
use scraper::{Html, Node, Selector, node::Element};
use url::Url;

use super::{
    Fingerprint, Form, Frame, Heading, Image, Kind, Limit, Link, Page, Script, Source, Stunt,
    bounded,
    carried::carried,
    conduct::{formaction, handler, is_locking, is_typing, relation, secret},
    cut::{CODE_KEPT, shorten},
    fingerprint,
    hidden::{self, Hiding, HidingRules},
    links::resolve,
    noise, outline, patience,
    text::{Gather, floor, fold, is_block},
};
use crate::model::{Digest, digest::key};

pub(super) fn page(
    source: Source,
    kind: Kind,
    text: &str,
    charset: &'static str,
    refresh: Option<&str>,
) -> Result<Page, Limit> {
    let tree = bounded::parse(text)?;
    let ignored = ignored(&tree, source.ignore);
    let mut walk = Walk::new(source, kind, charset);
    walk.rules = rules(&tree);
    walk.page.dark = walk.rules.paints_black();
    if let Some(base) = base(&tree, source.url) {
        walk.page.url = base;
    }
    if let Some(target) = refresh.and_then(refresh_target) {
        walk.page.refreshes.push(resolve(source.url, target).0);
    }
    walk.run(&tree, &ignored);
    if patience::is_lost() {
        return Err(Limit::Time);
    }
    let page = walk.finish(source);
    if patience::is_lost() {
        return Err(Limit::Time);
    }
    Ok(page)
}

fn ignored(tree: &Html, selectors: &[String]) -> HashSet<NodeId> {
    selectors
        .iter()
        .filter_map(|it| Selector::parse(it).ok())
        .flat_map(|it| tree.select(&it).map(|node| node.id()).collect::<Vec<_>>())
        .collect()
}

/// Whether `selector` is one that [`read`](super::read) understands.
pub fn is_selector(selector: &str) -> bool {
    Selector::parse(selector).is_ok()
}

fn rules(tree: &Html) -> HidingRules {
    let mut rules = HidingRules::default();
    for node in tree.tree.nodes() {
        if node
            .value()
            .as_element()
            .is_some_and(|it| it.name() == "style")
        {
            let css: String = node
                .children()
                .filter_map(|it| it.value().as_text().map(|text| text.to_string()))
                .collect();
            rules.add(&css);
        }
    }
    rules
}

/// The first base element's address, as browsers take it: not one in a template or a drawing, and none that is data.
/// Every link of the page is resolved against it, so one that is long once it is escaped is cut to its host.
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

/// `href` and `xlink:href`.
fn href(element: &Element) -> Option<&str> {
    let mut all = element.attrs.iter();
    all.find(|(name, _)| &*name.local == "href")
        .map(|(_, value)| &**value)
}

fn is_html(element: &Element) -> bool {
    &*element.name.ns == "http://www.w3.org/1999/xhtml"
}

/// Inside it, text is not content. A template that is a shadow root is shown; drawings and formulas have elements of the
/// same names that are shown, too.
fn is_mute(element: &Element) -> bool {
    match element.name() {
        "script" => true,
        "style" | "title" => is_html(element),
        "template" => element.attr("shadowrootmode").is_none(),
        _ => false,
    }
}

/// A hundred thousand links may be resolved against it.
const LONGEST_BASE: usize = 512;

struct Walk {
    page: Page,
    rules: HidingRules,
    gather: Gather,
    shape: Vec<u8>,
    outline: outline::Tokens,
    /// Hiding in force and the depth at which it began.
    hidden: Vec<(usize, Hiding)>,
    depth: usize,
    link: Option<usize>,
    heading: Option<(u8, String)>,
    /// Inside an element whose text is not content.
    mute: usize,
    /// Text of the title element while it is open.
    title: Option<String>,
    script: Option<usize>,
}

impl Walk {
    fn new(source: Source, kind: Kind, charset: &'static str) -> Self {
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
            fingerprint: Fingerprint {
                raw,
                content: raw,
                shape: raw,
            },
        };
        Self {
            page,
            rules: HidingRules::default(),
            gather: Gather::default(),
            shape: Vec::new(),
            outline: outline::Tokens::default(),
            hidden: Vec::new(),
            depth: 0,
            link: None,
            heading: None,
            mute: 0,
            title: None,
            script: None,
        }
    }

    fn run(&mut self, tree: &Html, ignored: &HashSet<NodeId>) {
        let mut skipping: Option<NodeId> = None;
        for (n, edge) in tree.tree.root().traverse().enumerate() {
            if n % 1024 == 0 && patience::is_lost() {
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
                        Node::Element(element) => self.open(element),
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

    fn hiding(&self) -> Option<Hiding> {
        self.hidden.last().map(|it| it.1)
    }

    fn open(&mut self, element: &Element) {
        let tag = element.name();
        self.depth += 1;
        self.page.elements += 1;
        self.shape.extend(tag.as_bytes());
        self.shape.push(b'<');
        self.outline.take(element);
        if is_block(tag) {
            self.gather.flush();
        }
        if let Some(hiding) = self.hides(element) {
            self.hidden.push((self.depth, hiding));
        }
        if is_mute(element) {
            self.mute += 1;
        }
        if tag == "title" && is_html(element) && self.page.title.is_none() {
            self.title = Some(String::new());
        }
        if let Some(level) = outline::heading_level(tag) {
            self.heading = Some((level, String::new()));
        }
        self.collect(tag, element);
    }

    fn hides(&self, element: &Element) -> Option<Hiding> {
        let tag = element.name();
        if tag == "noscript" {
            return Some(Hiding::NoScript);
        }
        if matches!(tag, "html" | "body" | "head") {
            // hidden until a script shows it (anti-clickjacking): all of it or nothing
            return None;
        }
        if element.attr("hidden").is_some() {
            return Some(Hiding::Attribute);
        }

        element
            .attr("style")
            .and_then(hidden::of_style)
            .or_else(|| self.rules.of(element.attr("id"), outline::classes(element)))
            .or_else(|| {
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

    fn collect(&mut self, tag: &str, element: &Element) {
        let page = &mut self.page;
        let hidden = self.hidden.last().map(|it| it.1);
        let attr = |name: &str| element.attr(name).unwrap_or_default();
        match tag {
            "html" => {
                page.lang = element
                    .attr("lang")
                    .map(|it| it.trim().to_ascii_lowercase())
            }
            "body" => {
                page.dark |=
                    hidden::is_black(attr("bgcolor")) || hidden::paints_black(attr("style"));
                if [
                    "oncontextmenu",
                    "onselectstart",
                    "ondragstart",
                    "onkeydown",
                    "oncopy",
                ]
                .into_iter()
                .any(|it| element.attr(it).is_some_and(|code| code.contains("false")))
                {
                    page.stunts.push(Stunt::Locked);
                }
            }
            "canvas" => page.stunts.push(Stunt::Canvas),
            "marquee" => page.stunts.push(Stunt::Marquee),
            "link" => relation(page, attr("rel"), attr("href")),
            "a" | "area" if element.attr("href").is_some() => {
                let (url, host) = resolve(&page.url, attr("href"));
                if let Some(code) = attr("href").trim_start().strip_prefix("javascript:") {
                    handler(page, code);
                }
                if tag == "a" {
                    self.link = Some(page.links.len());
                }
                page.links.push(Link {
                    url,
                    host,
                    text: String::new(),
                    hidden,
                });
            }
            "script" => {
                let mut inline = String::new();
                let kind = attr("type").trim().to_ascii_lowercase();
                // the standard's list of types, jscript and livescript among them; an import map leads modules
                let runs = kind.is_empty()
                    || ["javascript", "ecmascript", "jscript", "livescript"]
                        .iter()
                        .any(|it| kind.contains(it))
                    || matches!(kind.as_str(), "module" | "importmap");
                let src = element.attr("src").or_else(|| href(element));
                let (src, host) = match src {
                    // code in its own address is inline code
                    Some(src) if src.trim_start().starts_with("data:") => {
                        inline = format!("'{}'", &src[..floor(src, CODE_KEPT)]);
                        (None, String::new())
                    }
                    Some(src) => {
                        let (url, host) = resolve(&page.url, src);
                        (Some(url), host)
                    }
                    None => (None, String::new()),
                };
                self.script = Some(page.scripts.len());
                page.scripts.push(Script {
                    src,
                    host,
                    code: inline,
                    key: 0,
                    runs,
                    handler: false,
                });
            }
            "iframe" | "frame" => {
                let (src, host) = resolve(&page.url, attr("src"));
                let carried = [attr("srcdoc"), attr("src")]
                    .into_iter()
                    .find_map(carried)
                    .unwrap_or_default();
                self.gather.carry(&carried, hidden);
                let style = attr("style").to_ascii_lowercase().replace(' ', "");
                let full = |name: &str| attr(name).trim() == "100%";
                let covers = style.contains("position:fixed")
                    || (full("width") && full("height"))
                    || (style.contains("width:100%") && style.contains("height:100%"))
                    || style.contains("100vh");
                page.frames.push(Frame {
                    src,
                    host,
                    covers,
                    hidden,
                });
            }
            "form" => {
                let (action, host) = resolve(&page.url, attr("action"));
                page.forms.push(Form {
                    action,
                    host,
                    password: false,
                });
            }
            "button" => formaction(page, attr("formaction")),
            "input" => {
                formaction(page, attr("formaction"));
                let password = attr("type").eq_ignore_ascii_case("password");
                if password && let Some(form) = page.forms.last_mut() {
                    form.password = true;
                }
                if !attr("type").eq_ignore_ascii_case("hidden") {
                    if !password {
                        self.gather.carry(attr("value"), hidden);
                        self.gather.carry(attr("placeholder"), hidden);
                    }
                    let asked = if password {
                        Some("password")
                    } else {
                        secret(attr("name")).or(secret(attr("id")))
                    };
                    if let Some(asked) =
                        asked.filter(|it| !page.asks.iter().any(|known| known == it))
                    {
                        page.asks.push(asked.to_owned());
                    }
                }
            }
            // drawn as large as one likes
            "image"
                if element
                    .attr("href")
                    .or(element.attr("xlink:href"))
                    .is_some() =>
            {
                let src = element
                    .attr("href")
                    .or(element.attr("xlink:href"))
                    .unwrap_or_default();
                let (src, host) = resolve(&page.url, src);
                page.images.push(Image {
                    src,
                    host,
                    alt: String::new(),
                });
            }
            "img" => {
                let src = ["src", "data-src"]
                    .into_iter()
                    .map(attr)
                    .find(|it| !it.is_empty())
                    .unwrap_or_default();
                let (src, host) = resolve(&page.url, src);
                page.images.push(Image {
                    src,
                    host,
                    alt: fold(&attr("alt")[..floor(attr("alt"), LONGEST_LINE)]),
                });
            }
            "audio" | "video" | "embed" | "object" | "bgsound" => {
                page.media += 1;
                if tag == "bgsound"
                    || element.attr("autoplay").is_some()
                    || attr("autostart") == "true"
                {
                    page.stunts.push(Stunt::Autoplay);
                }
                let (src, host) = resolve(
                    &page.url,
                    if tag == "object" {
                        attr("data")
                    } else {
                        attr("src")
                    },
                );
                if let Some(text) = [attr("data"), attr("src")].into_iter().find_map(carried) {
                    self.gather.carry(&text, hidden);
                }
                if matches!(tag, "embed" | "object") && !host.is_empty() {
                    page.frames.push(Frame {
                        src,
                        host,
                        covers: false,
                        hidden,
                    });
                }
            }
            "textarea" => self.gather.carry(attr("placeholder"), hidden),
            "optgroup" => self.gather.carry(attr("label"), hidden),
            "meta" => self.meta(element),
            _ => (),
        }
        for (name, code) in element.attrs() {
            if name.starts_with("on") {
                handler(&mut self.page, code);
            }
        }
    }

    fn meta(&mut self, element: &Element) {
        let content = element.attr("content").unwrap_or_default();
        let content = fold(&content[..floor(content, LONGEST_META)]);
        if element
            .attr("http-equiv")
            .is_some_and(|it| it.eq_ignore_ascii_case("refresh"))
            && let Some(target) = refresh_target(&content)
        {
            self.page.refreshes.push(resolve(&self.page.url, target).0);
        }
        let name = element
            .attr("name")
            .or(element.attr("property"))
            .or(element.attr("itemprop"));
        if let Some(name) = name {
            self.page
                .meta
                .push((name.trim().to_ascii_lowercase(), content));
        }
    }

    fn text(&mut self, text: &str) {
        if let Some(title) = &mut self.title {
            put(title, text, LONGEST_LINE);
        } else if let Some(script) = self.script {
            self.page.scripts[script].code.push_str(text);
        } else if self.mute == 0 {
            let hidden = self.hiding();
            self.gather.add(text, hidden, self.link.is_some());
            if let Some(link) = self.link {
                put(&mut self.page.links[link].text, text, LONGEST_LINE);
            }
            if let Some((_, heading)) = &mut self.heading {
                put(heading, text, LONGEST_LINE);
            }
        }
    }

    fn close(&mut self, element: &Element) {
        let tag = element.name();
        match tag {
            "a" => self.link = None,
            "script" => self.script = None,
            "title" if is_html(element) => {
                if let Some(title) = self.title.take() {
                    self.page.title = Some(title);
                }
            }
            _ => (),
        }
        if let Some(level) = outline::heading_level(tag)
            && let Some((_, text)) = self.heading.take()
        {
            let text = fold(&text);
            if !text.is_empty() {
                self.page.headings.push(Heading { level, text });
            }
        }
        if is_mute(element) {
            self.mute = self.mute.saturating_sub(1);
        }
        if is_block(tag) {
            self.gather.flush();
        }
        if self.hidden.last().is_some_and(|it| it.0 == self.depth) {
            self.gather.flush();
            self.hidden.pop();
        }
        self.shape.push(b'>');
        self.depth -= 1;
    }

    fn finish(mut self, source: Source) -> Page {
        self.gather.flush();
        let mut page = self.page;
        page.blocks = self.gather.blocks;
        page.title = page.title.map(|it| fold(&it)).filter(|it| !it.is_empty());
        for link in &mut page.links {
            link.text = fold(&link.text);
        }
        for script in &mut page.scripts {
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

/// `5; url=/x`, `0;/x` and `0,'/x'` lead somewhere; `300` does not.
fn refresh_target(content: &str) -> Option<&str> {
    let rest =
        content.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.' || c.is_whitespace());
    let rest = rest.trim_start_matches([';', ',', ' ']);
    let rest = match rest.get(..3) {
        Some(word) if word.eq_ignore_ascii_case("url") => {
            rest[3..].trim_start().strip_prefix('=').unwrap_or(rest)
        }
        _ => rest,
    };
    let target = rest.trim().trim_matches(['"', '\'']);
    (!target.is_empty()).then_some(target)
}

/// A title, a heading, the text of a link: what is longer is cut.
const LONGEST_LINE: usize = 4 << 10;
const LONGEST_META: usize = 16 << 10;

/// Adds so much of a text as there is room for.
fn put(to: &mut String, text: &str, most: usize) {
    let room = most.saturating_sub(to.len());
    to.push_str(&text[..floor(text, room)]);
}
