//! The ways to keep a part of a page from visitors while search engines read it.

use serde::{Deserialize, Serialize};

use super::{style::Style, truncate::floor};

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

/// How a style hides its element, or `None`. Lengths are in px; em and rem count as 16 px.
pub(super) fn of(style: &Style) -> Option<Hiding> {
    if style.is_empty() {
        return None;
    }
    let get = style;
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
        "inset",
        "translate",
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
        || ["zoom", "scale"]
            .into_iter()
            .any(|it| px(it).is_some_and(|it| it.abs() <= 0.02))
    {
        return Some(Hiding::TinyText);
    }
    let small = |name: &str| px(name).is_some_and(|it| it <= 1.0);
    let clipped =
        is("overflow", "hidden") || is("overflow-x", "hidden") || is("overflow-y", "hidden");
    // a box of a film has no height, and room in its padding
    let roomy = ["padding", "padding-bottom", "padding-top"]
        .into_iter()
        .any(|it| px(it).is_some_and(|it| it >= 100.0));
    let low = (small("height") || small("max-height")) && !roomy;
    let shut = (low || small("width") || small("max-width")) && clipped;
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
    unread(style).then_some(Hiding::SameColour)
}

/// Whether text has no colour, or that of its own ground.
fn unread(style: &Style) -> bool {
    let ground = style
        .get("background-color")
        .or(style.get("background"))
        // a picture may lie between ink and ground
        .filter(|_| !has_picture(style))
        .and_then(colour);
    match (style.get("color").and_then(colour), ground) {
        // letters without colour may be cut out of a picture
        (Some(ink), _) if ink == CLEAR => !has_picture(style),
        (Some(ink), Some(ground)) => ink.abs_diff(ground),
        _ => false,
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
    let value = value[..floor(value, LONGEST_COLOUR)].to_ascii_lowercase();
    let value = value.as_str();
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
    colour(value.trim()).is_some_and(Colour::is_black)
}

/// Whether a style paints the background black.
pub(super) fn paints_black(style: &Style) -> bool {
    ["background", "background-color"]
        .into_iter()
        .filter_map(|it| style.get(it))
        .any(|it| it.split_whitespace().take(16).any(is_black) || is_black(it))
}

fn has_picture(style: &Style) -> bool {
    ["background", "background-image"]
        .into_iter()
        .filter_map(|it| style.get(it))
        .any(|it| it.contains("url(") || it.contains("gradient("))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::style::declarations;

    fn hiding_of(style: &str) -> Option<Hiding> {
        of(&Style::of(&declarations(style)))
    }

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
            ("translate:-9999px", Hiding::OffScreen),
            ("scale:0", Hiding::TinyText),
        ];
        for (style, hiding) in cases {
            assert_eq!(hiding_of(style), Some(hiding), "{style}");
        }
        for open in [
            "",
            "left:-20px",
            "color:#fff;background:#c00",
            "font-size:14px",
            "opacity:0.9",
            "height:0;overflow:hidden;padding-bottom:56.25%",
            "color:#fff;background:#fff url(/nen.jpg)",
        ] {
            assert_eq!(hiding_of(open), None, "{open}");
        }
    }
}
