//! Where an element lies in the window.

use super::cascade::Style;

/// The window, in px.
const WIDTH: f64 = 1366.0;
const HEIGHT: f64 = 768.0;
/// Least share of each side of the window that is covered.
const MOST: f64 = 0.8;
/// Least spread in px of a shadow that fills the window around any box.
const SPREAD: f64 = 1000.0;

/// Lengths that say what none says.
const ABSENT: &[&str] = &["auto", "none", "initial", "unset", "revert"];

/// An element over the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::page) struct Lift {
    /// Whether it keeps its place in the window, wherever it stands in the page.
    pub fixed: bool,
    /// Its `z-index`; 0 for none.
    pub z: i64,
}

/// How an element of this style lies over most of the window; `None` if it does not, or if that is not known.
pub(in crate::page) fn lift(style: &Style) -> Option<Lift> {
    let fixed = match style.get("position")? {
        "fixed" => true,
        "absolute" | "sticky" => false,
        _ => return None,
    };
    let z = style.get("z-index").map_or(0, order);
    let around = fixed && style.get("box-shadow").is_some_and(is_flood);
    let covers = || {
        let side = Side {
            style,
            window: WIDTH,
            names: [
                "left",
                "right",
                "width",
                "min-width",
                "max-width",
                "inline-size",
            ],
            inset: [3, 1],
        };
        let wide = side.covered(0)?;
        let side = Side {
            style,
            window: HEIGHT,
            names: [
                "top",
                "bottom",
                "height",
                "min-height",
                "max-height",
                "block-size",
            ],
            inset: [0, 2],
        };
        Some(wide >= MOST && side.covered(1)? >= MOST)
    };
    (around || covers().unwrap_or(false)).then_some(Lift { fixed, z })
}

/// A `z-index`; one that is too large to be read counts as the largest.
fn order(value: &str) -> i64 {
    let digits = value.bytes().all(|it| it.is_ascii_digit());
    let most = if digits { i64::MAX } else { 0 };
    value.parse().unwrap_or(most)
}

fn is_flood(shadow: &str) -> bool {
    let px = |it: &str| it.strip_suffix("px").and_then(|it| it.parse::<f64>().ok());
    let mut parts = shadow.split([' ', ',']).take(32);
    parts.any(|it| px(it).is_some_and(|it| it >= SPREAD)) && !shadow.contains("inset")
}

/// One direction of the layout.
struct Side<'a> {
    style: &'a Style<'a>,
    window: f64,
    /// Near and far edge, size, least size, most size, and the other name of the size.
    names: [&'static str; 6],
    /// The places of the edges in `inset`.
    inset: [usize; 2],
}

impl Side<'_> {
    /// Share of the window that is covered; `translation` is the place of the direction in `translate(x, y)`.
    fn covered(&self, translation: usize) -> Option<f64> {
        if self.names.iter().any(|it| self.is_unknown(it)) {
            return None;
        }
        let [near, far, size, least, most, other] = self.names;
        let (near, far) = (self.edge(near, 0), self.edge(far, 1));
        let given = [size, least, other].map(|it| self.share(it));
        let given = given.into_iter().flatten().max_by(f64::total_cmp);
        let stretched = || Some(1.0 - near? - far?);
        let mut length = given.or_else(stretched)?;
        if let Some(most) = self.share(most) {
            length = length.min(most);
        }
        let start = near.or(far.map(|it| 1.0 - it - length)).unwrap_or(0.0);
        let start = start + self.moved(translation, length)?;
        Some((start + length).min(1.0) - start.max(0.0))
    }

    /// Whether a length is given that is not resolved.
    fn is_unknown(&self, name: &str) -> bool {
        self.style
            .get(name)
            .is_some_and(|it| !ABSENT.contains(&it) && self.length(it).is_none())
    }

    fn edge(&self, name: &str, place: usize) -> Option<f64> {
        if let Some(value) = self.style.get(name) {
            return self.length(value);
        }
        let values: Vec<&str> = self
            .style
            .get("inset")?
            .split_whitespace()
            .take(4)
            .collect();
        let at = self.inset[place];
        let value = match (values.len(), at) {
            (4, at) => values[at],
            (3, 3) => values[1],
            (3, at) => values[at],
            (2, at) => values[at % 2],
            _ => *values.first()?,
        };
        self.length(value)
    }

    fn share(&self, name: &str) -> Option<f64> {
        self.style.get(name).and_then(|it| self.length(it))
    }

    /// A length as a share of the window.
    fn length(&self, value: &str) -> Option<f64> {
        let end = value
            .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+')))
            .unwrap_or(value.len());
        if matches!(value, "stretch" | "-webkit-fill-available") {
            return Some(1.0);
        }
        let number: f64 = value[..end].parse().ok()?;
        match &value[end..] {
            "px" => Some(number / self.window),
            "" if number == 0.0 => Some(0.0),
            "%" => Some(number / 100.0),
            "em" | "rem" => Some(number * 16.0 / self.window),
            "vw" | "dvw" | "svw" | "lvw" => Some(number / 100.0 * WIDTH / self.window),
            "vmax" => Some(number / 100.0 * WIDTH.max(HEIGHT) / self.window),
            "vh" | "dvh" | "svh" | "lvh" => Some(number / 100.0 * HEIGHT / self.window),
            "vmin" => Some(number / 100.0 * WIDTH.min(HEIGHT) / self.window),
            _ => None,
        }
    }

    /// How far a transformation moves the element; `None` if that is not known.
    fn moved(&self, place: usize, length: f64) -> Option<f64> {
        let share = |value: &str| match value.strip_suffix('%') {
            Some(number) => number.parse::<f64>().ok().map(|it| it / 100.0 * length),
            None => self.length(value),
        };
        let mut sum = 0.0;
        if let Some(value) = self.style.get("translate").filter(|it| *it != "none") {
            sum += value
                .split_whitespace()
                .nth(place)
                .map_or(Some(0.0), share)?;
        }
        let axis = ["translatex(", "translatey("][place];
        for part in self
            .style
            .get("transform")
            .unwrap_or_default()
            .split(')')
            .take(8)
        {
            let part = part.trim();
            if let Some(value) = part.strip_prefix(axis) {
                sum += share(value.trim())?;
            } else if let Some(values) = part
                .strip_prefix("translate(")
                .or(part.strip_prefix("translate3d("))
            {
                sum += values
                    .split(',')
                    .nth(place)
                    .map_or(Some(0.0), |it| share(it.trim()))?;
            }
        }
        Some(sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::style::declarations;

    fn lies(css: &str) -> Option<i64> {
        lift(&Style::of(&declarations(css))).map(|it| it.z)
    }

    #[test]
    fn what_covers_the_window() {
        for css in [
            "position:fixed;inset:0",
            "position:fixed;top:0;left:0;width:100%;height:100%",
            "position:fixed;width:100vw;height:100vh",
            "position:fixed;top:0;right:0;bottom:0;left:0",
            "position:absolute;inset:0 0 0 0",
            "position:fixed;inset:5% 2vw",
            "position:fixed;top:50%;left:50%;transform:translate(-50%,-50%);width:90vw;height:90vh",
            "position:fixed;width:10px;height:10px;box-shadow:0 0 0 9999px #000",
            "position:fixed;inset:-20px;width:auto",
            "position:fixed;width:1920px;height:1080px",
        ] {
            assert_eq!(lies(css), Some(0), "{css}");
        }
        assert_eq!(
            lies("position:fixed;inset:0;z-index:99999999999999999999"),
            Some(i64::MAX)
        );
        assert_eq!(lies("position:fixed;inset:0;z-index:-1"), Some(-1));
    }

    #[test]
    fn what_does_not() {
        for css in [
            "inset:0;width:100%;height:100%",
            "position:fixed;top:0;left:0;right:0;height:80px",
            "position:fixed;right:0;top:0;bottom:0;width:320px",
            "position:fixed;bottom:0;width:100%",
            "position:fixed;inset:0;left:100%",
            "position:fixed;width:100%;height:100%;top:0;left:-100%",
            "position:fixed;inset:0;width:100%;height:100%;transform:translateX(100%)",
            "position:fixed;top:0;left:0;width:100%;height:calc(100% - 20px)",
            "position:fixed;top:0;left:0;width:var(--w);height:100%",
            "position:fixed;inset:0;max-width:400px",
            "position:relative;width:100%;height:100%",
        ] {
            assert_eq!(lies(css), None, "{css}");
        }
    }
}
