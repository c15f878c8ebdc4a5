//! What each kind of element adds to the page.

use std::collections::HashSet;

use scraper::node::Element;

use super::{
    Form, Frame, Hiding, Image, Link, Page, Script, Stunt,
    behaviour::{attribute, formaction, handler, relation, secret},
    embedded::{codes, embedded, loaded},
    hidden,
    links::resolve,
    text::{Gather, fold},
    truncate::{CODE_KEPT, LONGEST_LINE, floor},
    uses,
};

/// Longest content of a meta element, in bytes; more is cut off.
const LONGEST_META: usize = 16 << 10;

/// Bytes in base64 of a picture in its own address that are kept, and of all such pictures of a page: a QR code has some
/// thousand.
const PICTURE: usize = 96 << 10;
const PICTURES: usize = 512 << 10;

/// Attributes that keep visitors from the context menu, selecting, copying or dragging.
const LOCKS: [&str; 5] = [
    "oncontextmenu",
    "onselectstart",
    "ondragstart",
    "onkeydown",
    "oncopy",
];

/// Script types that browsers run, besides `module`: the JavaScript media types of the WHATWG MIME Sniffing standard,
/// by a word that each contains.
const RUN: [&str; 4] = ["javascript", "ecmascript", "jscript", "livescript"];

/// A page that is being read, and the open elements that its next parts belong to.
pub(super) struct Draft {
    pub page: Page,
    pub gather: Gather,
    /// The hiding in force and the depth at which it began, innermost last.
    pub hidden: Vec<(usize, Hiding)>,
    /// The open link and script, by their places in the page.
    pub link: Option<usize>,
    pub script: Option<usize>,
    /// Hashes of the event handlers kept so far.
    handlers: HashSet<u64>,
    /// Bytes of pictures in their own addresses that may still be kept.
    pictures: usize,
}

impl Draft {
    pub fn of(page: Page) -> Self {
        Self {
            page,
            gather: Gather::default(),
            hidden: Vec::new(),
            link: None,
            script: None,
            handlers: HashSet::new(),
            pictures: PICTURES,
        }
    }

    /// How the current element is hidden, by itself or by an ancestor.
    pub fn hiding(&self) -> Option<Hiding> {
        self.hidden.last().map(|it| it.1)
    }

    /// Adds an element to the page; `tag` is its lower-case name.
    pub fn collect(&mut self, tag: &str, element: &Element) {
        let attr = |name: &str| element.attr(name).unwrap_or_default();
        let hidden = self.hiding();
        match tag {
            "html" => {
                let lang = element.attr("lang");
                self.page.lang = lang.map(|it| it.trim().to_ascii_lowercase());
            }
            "body" => self.add_body(element),
            "canvas" => self.page.stunts.push(Stunt::Canvas),
            "marquee" => self.page.stunts.push(Stunt::Marquee),
            "link" => {
                relation(&mut self.page, attr("rel"), attr("href"));
                uses::link(&mut self.page, element);
            }
            "a" | "area" if element.attr("href").is_some() => self.add_link(tag, attr("href")),
            "script" => self.add_script(element),
            "iframe" | "frame" => self.add_frame(element),
            "form" => {
                let (action, host) = resolve(&self.page.url, attr("action"));
                self.page.forms.push(Form {
                    action,
                    host,
                    password: false,
                });
            }
            "button" => formaction(&mut self.page, attr("formaction")),
            "input" => self.add_input(element),
            // an SVG picture can be scaled to any size
            "image" => {
                let src = element.attr("href").or(element.attr("xlink:href"));
                if let Some(src) = src {
                    self.add_image(src, "", false);
                }
            }
            "img" => {
                let sources = [attr("src"), attr("data-src"), first_of(attr("srcset"))];
                let src = sources.into_iter().find(|it| !it.is_empty());
                self.add_image(src.unwrap_or_default(), attr("alt"), is_small(element));
            }
            "audio" | "video" | "embed" | "object" | "bgsound" => self.add_media(tag, element),
            "textarea" => self.gather.carry(attr("placeholder"), hidden),
            "optgroup" => self.gather.carry(attr("label"), hidden),
            "meta" => self.meta(element),
            _ => (),
        }
        for (name, code) in element.attrs() {
            if name.starts_with("on") {
                handler(&mut self.page, &mut self.handlers, code);
            } else if name == "ping" {
                uses::ping(&mut self.page, code);
            } else if is_address(tag, name) {
                // links that open a menu or post a form of ASP.NET are legion, as handlers are
                let keep = if name == "href" { handler } else { attribute };
                for code in codes(code) {
                    keep(&mut self.page, &mut self.handlers, &code);
                }
                for source in loaded(code) {
                    self.add_inner(&source);
                }
            }
        }
    }

    fn add_body(&mut self, element: &Element) {
        let attr = |name: &str| element.attr(name).unwrap_or_default();
        self.page.dark |= hidden::is_black(attr("bgcolor"));
        let refuses = |name: &&str| element.attr(name).is_some_and(|it| it.contains("false"));
        if LOCKS.iter().any(refuses) {
            self.page.stunts.push(Stunt::Locked);
        }
    }

    fn add_link(&mut self, tag: &str, href: &str) {
        let hidden = self.hiding();
        let page = &mut self.page;
        let (url, host) = resolve(&page.url, href);
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

    fn add_script(&mut self, element: &Element) {
        let page = &mut self.page;
        let mut inline = String::new();
        let kind = element.attr("type").unwrap_or_default();
        let kind = kind.trim().to_ascii_lowercase();
        // an import map decides from where modules are loaded
        let runs = kind.is_empty()
            || RUN.iter().any(|it| kind.contains(it))
            || matches!(kind.as_str(), "module" | "importmap");
        let src = element.attr("src").or_else(|| href(element));
        let (src, host) = match src {
            // a `data:` address is code of the page itself
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

    /// A script or frame in a page inside an attribute: its code runs as that of a script of this page does.
    fn add_inner(&mut self, source: &str) {
        let (url, host) = resolve(&self.page.url, source);
        self.page.scripts.push(Script {
            src: Some(url),
            host,
            code: String::new(),
            key: 0,
            runs: true,
            handler: false,
        });
    }

    fn add_frame(&mut self, element: &Element) {
        let attr = |name: &str| element.attr(name).unwrap_or_default();
        let hidden = self.hiding();
        let (src, host) = resolve(&self.page.url, attr("src"));
        let text = ["srcdoc", "src"].map(attr).into_iter().find_map(embedded);
        self.gather.carry(&text.unwrap_or_default(), hidden);
        let style = attr("style").to_ascii_lowercase().replace(' ', "");
        let full = |name: &str| attr(name).trim() == "100%";
        let covers = style.contains("position:fixed")
            || (full("width") && full("height"))
            || (style.contains("width:100%") && style.contains("height:100%"))
            || style.contains("100vh");
        self.page.frames.push(Frame {
            src,
            host,
            covers,
            hidden,
        });
    }

    fn add_input(&mut self, element: &Element) {
        let attr = |name: &str| element.attr(name).unwrap_or_default();
        let hidden = self.hiding();
        formaction(&mut self.page, attr("formaction"));
        let password = attr("type").eq_ignore_ascii_case("password");
        if password && let Some(form) = self.page.forms.last_mut() {
            form.password = true;
        }
        if attr("type").eq_ignore_ascii_case("hidden") {
            return;
        }
        let asked = if password {
            Some("password")
        } else {
            self.gather.carry(attr("value"), hidden);
            self.gather.carry(attr("placeholder"), hidden);
            secret(attr("name")).or(secret(attr("id")))
        };
        let asks = &mut self.page.asks;
        if let Some(asked) = asked.filter(|it| !asks.iter().any(|known| known == it)) {
            asks.push(asked.to_owned());
        }
    }

    fn add_image(&mut self, src: &str, alt: &str, small: bool) {
        let data = self.own_picture(src);
        let (src, host) = resolve(&self.page.url, src);
        self.page.images.push(Image {
            data,
            src,
            host,
            alt: fold(&alt[..floor(alt, LONGEST_LINE)]),
            small,
            block: self.gather.blocks.len(),
            link: self.link,
        });
    }

    /// The base64 text of a picture in its own address, up to [`PICTURE`] bytes and [`PICTURES`] of all.
    fn own_picture(&mut self, src: &str) -> String {
        let load = src
            .trim_start()
            .strip_prefix("data:image/")
            .and_then(|it| it.split_once(";base64,"))
            .filter(|(kind, load)| kind.len() < 20 && load.len() <= PICTURE.min(self.pictures));
        let Some((_, load)) = load else {
            return String::new();
        };
        self.pictures -= load.len();
        load.to_owned()
    }

    fn add_media(&mut self, tag: &str, element: &Element) {
        let attr = |name: &str| element.attr(name).unwrap_or_default();
        let hidden = self.hiding();
        let page = &mut self.page;
        page.media += 1;
        let starts = element.attr("autoplay").is_some() || attr("autostart") == "true";
        if tag == "bgsound" || starts {
            page.stunts.push(Stunt::Autoplay);
        }
        let source = if tag == "object" { "data" } else { "src" };
        let (src, host) = resolve(&page.url, attr(source));
        if let Some(text) = ["data", "src"].map(attr).into_iter().find_map(embedded) {
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
}

/// Whether browsers open what the attribute holds: a page, or an address that may be code.
fn is_address(tag: &str, name: &str) -> bool {
    match name {
        "srcdoc" => true,
        "src" => matches!(tag, "iframe" | "frame" | "embed" | "script"),
        "data" => tag == "object",
        "href" => matches!(tag, "a" | "area"),
        "action" => tag == "form",
        "formaction" => matches!(tag, "button" | "input"),
        _ => false,
    }
}

/// The first address of a `srcset`: `a.png 1x, b.png 2x`.
fn first_of(srcset: &str) -> &str {
    let srcset = srcset.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == ',');
    let address = srcset.split_ascii_whitespace().next().unwrap_or_default();
    address.trim_end_matches(',')
}

/// Whether the attributes of a picture give sides of at most 400 px and no style attribute can overrule them.
fn is_small(element: &Element) -> bool {
    const SMALL: f64 = 400.0;
    let sides = ["width", "height"]
        .into_iter()
        .filter_map(|it| element.attr(it));
    let sides: Vec<f64> = sides
        .map(|it| it.trim().parse().unwrap_or(f64::MAX))
        .collect();
    let declared = !sides.is_empty() && sides.iter().all(|it| *it <= SMALL);
    declared && element.attr("style").is_none()
}

/// The address of a link element: `href`, or `xlink:href` in SVG.
fn href(element: &Element) -> Option<&str> {
    let mut all = element.attrs.iter();
    all.find(|(name, _)| &*name.local == "href")
        .map(|(_, value)| &**value)
}

/// The address of a refresh: `5; url=/x`, `0;/x` and `0,'/x'` have one; `300` has none.
pub(super) fn refresh_target(content: &str) -> Option<&str> {
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
