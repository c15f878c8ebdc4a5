//! The ways a part of a page is kept from a visitor's eyes while machines read it.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Hiding {
    DisplayNone,
    Invisible,
    OffScreen,
    TinyText,
    TinyBox,
    SameColour,
    Attribute,
    NoScript,
}

impl Hiding {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DisplayNone => "display:none",
            Self::Invisible => "visibility/opacity",
            Self::OffScreen => "off-screen",
            Self::TinyText => "font-size:0",
            Self::TinyBox => "zero size",
            Self::SameColour => "colour on colour",
            Self::Attribute => "hidden",
            Self::NoScript => "noscript",
        }
    }
}

/// Of one style attribute so much is read.
const STYLE_KEPT: usize = 16 << 10;

/// How a style attribute or rule hides, if it does. Lengths count in px; em and rem as 16.
pub fn of_style(style: &str) -> Option<Hiding> {
    let mut end = style.len().min(STYLE_KEPT);
    while !style.is_char_boundary(end) {
        end -= 1;
    }
    let style = style[..end].to_ascii_lowercase();
    let get: HashMap<&str, &str> = style
        .split(';')
        .filter_map(|it| it.split_once(':'))
        .map(|(name, value)| {
            (
                name.trim(),
                value.trim().trim_end_matches("!important").trim(),
            )
        })
        .collect();
    let is = |name: &str, wanted: &str| get.get(name).is_some_and(|it| it.starts_with(wanted));
    let px = |name: &str| get.get(name).and_then(|it| length(it));
    let far = |name: &str| px(name).is_some_and(|it| it <= -500.0);
    if is("display", "none") {
        return Some(Hiding::DisplayNone);
    }
    if is("visibility", "hidden")
        || is("visibility", "collapse")
        || px("opacity").is_some_and(|it| it <= 0.02)
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
    if moved.into_iter().any(far) || get.get("transform").is_some_and(|it| moved_away(it)) {
        return Some(Hiding::OffScreen);
    }
    if px("font-size").is_some_and(|it| it <= 1.0) {
        return Some(Hiding::TinyText);
    }
    let small = |name: &str| px(name).is_some_and(|it| it <= 1.0);
    let clipped =
        is("overflow", "hidden") || is("overflow-x", "hidden") || is("overflow-y", "hidden");
    let shut =
        (small("height") || small("max-height") || small("width") || small("max-width")) && clipped;
    if shut
        || is("clip", "rect(0")
        || is("clip", "rect(1px")
        || is("clip-path", "inset(50%")
        || is("clip-path", "inset(100%")
    {
        return Some(Hiding::TinyBox);
    }
    let ground = get.get("background-color").or(get.get("background"));
    match (get.get("color"), ground) {
        (Some(ink), Some(ground)) if colour(ink).is_some() && colour(ink) == colour(ground) => {
            Some(Hiding::SameColour)
        }
        _ => None,
    }
}

fn moved_away(transform: &str) -> bool {
    transform.starts_with("scale(0)")
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

/// One spelling for the few colours that text is hidden in.
fn colour(value: &str) -> Option<&str> {
    let word = value.split_whitespace().next()?;
    Some(match word {
        "white" | "#fff" | "#ffffff" | "rgb(255,255,255)" => "white",
        "black" | "#000" | "#000000" | "rgb(0,0,0)" => "black",
        "transparent" => "transparent",
        other if other.starts_with('#') => other,
        _ => return None,
    })
}

/// `.class` and `#id` rules of the page's own style elements that hide.
#[derive(Debug, Default)]
pub struct HidingRules(HashMap<String, Hiding>);

/// Style text past this is not read: rules that hide a block stand near it or in the head.
const STYLE_BYTES: usize = 256 << 10;

impl HidingRules {
    pub fn add(&mut self, css: &str) {
        let mut end = css.len().min(STYLE_BYTES);
        while !css.is_char_boundary(end) {
            end -= 1;
        }
        for rule in css[..end].split('}') {
            let Some((selectors, body)) = rule.rsplit_once('{') else {
                continue;
            };
            let Some(hiding) = of_style(body) else {
                continue;
            };
            // inside a media query another brace stands before
            let selectors = selectors.rsplit('{').next().unwrap_or_default();
            for selector in selectors.split(',').map(str::trim) {
                let simple = selector.len() > 1
                    && selector.starts_with(['.', '#'])
                    && selector[1..]
                        .chars()
                        .all(|c| c.is_alphanumeric() || c == '-' || c == '_');
                if simple {
                    self.0.insert(selector.to_owned(), hiding);
                }
            }
        }
    }

    pub fn of<'a>(
        &self,
        id: Option<&str>,
        classes: impl Iterator<Item = &'a str>,
    ) -> Option<Hiding> {
        if self.0.is_empty() {
            return None;
        }
        id.and_then(|id| self.0.get(&format!("#{id}")))
            .or_else(|| {
                classes
                    .into_iter()
                    .find_map(|it| self.0.get(&format!(".{it}")))
            })
            .copied()
    }
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
        assert_eq!(rules.of(None, ["c", "d"].into_iter()), None);
    }
}
