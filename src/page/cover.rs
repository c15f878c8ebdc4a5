//! Pictures, films and frames that cover the page: visitors see them instead of the content below.

use std::collections::HashMap;

use scraper::node::Element;
use url::Url;

use super::{Page, links::resolve, outline, truncate::floor};

/// An element that fills the window, or a picture that fills its width (enough to hide a page with little text).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cover {
    /// The name of the element, or `background`.
    pub tag: String,
    /// Absolute address; empty for elements without one (`canvas`, `svg`).
    pub src: String,
    pub host: String,
    /// Whether it fills the whole window and not only its width.
    pub whole: bool,
}

/// Most different covers of one page; honest pages have a handful.
const KEPT: usize = 64;
/// Most bytes of style text that are read, and most rules that are kept. Honest pages have some hundred KiB at most.
const STYLE_BYTES: usize = 2 << 20;
const RULES: usize = 16 << 10;
/// Least percent of a side of the window that a cover fills.
const FILLS: f64 = 90.0;

/// The layout that style declarations give an element.
#[derive(Clone, Debug, Default)]
struct Laid {
    wide: bool,
    high: bool,
    /// `position` is `fixed`, `absolute` or `sticky`: the element lies over the page.
    lifted: bool,
    narrow: bool,
    picture: Option<String>,
}

impl Laid {
    fn of(style: &str) -> Self {
        let mut it = Self::default();
        let mut edges = [false; 4];
        for part in style.split(';') {
            let Some((name, value)) = part.split_once(':') else {
                continue;
            };
            let name = name.trim().to_ascii_lowercase();
            let lower = value.trim().to_ascii_lowercase();
            let lower = lower.trim_end_matches("!important").trim();
            let zero = lower.starts_with('0') || lower.starts_with('-');
            match name.as_str() {
                "position" => it.lifted = matches!(lower, "fixed" | "absolute" | "sticky"),
                "inset" if zero => edges = [true; 4],
                "top" => edges[0] = zero,
                "right" => edges[1] = zero,
                "bottom" => edges[2] = zero,
                "left" => edges[3] = zero,
                "width" | "min-width" | "inline-size" => it.wide |= fills(lower),
                "height" | "min-height" | "block-size" => it.high |= fills(lower),
                "max-width" => it.narrow |= !fills(lower) && lower != "none",
                "background" | "background-image" | "content" => {
                    it.picture = address(value).or(it.picture.take());
                }
                _ => (),
            }
        }
        it.wide |= it.lifted && edges[1] && edges[3];
        it.high |= it.lifted && edges[0] && edges[2];
        it
    }

    fn and(&mut self, other: &Self) {
        self.wide |= other.wide;
        self.high |= other.high;
        self.lifted |= other.lifted;
        self.narrow |= other.narrow;
        if self.picture.is_none() {
            self.picture.clone_from(&other.picture);
        }
    }
}

/// Whether a length fills a side of the window: `100%`, `100vw`, `120dvh`, `1920px` and the like.
fn fills(value: &str) -> bool {
    let value = value.strip_prefix("calc(").unwrap_or(value);
    let end = value
        .find(|c: char| !(c.is_ascii_digit() || c == '.'))
        .unwrap_or(value.len());
    let Ok(number) = value[..end].parse::<f64>() else {
        return matches!(value, "-webkit-fill-available" | "stretch");
    };
    let unit = &value[end..];
    match unit.trim_end_matches([')', ' ']) {
        "px" | "" => number >= 1000.0,
        it if it.starts_with('%') || it.contains('v') => number >= FILLS,
        _ => false,
    }
}

fn has_address(style: &str) -> bool {
    let mut style = style.as_bytes().windows(4);
    style.any(|it| it.eq_ignore_ascii_case(b"url("))
}

/// The address in `url(…)` of a value.
fn address(value: &str) -> Option<String> {
    let at = value.to_ascii_lowercase().find("url(")?;
    let rest = value.get(at + 4..)?.trim_start();
    let quote = rest.chars().next().filter(|it| matches!(it, '"' | '\''));
    let inner = match quote {
        Some(quote) => rest[1..].split(quote).next()?,
        None => rest.split(')').next()?,
    };
    let inner = inner.trim();
    (!inner.is_empty()).then(|| inner.to_owned())
}

/// Layout rules of the page's style elements, by `tag`, `.class` or `#id`.
#[derive(Debug, Default)]
pub struct CoverRules {
    rules: HashMap<String, Laid>,
    read: usize,
    /// Whether one of the rules sets a background picture.
    paints: bool,
    /// Whether style text or rules were left out by [`STYLE_BYTES`] or [`RULES`].
    cut: bool,
}

impl CoverRules {
    /// Reads one style element. Stops at 2 MiB of all of them together.
    pub fn add(&mut self, css: &str) {
        let end = floor(css, STYLE_BYTES.saturating_sub(self.read));
        self.read += end;
        self.cut |= end < css.len();
        for rule in css[..end].split('}') {
            let Some((selectors, body)) = rule.rsplit_once('{') else {
                continue;
            };
            let laid = Laid::of(body);
            if !(laid.wide || laid.high || laid.narrow || laid.picture.is_some() || laid.lifted) {
                continue;
            }
            self.paints |= laid.picture.is_some();
            let selectors = selectors.rsplit('{').next().unwrap_or_default();
            let selectors = selectors.rsplit("*/").next().unwrap_or_default();
            for selector in selectors.split(',') {
                let Some(last) = selector.split_whitespace().next_back() else {
                    continue;
                };
                let last = last.split("::").next().unwrap_or_default();
                let last = last.trim_end_matches(":before").trim_end_matches(":after");
                let at = last.find(['.', '#']).unwrap_or(0);
                let name = &last[at..];
                if name.is_empty() {
                    continue;
                }
                if self.rules.len() >= RULES && !self.rules.contains_key(name) {
                    self.cut = true;
                    continue;
                }
                self.rules.entry(name.to_owned()).or_default().and(&laid);
            }
        }
    }

    fn of(&self, element: &Element) -> Laid {
        let mut laid = element.attr("style").map(Laid::of).unwrap_or_default();
        if self.rules.is_empty() {
            return laid;
        }
        if let Some(known) = self.rules.get(element.name()) {
            laid.and(known);
        }
        if let Some(id) = element.attr("id")
            && let Some(known) = self.rules.get(&format!("#{id}"))
        {
            laid.and(known);
        }
        for class in outline::classes(element) {
            if let Some(known) = self.rules.get(&format!(".{class}")) {
                laid.and(known);
            }
        }
        laid
    }
}

/// A cover for content that was not read. It has no address, so it never matches a cover of the baseline.
fn unread(tag: &str) -> Cover {
    Cover {
        tag: tag.to_owned(),
        src: String::new(),
        host: String::new(),
        whole: true,
    }
}

/// Adds the element to the page's covers if it is one. Equal covers count once, so harmless repeats cannot push a
/// hostile one past [`KEPT`]. A page with more covers or style text than is read gets a cover without an address.
pub(super) fn add(rules: &CoverRules, page: &mut Page, element: &Element) {
    if page.covers.len() > KEPT {
        return;
    }
    if page.covers.is_empty() && rules.cut {
        page.covers.push(unread("style"));
    }
    let Some(cover) = of(rules, page, element) else {
        return;
    };
    if page.covers.contains(&cover) {
        return;
    }
    let full = page.covers.len() == KEPT;
    page.covers
        .push(if full { unread(&cover.tag) } else { cover });
}

/// The element as a cover, or `None`.
fn of(rules: &CoverRules, page: &Page, element: &Element) -> Option<Cover> {
    let tag = element.name();
    let shows = matches!(
        tag,
        "img"
            | "image"
            | "iframe"
            | "frame"
            | "video"
            | "object"
            | "embed"
            | "canvas"
            | "svg"
            | "picture"
    );
    // most elements show no picture and have no background: skip the search of rules
    let painted = rules.paints
        || element.attr("background").is_some()
        || element.attr("style").is_some_and(has_address);
    if !shows && !painted {
        return None;
    }
    let mut laid = rules.of(element);
    let side = |name: &str| element.attr(name).map(|it| it.trim().to_ascii_lowercase());
    laid.wide |= side("width").is_some_and(|it| fills(&it));
    laid.high |= side("height").is_some_and(|it| fills(&it));
    let whole = laid.wide && laid.high;
    let ground = matches!(tag, "body" | "html");
    let background = laid
        .picture
        .or_else(|| element.attr("background").map(str::to_owned));
    if shows && !laid.narrow && (whole || laid.wide && tag == "img") {
        let source = ["src", "data", "href", "xlink:href", "poster", "data-src"];
        let source = source.into_iter().find_map(|it| element.attr(it));
        return Some(cover(&page.url, tag, source.unwrap_or_default(), whole));
    }
    match background {
        // a background of the page, or of a box with text, lies below the text; only a box lifted over the page covers
        // it
        Some(picture) if ground || whole => {
            let over = whole && laid.lifted && !ground;
            Some(cover(&page.url, "background", &picture, over))
        }
        _ => None,
    }
}

fn cover(base: &Url, tag: &str, source: &str, whole: bool) -> Cover {
    let (src, host) = resolve(base, source);
    Cover {
        tag: tag.to_owned(),
        src: if source.is_empty() {
            String::new()
        } else {
            src
        },
        host: if source.is_empty() {
            String::new()
        } else {
            host
        },
        whole,
    }
}

#[cfg(test)]
mod tests {
    use crate::page::{Source, read};

    fn covers(html: &str) -> Vec<(String, bool)> {
        let url = "https://portal.example/".parse().unwrap();
        let page = read(Source {
            bytes: html.as_bytes(),
            content_type: Some("text/html; charset=utf-8"),
            url: &url,
            ignore: &[],
        });
        let covers = page.unwrap().covers;
        covers.into_iter().map(|it| (it.tag, it.whole)).collect()
    }

    #[test]
    fn what_lies_over_the_page() {
        for (html, tag) in [
            ("<img src=/h.jpg style='position:fixed;inset:0'>", "img"),
            ("<img src=/h.jpg width=100% height=100%>", "img"),
            (
                "<style>.x{position:fixed;top:0;left:0;width:100%;height:100%;background:url(/h.jpg)}</style><div class=x></div>",
                "background",
            ),
            (
                "<style>img{width:100vw;height:100vh}</style><img src=/h.jpg>",
                "img",
            ),
            (
                "<iframe src=/d.html style='width:100%;height:100vh'></iframe>",
                "iframe",
            ),
            (
                "<div style=\"position:absolute;top:0;right:0;bottom:0;left:0;background-image:url('/h.jpg')\"></div>",
                "background",
            ),
            (
                "<svg style='width:100%;height:100%'><path d='M0 0'/></svg>",
                "svg",
            ),
        ] {
            assert_eq!(covers(html), [(tag.to_owned(), true)], "{html}");
        }
    }

    #[test]
    fn nothing_pushes_a_cover_out_of_sight() {
        let cover = "<img src=/h.jpg style='position:fixed;inset:0'>";
        let known = (0..9999).map(|_| "<img src=/a.png width=100%>");
        let html = format!("{}{cover}", known.collect::<String>());
        assert_eq!(
            covers(&html),
            [("img".to_owned(), false), ("img".to_owned(), true)]
        );
        let many = (0..999).map(|it| format!("<img src=/{it}.png width=100%>"));
        let html = format!("{}{cover}", many.collect::<String>());
        let found = covers(&html);
        assert_eq!(
            (found.len(), found.last()),
            (65, Some(&("img".to_owned(), true)))
        );
        let padded = format!(
            "<img src=/h.jpg style='{}position:fixed;inset:0'>",
            "color:red;".repeat(5000)
        );
        assert_eq!(covers(&padded), [("img".to_owned(), true)]);
        let rule = "img{position:fixed;inset:0}";
        for (padding, tag) in [(100, "img"), (1000, "style")] {
            let comment = format!("/*{}*/", "x".repeat(4096)).repeat(padding);
            let html = format!("<style>{comment}{rule}</style><img src=/h.jpg>");
            assert_eq!(covers(&html), [(tag.to_owned(), true)], "{padding}");
        }
        let rules = (0..20_000).map(|it| format!(".c{it}{{top:0;width:100%}}"));
        let html = format!(
            "<style>{}{rule}</style><img src=/h.jpg>",
            rules.collect::<String>()
        );
        assert_eq!(covers(&html), [("style".to_owned(), true)]);
    }

    #[test]
    fn what_lies_under_the_page() {
        for html in [
            "<style>body{background:url(/nen.jpg) center/cover}</style><p>Chữ</p>",
            "<body background=/nen.jpg><p>Chữ</p>",
            "<div style='width:100%;min-height:100vh;background:url(/nen.jpg)'><p>Chữ</p></div>",
        ] {
            assert_eq!(covers(html), [("background".to_owned(), false)], "{html}");
        }
    }

    #[test]
    fn what_is_part_of_the_page() {
        for html in [
            "<img src=/logo.png width=120 height=80>",
            "<img src=/logo.png style='max-width:300px;width:100%;height:100%'>",
            "<div style='min-height:100vh;display:flex'><img src=/logo.png></div>",
            "<div style='position:fixed;inset:0;background:rgba(0,0,0,.5)'></div>",
            "<iframe src=/map width=600 height=450></iframe>",
        ] {
            assert_eq!(covers(html), [], "{html}");
        }
    }
}
