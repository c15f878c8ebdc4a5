//! Selectors, and whether an element of the open path matches one.

use scraper::node::Element;

use super::declared::{escaped, split};

/// Most compounds of a selector, and most simple selectors of a compound. Longer ones are not resolved.
const COMPOUNDS: usize = 12;
const SIMPLE: usize = 16;

/// Text that a style draws before or after the content of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::page) enum Drawn {
    Before,
    After,
}

#[derive(Debug, Default)]
pub(super) struct Compound {
    tag: Option<String>,
    ids: Vec<String>,
    classes: Vec<String>,
    attributes: Vec<Attribute>,
    /// `an+b` of `:nth-child`.
    nth: Option<(i64, i64)>,
    last: bool,
    not: Vec<Compound>,
    /// Whether it depends on what a visitor does (`:hover`, `:checked`), or on what is not known here.
    open: bool,
}

#[derive(Debug)]
struct Attribute {
    name: String,
    test: u8,
    value: String,
}

/// One selector, its compounds from the last to the first.
#[derive(Debug)]
pub(super) struct Selector {
    compounds: Vec<Compound>,
    /// Whether the compound of the same place is the parent of the one before it, and not any ancestor.
    children: Vec<bool>,
    pub drawn: Option<Drawn>,
    pub specificity: u32,
    /// Places in the filter that its ancestors fill.
    needs: Vec<u16>,
}

/// An open element of the page.
#[derive(Clone, Copy)]
pub(super) struct Open<'t> {
    pub element: &'t Element,
    /// Its place among its sibling elements, from 1.
    pub index: i64,
    pub is_last: bool,
    pub children: i64,
}

/// Number of places in the filter of names.
pub(super) const PLACES: usize = 4096;

/// The place of a name in the filter of the names of all open elements.
pub(super) fn place(kind: u8, name: &str) -> u16 {
    let hash = name
        .bytes()
        .fold(0x811c_9dc5_u32 ^ u32::from(kind), |hash, it| {
            (hash ^ u32::from(it)).wrapping_mul(0x0100_0193)
        });
    ((hash ^ (hash >> 12)) % PLACES as u32) as u16
}

impl Selector {
    /// Parses one selector. `None` if it is none, or too long.
    pub fn parse(text: &str) -> Option<Self> {
        let mut it = Self {
            compounds: Vec::new(),
            children: Vec::new(),
            drawn: None,
            specificity: 0,
            needs: Vec::new(),
        };
        let mut rest = text.trim();
        while !rest.is_empty() && it.compounds.len() < COMPOUNDS {
            let mut compound = Compound::default();
            rest = compound.parse(rest, &mut it.drawn, false)?;
            it.specificity += compound.weight();
            it.compounds.push(compound);
            let next = rest.trim_start();
            let (child, open, after) = match next.bytes().next() {
                Some(b'>') => (true, false, &next[1..]),
                // a sibling is not looked up
                Some(b'+' | b'~') => (false, true, &next[1..]),
                _ => (false, false, next),
            };
            if let Some(last) = it.compounds.last_mut() {
                last.open |= open;
            }
            it.children.push(child);
            rest = after.trim_start();
        }
        if !rest.is_empty() || it.compounds.is_empty() {
            return None;
        }
        it.compounds.reverse();
        it.children.reverse();
        let ancestors = it.compounds.iter().skip(1).filter_map(Compound::name);
        it.needs = ancestors.map(|(kind, name)| place(kind, name)).collect();
        Some(it)
    }

    /// Whether no element can be said to match it.
    pub fn is_open(&self) -> bool {
        self.compounds.iter().any(|it| it.open)
    }

    /// Makes the selector one that no element can be said to match.
    pub fn doubt(&mut self) {
        if let Some(first) = self.compounds.first_mut() {
            first.open = true;
        }
    }

    /// Whether it matches an element only while that lacks something (`:not(.show)`).
    pub fn excludes(&self) -> bool {
        self.compounds.iter().any(|it| !it.not.is_empty())
    }

    /// Whether it says how any element looks that has one class and stands inside of named ones: an element may get that
    /// class.
    pub fn adds_class(&self) -> bool {
        let [last, outer, ..] = self.compounds.as_slice() else {
            return false;
        };
        let is_named = !outer.classes.is_empty() || !outer.ids.is_empty();
        let is_plain = last.ids.is_empty() && last.attributes.is_empty() && last.not.is_empty();
        last.classes.len() == 1 && is_plain && is_named && self.drawn.is_none()
    }

    /// Whether the last element of `path` stands where the selector wants its last element to stand.
    pub fn fits_inside(&self, path: &[Open], steps: &mut usize) -> bool {
        let Some(outer) = self.compounds.get(1) else {
            return false;
        };
        let inside = &path[..path.len().saturating_sub(1)];
        let is_child = self.children.get(1).copied().unwrap_or(false);
        let from = if is_child {
            inside.len().saturating_sub(1)
        } else {
            0
        };
        inside[from..].iter().any(|it| {
            *steps += 1;
            outer.matches(it)
        })
    }

    /// The classes of its last compound besides the name by which it is found.
    pub fn further_classes(&self) -> impl Iterator<Item = &str> {
        let last = self.compounds.first();
        let skipped = last.map_or(0, |it| usize::from(it.ids.is_empty()));
        let classes = last.into_iter().flat_map(|it| &it.classes);
        classes.skip(skipped).map(String::as_str)
    }

    /// The kind (`#`, `.` or `t`) and the name by which elements that may match are found; `None` if any element may.
    pub fn name(&self) -> Option<(u8, &str)> {
        self.compounds.first().and_then(Compound::name)
    }

    /// Whether the last element of `path` matches; `steps` counts the compounds compared. `filter` counts the names of
    /// the open elements by their places.
    pub fn matches(&self, path: &[Open], filter: &[u16], steps: &mut usize) -> bool {
        *steps += 1;
        if self.is_open() || self.needs.iter().any(|it| filter[usize::from(*it)] == 0) {
            return false;
        }
        // compounds joined by `>` are one group; each group takes the nearest place where all of it matches
        let (mut group, mut end) = (0, path.len());
        while group < self.compounds.len() {
            let mut next = group + 1;
            // `children[i]` joins a compound with the one after it in the text
            while self.children.get(next).copied().unwrap_or(false) {
                next += 1;
            }
            let compounds = &self.compounds[group..next];
            let lowest = if group == 0 { end } else { 1 };
            let found = (lowest..=end).rev().find(|top| {
                compounds.iter().enumerate().all(|(up, compound)| {
                    *steps += 1;
                    let open = top.checked_sub(up + 1).and_then(|at| path.get(at));
                    open.is_some_and(|it| compound.matches(it))
                })
            });
            let Some(top) = found else { return false };
            end = top - compounds.len();
            group = next;
        }
        true
    }
}

impl Compound {
    /// Reads one compound and returns the text after it.
    fn parse<'a>(
        &mut self,
        text: &'a str,
        drawn: &mut Option<Drawn>,
        inner: bool,
    ) -> Option<&'a str> {
        let mut rest = text;
        for _ in 0..SIMPLE {
            let Some(first) = rest.chars().next() else {
                break;
            };
            if first.is_whitespace() || matches!(first, '>' | '+' | '~') {
                break;
            }
            let after = &rest[first.len_utf8()..];
            rest = match first {
                '*' => after,
                '#' => name(after, &mut self.ids)?,
                '.' => name(after, &mut self.classes)?,
                '[' => self.attribute(after)?,
                ':' => self.pseudo(after, drawn, inner)?,
                _ => {
                    let mut tags = Vec::new();
                    let after = name(rest, &mut tags)?;
                    self.tag = tags.pop().map(|it| it.to_ascii_lowercase());
                    after
                }
            };
        }
        let ended = rest.is_empty()
            || rest.starts_with(|it: char| it.is_whitespace() || "+>~".contains(it));
        (rest.len() < text.len() && ended).then_some(rest)
    }

    fn attribute<'a>(&mut self, text: &'a str) -> Option<&'a str> {
        let inner = split(text, b']').next()?;
        let rest = text.get(inner.len() + 1..)?;
        let (name, value) = inner.split_once('=').unwrap_or((inner, ""));
        let test = match name.bytes().last()? {
            it @ (b'~' | b'^' | b'$' | b'*' | b'|') => it,
            _ if inner.contains('=') => b'=',
            _ => b' ',
        };
        let value = value.trim();
        let value = value.strip_suffix(" i").unwrap_or(value).trim_end();
        self.attributes.push(Attribute {
            name: name
                .trim_matches(['~', '^', '$', '*', '|', ' '])
                .to_ascii_lowercase(),
            test,
            value: value.trim_matches(['"', '\'']).to_owned(),
        });
        Some(rest)
    }

    fn pseudo<'a>(
        &mut self,
        text: &'a str,
        drawn: &mut Option<Drawn>,
        inner: bool,
    ) -> Option<&'a str> {
        let mut names = Vec::new();
        let rest = name(text.trim_start_matches(':'), &mut names)?;
        let (argument, rest) = match rest.strip_prefix('(') {
            Some(inside) => {
                let argument = split(inside, b')').next()?;
                (argument.trim(), inside.get(argument.len() + 1..)?)
            }
            None => ("", rest),
        };
        match names.pop()?.to_ascii_lowercase().as_str() {
            "before" => *drawn = Some(Drawn::Before),
            "after" => *drawn = Some(Drawn::After),
            "root" => self.tag = Some("html".to_owned()),
            "first-child" => self.nth = Some((0, 1)),
            "last-child" => self.last = true,
            "only-child" => (self.nth, self.last) = (Some((0, 1)), true),
            "nth-child" => match nth(argument) {
                Some(it) => self.nth = Some(it),
                None => self.open = true,
            },
            "link" | "any-link" => (),
            "not" if !inner => {
                for one in split(argument, b',') {
                    let mut compound = Self::default();
                    let left = compound.parse(one.trim(), &mut None, true);
                    self.open |= compound.open || left.is_none_or(|it| !it.trim().is_empty());
                    self.not.push(compound);
                }
            }
            _ => self.open = true,
        }
        Some(rest)
    }

    fn weight(&self) -> u32 {
        let classes = self.classes.len() + self.attributes.len() + usize::from(self.nth.is_some());
        let not: u32 = self.not.iter().map(Self::weight).sum();
        self.ids.len() as u32 * 10_000 + classes as u32 * 100 + u32::from(self.tag.is_some()) + not
    }

    fn name(&self) -> Option<(u8, &str)> {
        let id = self.ids.first().map(|it| (b'#', it.as_str()));
        let class = || self.classes.first().map(|it| (b'.', it.as_str()));
        id.or_else(class)
            .or_else(|| self.tag.as_deref().map(|it| (b't', it)))
    }

    fn matches(&self, open: &Open) -> bool {
        let element = open.element;
        self.tag.as_deref().is_none_or(|it| it == element.name())
            && self.ids.iter().all(|it| element.attr("id") == Some(it))
            && self
                .classes
                .iter()
                .all(|it| has_word(element.attr("class"), it))
            && self.attributes.iter().all(|it| it.matches(element))
            && (!self.last || open.is_last)
            && self.nth.is_none_or(|(step, first)| {
                let past = open.index - first;
                if step == 0 {
                    past == 0
                } else {
                    past % step == 0 && past / step >= 0
                }
            })
            && !self.not.iter().any(|it| it.matches(open))
    }
}

impl Attribute {
    fn matches(&self, element: &Element) -> bool {
        let Some(found) = element.attr(&self.name) else {
            return false;
        };
        let wanted = self.value.as_str();
        match self.test {
            b'=' => found == wanted,
            b'~' => has_word(Some(found), wanted),
            b'^' => !wanted.is_empty() && found.starts_with(wanted),
            b'$' => !wanted.is_empty() && found.ends_with(wanted),
            b'*' => !wanted.is_empty() && found.contains(wanted),
            b'|' => {
                found == wanted
                    || found
                        .strip_prefix(wanted)
                        .is_some_and(|it| it.starts_with('-'))
            }
            _ => true,
        }
    }
}

fn has_word(list: Option<&str>, word: &str) -> bool {
    list.is_some_and(|it| {
        it.split_ascii_whitespace()
            .take(SIMPLE)
            .any(|it| it == word)
    })
}

/// Reads a name, undoing escapes, and returns the text after it.
fn name<'a>(text: &'a str, to: &mut Vec<String>) -> Option<&'a str> {
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.peek().copied() {
        match c {
            '\\' => {
                chars.next();
                escaped(&mut chars, &mut out);
            }
            it if it.is_ascii_alphanumeric() || matches!(it, '-' | '_') || !it.is_ascii() => {
                out.push(it);
                chars.next();
            }
            _ => break,
        }
    }
    let left: usize = chars.map(char::len_utf8).sum();
    if out.is_empty() {
        return None;
    }
    to.push(out);
    text.get(text.len() - left..)
}

/// `2n+1`, `odd`, `3`, `-n + 2`.
fn nth(argument: &str) -> Option<(i64, i64)> {
    let text: String = argument
        .chars()
        .filter(|it| !it.is_whitespace())
        .take(24)
        .collect::<String>()
        .to_ascii_lowercase();
    match text.as_str() {
        "odd" => return Some((2, 1)),
        "even" => return Some((2, 0)),
        _ => (),
    }
    let Some((step, first)) = text.split_once('n') else {
        return Some((0, text.parse::<i32>().ok()?.into()));
    };
    let step: i32 = match step {
        "" | "+" => 1,
        "-" => -1,
        it => it.parse().ok()?,
    };
    let first: i32 = if first.is_empty() {
        0
    } else {
        first.parse().ok()?
    };
    Some((step.into(), first.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_of_nth_child() {
        for (text, wanted) in [
            ("odd", Some((2, 1))),
            ("2n + 1", Some((2, 1))),
            ("-n+3", Some((-1, 3))),
            ("n", Some((1, 0))),
            ("4", Some((0, 4))),
            ("2 of .x", None),
        ] {
            assert_eq!(nth(text), wanted, "{text}");
        }
    }

    #[test]
    fn what_is_not_resolved_is_open() {
        for text in [
            "a:hover",
            ".x:checked ~ .y",
            "p + p",
            ":has(a)",
            "b:not(c d)",
        ] {
            assert!(
                Selector::parse(text).is_some_and(|it| it.is_open()),
                "{text}"
            );
        }
        for text in ["", ">", "a{", "..x", "%"] {
            assert!(Selector::parse(text).is_none(), "{text}");
        }
        let drawn = Selector::parse("body > *.a:before").map(|it| (it.drawn, it.specificity));
        assert_eq!(drawn, Some((Some(Drawn::Before), 101)));
    }
}
