//! What each kind of element tells.

use scraper::node::Element;

use super::{
    Form, Frame, Image, Link, Script, Stunt,
    carried::carried,
    conduct::{formaction, handler, relation, secret},
    cut::CODE_KEPT,
    hidden,
    links::resolve,
    read::{LONGEST_LINE, Walk},
    text::{floor, fold},
};

/// What is longer is cut.
const LONGEST_META: usize = 16 << 10;

impl Walk {
    pub fn collect(&mut self, tag: &str, element: &Element) {
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
                    handler(page, &mut self.handlers, code);
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
                handler(&mut self.page, &mut self.handlers, code);
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
}

/// `href` and `xlink:href`.
fn href(element: &Element) -> Option<&str> {
    let mut all = element.attrs.iter();
    all.find(|(name, _)| &*name.local == "href")
        .map(|(_, value)| &**value)
}

/// `5; url=/x`, `0;/x` and `0,'/x'` lead somewhere; `300` does not.
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
