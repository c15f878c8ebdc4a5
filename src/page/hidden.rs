//! The ways to keep a part of a page from visitors while search engines read it.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::truncate::floor;

/// How a part of a page is hidden from visitors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Hiding {
    DisplayNone,
    Invisible,
    OffScreen,
    TinyText,
    TinyBox,
    SameColour,
    /// Below all other content (a negative `z-index`).
    Behind,
    Attribute,
    NoScript,
}

impl Hiding {
    /// The short name for messages to the operator.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DisplayNone => "display:none",
            Self::Invisible => "visibility/opacity",
            Self::OffScreen => "off-screen",
            Self::TinyText => "font-size:0",
            Self::TinyBox => "zero size",
            Self::SameColour => "colour on colour",
            Self::Behind => "behind the page",
            Self::Attribute => "hidden",
            Self::NoScript => "noscript",
        }
    }
}

/// Most bytes of one style attribute that are read.
const STYLE_KEPT: usize = 16 << 10;

/// Properties that can hide an element. Most declarations of a page use none of them.
const TELLING: &[&str] = &[
    "background",
    "background-color",
    "bottom",
    "clip",
    "clip-path",
    "color",
    "content-visibility",
    "display",
    "filter",
    "font",
    "font-size",
    "height",
    "left",
    "line-height",
    "margin-left",
    "margin-top",
    "max-height",
    "max-width",
    "opacity",
    "overflow",
    "overflow-x",
    "overflow-y",
    "position",
    "right",
    "text-indent",
    "top",
    "transform",
    "visibility",
    "width",
    "z-index",
    "zoom",
];

/// Names and values of the declarations in [`TELLING`], in order: the last of one name counts.
struct Declarations<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Declarations<'a> {
    fn of(style: &'a str) -> Self {
        let all = style.split(';').filter_map(|it| it.split_once(':'));
        let telling = all
            .map(|(name, value)| (name.trim(), value))
            .filter(|(name, _)| TELLING.binary_search(name).is_ok())
            .map(|(name, value)| (name, value.trim().trim_end_matches("!important").trim()));
        Self(telling.collect())
    }

    fn get(&self, name: &str) -> Option<&'a str> {
        let mut all = self.0.iter().rev();
        all.find(|it| it.0 == name).map(|it| it.1)
    }
}

/// How a style attribute or rule hides its element, or `None`. Lengths are in px; em and rem count as 16 px.
pub fn of_style(style: &str) -> Option<Hiding> {
    let mut end = style.len().min(STYLE_KEPT);
    while !style.is_char_boundary(end) {
        end -= 1;
    }
    let style = style[..end].to_ascii_lowercase();
    let get = Declarations::of(&style);
    if get.0.is_empty() {
        return None;
    }
    let is = |name: &str, wanted: &str| get.get(name).is_some_and(|it| it.starts_with(wanted));
    let px = |name: &str| get.get(name).and_then(length);
    let far = |name: &str| px(name).is_some_and(|it| it <= -500.0);
    if is("display", "none") {
        return Some(Hiding::DisplayNone);
    }
    if is("visibility", "hidden")
        || is("visibility", "collapse")
        || is("content-visibility", "hidden")
        || px("opacity").is_some_and(|it| it <= 0.05)
        || get.get("filter").is_some_and(|it| {
            it.split_once("opacity(")
                .is_some_and(|(_, rest)| length(rest).is_some_and(|it| it <= 0.05))
                || it.contains("alpha(opacity=0)")
        })
    {
        return Some(Hiding::Invisible);
    }
    let moved = [
        "left",
        "top",
        "right",
        "bottom",
        "margin-left",
        "margin-top",
        "text-indent",
    ];
    if moved.into_iter().any(far) || get.get("transform").is_some_and(moved_away) {
        return Some(Hiding::OffScreen);
    }
    if px("font-size").is_some_and(|it| it <= 2.0)
        || get.get("font").is_some_and(|it| {
            it.split_whitespace()
                .any(|it| matches!(it, "0" | "0px" | "1px" | "0/0"))
        })
        || px("zoom").is_some_and(|it| it <= 0.02)
    {
        return Some(Hiding::TinyText);
    }
    let small = |name: &str| px(name).is_some_and(|it| it <= 1.0);
    let clipped =
        is("overflow", "hidden") || is("overflow-x", "hidden") || is("overflow-y", "hidden");
    let shut =
        (small("height") || small("max-height") || small("width") || small("max-width")) && clipped;
    let collapsed =
        (small("max-height") || small("height")) && px("line-height").is_some_and(|it| it <= 0.05);
    if shut
        || collapsed
        || get
            .get("clip")
            .or(get.get("clip-path"))
            .is_some_and(is_clipped_away)
    {
        return Some(Hiding::TinyBox);
    }
    let behind = px("z-index").is_some_and(|it| it < 0.0)
        && (is("position", "absolute") || is("position", "fixed"));
    if behind {
        return Some(Hiding::Behind);
    }
    let ground = get
        .get("background-color")
        .or(get.get("background"))
        .and_then(colour);
    match (get.get("color").and_then(colour), ground) {
        (Some(ink), _) if ink == CLEAR => Some(Hiding::SameColour),
        (Some(ink), Some(ground)) if ink.abs_diff(ground) => Some(Hiding::SameColour),
        _ => None,
    }
}

/// Whether a clipping shape leaves nothing of the element.
fn is_clipped_away(shape: &str) -> bool {
    let shape = shape.replace(' ', "");
    [
        "rect(0",
        "rect(1px",
        "inset(50%",
        "inset(100%",
        "circle(0",
        "ellipse(0",
        "polygon(00",
        "polygon(0000",
        "polygon(0px0px,0px0px",
    ]
    .iter()
    .any(|it| shape.starts_with(it))
}

fn moved_away(transform: &str) -> bool {
    let shrunk = ["scale(", "scalex(", "scaley(", "scale3d("]
        .iter()
        .any(|it| {
            transform
                .split_once(it)
                .is_some_and(|(_, rest)| length(rest).is_some_and(|it| it.abs() <= 0.02))
        });
    shrunk
        || transform
            .split_once("translate")
            .and_then(|(_, rest)| rest.split_once('('))
            .is_some_and(|(_, arguments)| {
                arguments
                    .split([',', ')'])
                    .any(|it| length(it.trim()).is_some_and(|px| px <= -500.0))
            })
}

fn length(value: &str) -> Option<f64> {
    let end = value
        .find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-' || c == '+'))
        .unwrap_or(value.len());
    let number: f64 = value[..end].parse().ok()?;
    match value[end..].split_whitespace().next().unwrap_or_default() {
        "em" | "rem" | "ch" | "ex" => Some(number * 16.0),
        "vw" | "vh" | "%" => Some(number * 10.0),
        "pt" => Some(number * 1.33),
        _ => Some(number),
    }
}

/// Red, green, blue.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Colour(u8, u8, u8);

/// Stands for `transparent`; no page uses this colour.
const CLEAR: Colour = Colour(1, 254, 1);

impl Colour {
    /// Whether text of one colour is unreadable on the other: at most 6 of 255 apart in each channel.
    fn abs_diff(self, other: Self) -> bool {
        self.0.abs_diff(other.0) <= 6
            && self.1.abs_diff(other.1) <= 6
            && self.2.abs_diff(other.2) <= 6
    }

    fn is_black(self) -> bool {
        self.0 <= 0x1c && self.1 <= 0x1c && self.2 <= 0x1c
    }
}

const LONGEST_COLOUR: usize = 256;

/// The first colour of a value. Only common colour names are known.
fn colour(value: &str) -> Option<Colour> {
    // the longest colour that CSS knows is shorter
    let value = &value[..floor(value, LONGEST_COLOUR)];
    let listed = !value.contains("rgb");
    let word = value
        .split(|c: char| c.is_whitespace() || c == ',' && listed)
        .map(|it| it.trim_end_matches("!important"))
        .find(|it| !it.is_empty())?;
    if value.trim_start().starts_with("rgb") {
        let inner = value.split_once('(')?.1;
        let mut parts = inner
            .split(|c: char| c == ',' || c == ')' || c == '/' || c.is_whitespace())
            .filter(|it| !it.is_empty())
            .map(|it| it.parse::<f64>().ok());
        let (red, green, blue) = (parts.next()??, parts.next()??, parts.next()??);
        if parts.next().flatten().is_some_and(|alpha| alpha <= 0.02) {
            return Some(CLEAR);
        }
        return Some(Colour(red as u8, green as u8, blue as u8));
    }
    if let Some(hex) = word.strip_prefix('#').or((word.len() == 6).then_some(word)) {
        let digit = |at: usize| {
            hex.get(at..at + 1)
                .and_then(|it| u8::from_str_radix(it, 16).ok())
        };
        let pair = |at: usize| {
            hex.get(at..at + 2)
                .and_then(|it| u8::from_str_radix(it, 16).ok())
        };
        match hex.len() {
            3 | 4 => return Some(Colour(digit(0)? * 17, digit(1)? * 17, digit(2)? * 17)),
            6 | 8 => {
                if let (Some(red), Some(green), Some(blue)) = (pair(0), pair(2), pair(4)) {
                    return Some(Colour(red, green, blue));
                }
            }
            _ => (),
        }
    }
    Some(match word {
        "white" => Colour(255, 255, 255),
        "snow" | "ivory" | "ghostwhite" => Colour(255, 252, 252),
        "whitesmoke" => Colour(245, 245, 245),
        "black" => Colour(0, 0, 0),
        "transparent" => CLEAR,
        _ => return None,
    })
}

/// Whether a `bgcolor` attribute is black or nearly so.
pub(super) fn is_black(value: &str) -> bool {
    colour(&value.trim().to_ascii_lowercase()).is_some_and(Colour::is_black)
}

/// Whether declarations paint the background black.
pub(super) fn paints_black(style: &str) -> bool {
    let style = style.to_ascii_lowercase();
    style
        .split(';')
        .filter_map(|it| it.split_once(':'))
        .filter(|(name, _)| matches!(name.trim(), "background" | "background-color"))
        .any(|(_, value)| value.split_whitespace().take(16).any(is_black) || is_black(value))
}

/// Rules of the page's own style elements that hide a `.class` or `#id`.
#[derive(Debug, Default)]
pub struct HidingRules {
    rules: HashMap<String, Hiding>,
    /// Bytes of style text read so far.
    read: usize,
    /// Whether a rule for `body`, `html` or `*` paints the page black.
    black: bool,
}

/// Most bytes of style text read of one page: a planted rule stands near its block or in the head.
const STYLE_BYTES: usize = 256 << 10;

impl HidingRules {
    /// Reads one style element. Stops at 256 KiB of all of them together.
    pub fn add(&mut self, css: &str) {
        let end = floor(css, STYLE_BYTES.saturating_sub(self.read));
        self.read += end;
        for rule in css[..end].split('}') {
            let Some((selectors, body)) = rule.rsplit_once('{') else {
                continue;
            };
            // a rule in a media query has a second brace before it
            let selectors = selectors.rsplit('{').next().unwrap_or_default();
            let selectors = selectors.rsplit("*/").next().unwrap_or_default();
            let ground = |it: &str| {
                matches!(
                    it.trim().to_ascii_lowercase().as_str(),
                    "body" | "html" | "*" | ":root"
                )
            };
            if body.contains("background") && selectors.split(',').any(ground) && paints_black(body)
            {
                self.black = true;
            }
            let mut named = selectors.split(',').filter_map(simple).peekable();
            if named.peek().is_none() {
                continue;
            }
            if let Some(hiding) = of_style(body) {
                self.rules.extend(named.map(|it| (it.to_owned(), hiding)));
            }
        }
    }

    /// Whether a rule paints the whole page black.
    pub fn paints_black(&self) -> bool {
        self.black
    }

    /// How the rules hide an element with this id and these classes, or `None`.
    pub fn of<'a>(
        &self,
        id: Option<&str>,
        classes: impl Iterator<Item = &'a str>,
    ) -> Option<Hiding> {
        if self.rules.is_empty() {
            return None;
        }
        id.and_then(|id| self.rules.get(&format!("#{id}")))
            .or_else(|| {
                classes
                    .into_iter()
                    .find_map(|it| self.rules.get(&format!(".{it}")))
            })
            .copied()
    }
}

/// A selector of one `.name` or `#name`. The element name before it is ignored: a planted block is hidden by both `p.x`
/// and `.x`.
fn simple(selector: &str) -> Option<&str> {
    let selector = selector.trim();
    let bare = selector.trim_start_matches(|c: char| c.is_ascii_alphanumeric());
    let name = bare.strip_prefix(['.', '#'])?;
    let plain = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    (!name.is_empty() && name.chars().all(plain)).then_some(bare)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_hiding_places() {
        let cases = [
            ("display: none !important", Hiding::DisplayNone),
            ("visibility:hidden", Hiding::Invisible),
            ("opacity:0", Hiding::Invisible),
            ("position:absolute;left:-9999px", Hiding::OffScreen),
            ("text-indent:-999em", Hiding::OffScreen),
            ("transform: translateX(-9000px)", Hiding::OffScreen),
            ("font-size:0;line-height:0", Hiding::TinyText),
            ("height:1px;overflow:hidden", Hiding::TinyBox),
            ("color:#FFF;background:white", Hiding::SameColour),
            (
                "color:#fefefe;background-color:rgb(255, 255, 255)",
                Hiding::SameColour,
            ),
            ("color:transparent", Hiding::SameColour),
            ("filter: opacity(0)", Hiding::Invisible),
            ("opacity:.01", Hiding::Invisible),
            ("transform:scale(0.01)", Hiding::OffScreen),
            ("clip-path: polygon(0 0, 0 0, 0 0)", Hiding::TinyBox),
            ("position:absolute;z-index:-9999", Hiding::Behind),
            ("left:-5000em", Hiding::OffScreen),
            ("max-height:0;overflow:hidden", Hiding::TinyBox),
            ("margin-left:-200vw", Hiding::OffScreen),
        ];
        for (style, hiding) in cases {
            assert_eq!(of_style(style), Some(hiding), "{style}");
        }
        for open in [
            "",
            "left:-20px",
            "color:#fff;background:#c00",
            "font-size:14px",
            "opacity:0.9",
        ] {
            assert_eq!(of_style(open), None, "{open}");
        }
    }

    #[test]
    fn rules_of_the_page_itself() {
        let mut rules = HidingRules::default();
        rules.add("@media x{.a , #b{display:none}} p.c{display:none} .d{color:red}");
        assert_eq!(rules.of(None, ["a"].into_iter()), Some(Hiding::DisplayNone));
        assert_eq!(
            rules.of(Some("b"), [].into_iter()),
            Some(Hiding::DisplayNone)
        );
        assert_eq!(rules.of(None, ["c"].into_iter()), Some(Hiding::DisplayNone));
        assert_eq!(rules.of(None, ["d"].into_iter()), None);
        assert!(!rules.paints_black());
        rules.add("/* x */ html,body { margin:0; background:#050505 url(x.gif) }");
        assert!(rules.paints_black());
    }
}
