//! Counts what the tree builder would have to build, in one linear pass, before it gets the text.
//!
//! html5ever is quadratic or worse on nesting, on the attributes of one tag and on formatting elements that are
//! reopened in every block (20 s for 250 kB of nested `<div>`, 3 GB for 349 kB of `<p><font a=n>`). The counts follow
//! the tree construction of the HTML standard closely enough to refuse plainly hostile text at a hundredth of the cost.
//! The counts of the tree itself (`bounded`) stop the rest.

use std::collections::HashMap;

use super::cancel;
use crate::model::digest::key;

/// Most levels of nesting. Browsers flatten deeper trees (WebKit and Blink: 512).
pub const DEPTH: usize = 512;
/// Most elements, texts and comments of one page.
pub const NODES: usize = 200_000;
/// Most attributes of one tag: the tokenizer searches duplicates linearly.
pub const ATTRIBUTES: usize = 2_000;
/// Most entries in the list of active formatting elements, which are reopened in every block.
pub const FORMATTING: usize = 256;

/// Most attributes of all tags together: a page of 8 MiB has some ten thousand.
pub const ALL_ATTRIBUTES: usize = 300_000;
/// Most attributes of one formatting element: the tree builder compares them with those of all open ones.
pub const FORMATTING_ATTRIBUTES: usize = 64;
/// Most comparisons of that kind in one page.
const COMPARISONS: usize = 3_000_000;
/// Most visits of open elements for all tags together: an honest page is some thirty deep and needs a few million.
const STEPS: usize = 30_000_000;
/// Steps for a sign that begins no tag, such as a stray `<` or `&`: the tree builder makes a text node of each, which
/// takes 0.1 µs.
const SIGN: usize = 16;
/// Most bytes of decoded text: one byte of some charsets becomes three of UTF-8.
pub const TEXT: usize = 12 << 20;

/// The limit that a page breaks: reading it would cost more than a look may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Limit {
    #[error("elements nested more than {DEPTH} deep")]
    Depth,
    #[error("more than {NODES} nodes")]
    Nodes,
    #[error("a tag with more than {ATTRIBUTES} attributes")]
    Attributes,
    #[error("a tag, comment or value of more words than any page needs")]
    Token,
    #[error("more than {FORMATTING} open formatting elements, or too much work for them")]
    Formatting,
    #[error("more than {} MiB of text once decoded", TEXT >> 20)]
    Text,
    #[error("more work for the tree builder than any page needs")]
    Work,
    #[error("more than {} s of work", super::cancel::SECONDS)]
    Time,
}

const VOID: &[&str] = &[
    "area", "base", "basefont", "bgsound", "br", "col", "embed", "frame", "hr", "img", "input",
    "keygen", "link", "meta", "param", "source", "track", "wbr",
];
const RAW: &[&str] = &[
    "script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes",
];
/// Elements of the standard's "formatting" category: the tree builder keeps a list of those that are open.
pub(super) const FORMATTING_TAGS: &[&str] = &[
    "a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u",
];
/// Elements that put a marker into the list of formatting elements.
const MARKERS: &[&str] = &[
    "td", "th", "caption", "applet", "object", "marquee", "template",
];
/// Groups of elements in which an opening tag closes an open sibling.
const SIBLINGS: &[&[&str]] = &[
    &["li"],
    &["dt", "dd"],
    &["option", "optgroup"],
    &["td", "th"],
    &["tr"],
    &["tbody", "thead", "tfoot", "caption", "colgroup"],
    &["rp", "rt", "rb", "rtc"],
];
/// Elements that end the search for an open sibling to close.
const SCOPES: &[&str] = &[
    "ul", "ol", "dl", "select", "table", "template", "ruby", "menu",
];

/// Fails on the first limit that `text` breaks. Runs in one pass over the bytes.
pub fn count(text: &str) -> Result<(), Limit> {
    if text.len() > TEXT {
        return Err(Limit::Text);
    }
    let bytes = text.as_bytes();
    let mut state = State::default();
    // the tokenizer stops at each of these signs
    let signs = bytes.iter().filter(|it| matches!(it, b'&' | b'\r'));
    state.looked(signs.count() * SIGN)?;
    let mut at = 0;
    while let Some(found) = find(bytes, at, b'<') {
        if found > at {
            state.node()?;
        }
        at = found + 1;
        match bytes.get(at) {
            Some(b'!') if bytes[at..].starts_with(b"!--") => {
                state.node()?;
                at = comment_end(text, at + 3);
            }
            Some(b'!' | b'?') => {
                state.node()?;
                at = find(bytes, at, b'>').map_or(bytes.len(), |it| it + 1);
            }
            Some(b'/') if bytes.get(at + 1).is_some_and(u8::is_ascii_alphabetic) => {
                let (name, end, ..) = tag(text, at + 1)?;
                state.close(&name)?;
                at = end;
            }
            Some(b) if b.is_ascii_alphabetic() => {
                let (name, end, attributes, count) = tag(text, at)?;
                state.open(&name, attributes, count)?;
                at = end;
                // inside svg and math these are ordinary elements, and the tree builder parses their content
                if RAW.contains(&name.as_str()) && !state.is_foreign() {
                    at = raw_end(text, at, &name);
                    state.node()?;
                    state.close(&name)?;
                } else if name == "plaintext" {
                    return Ok(());
                }
            }
            _ => state.looked(SIGN)?,
        }
    }
    Ok(())
}

#[derive(Default)]
struct State {
    nodes: usize,
    attributes: usize,
    compared: usize,
    steps: usize,
    closes: usize,
    open: Vec<String>,
    /// Number of open elements by name, so that a stray end tag costs nothing.
    names: HashMap<String, usize>,
    /// Name of the element and hash of its attributes; `None` is a marker.
    formatting: Vec<Option<(String, u64)>>,
}

impl State {
    fn is_foreign(&self) -> bool {
        ["svg", "math"]
            .iter()
            .any(|it| self.names.get(*it).is_some_and(|count| *count > 0))
    }

    fn node(&mut self) -> Result<(), Limit> {
        self.nodes += 1;
        if self.nodes > NODES {
            Err(Limit::Nodes)
        } else if cancel::step(1) {
            Err(Limit::Time)
        } else {
            Ok(())
        }
    }

    /// Counts `count` visits of open elements. Fails once [`STEPS`] is exceeded.
    fn looked(&mut self, count: usize) -> Result<(), Limit> {
        cancel::step(count);
        self.steps += count;
        if self.steps > STEPS {
            Err(Limit::Work)
        } else {
            Ok(())
        }
    }

    fn open(&mut self, name: &str, attributes: &str, count: usize) -> Result<(), Limit> {
        self.node()?;
        self.attributes += count;
        if self.attributes > ALL_ATTRIBUTES {
            return Err(Limit::Attributes);
        }
        if VOID.contains(&name) {
            return Ok(());
        }
        if let Some(group) = SIBLINGS.iter().find(|it| it.contains(&name)) {
            let nearest = self
                .open
                .iter()
                .rposition(|it| group.contains(&it.as_str()) || SCOPES.contains(&it.as_str()));
            self.looked(self.open.len() - nearest.unwrap_or(0))?;
            let sibling = nearest.filter(|at| !SCOPES.contains(&self.open[*at].as_str()));
            if let Some(at) = sibling {
                self.pop_to(at);
            }
        }
        if !FORMATTING_TAGS.contains(&name) && self.open.last().is_some_and(|it| it == "p") {
            self.pop_to(self.open.len() - 1);
        }
        self.open.push(name.to_owned());
        *self.names.entry(name.to_owned()).or_default() += 1;
        if MARKERS.contains(&name) {
            self.formatting.push(None);
        } else if FORMATTING_TAGS.contains(&name) {
            // the tree builder compares a new formatting element with all open ones, attribute by attribute
            self.compared += count * self.formatting.len();
            if count > FORMATTING_ATTRIBUTES || self.compared > COMPARISONS {
                return Err(Limit::Formatting);
            }
            self.reopen(name, key(attributes));
        }
        self.looked(self.formatting.len() / 8)?;
        let reopened = self.formatting.iter().flatten().count();
        if reopened > FORMATTING || self.formatting.len() > 2 * FORMATTING + DEPTH {
            return Err(Limit::Formatting);
        }
        if self.open.len() > DEPTH {
            Err(Limit::Depth)
        } else {
            Ok(())
        }
    }

    /// "Push onto the list of active formatting elements" of the HTML standard: at most three equal entries are kept
    /// (Noah's Ark clause), and an open `a` is closed by the next one.
    fn reopen(&mut self, name: &str, attributes: u64) {
        let since = self
            .formatting
            .iter()
            .rposition(Option::is_none)
            .map_or(0, |it| it + 1);
        if name == "a" {
            let last = self.formatting[since..]
                .iter()
                .rposition(|it| it.as_ref().is_some_and(|(open, _)| open == "a"));
            if let Some(at) = last {
                self.formatting.remove(since + at);
            }
        }
        let entry = Some((name.to_owned(), attributes));
        let alike: Vec<usize> = (since..self.formatting.len())
            .filter(|at| self.formatting[*at] == entry)
            .collect();
        if alike.len() >= 3 {
            self.formatting.remove(alike[0]);
        }
        self.formatting.push(entry);
    }

    fn close(&mut self, name: &str) -> Result<(), Limit> {
        self.closes += 1;
        if self.closes > 2 * NODES {
            return Err(Limit::Nodes);
        }
        if FORMATTING_TAGS.contains(&name) {
            let since = self
                .formatting
                .iter()
                .rposition(Option::is_none)
                .map_or(0, |it| it + 1);
            let last = self.formatting[since..]
                .iter()
                .rposition(|it| it.as_ref().is_some_and(|(open, _)| open == name));
            if let Some(at) = last {
                self.formatting.remove(since + at);
            }
        }
        if self.names.get(name).is_some_and(|it| *it > 0)
            && let Some(at) = self.open.iter().rposition(|it| it == name)
        {
            self.pop_to(at);
        }
        Ok(())
    }

    fn pop_to(&mut self, at: usize) {
        while self.open.len() > at {
            let Some(name) = self.open.pop() else { return };
            if MARKERS.contains(&name.as_str())
                && let Some(marker) = self.formatting.iter().rposition(Option::is_none)
            {
                self.formatting.truncate(marker);
            }
            if let Some(count) = self.names.get_mut(&name) {
                *count -= 1;
            }
        }
    }
}

fn find(bytes: &[u8], from: usize, wanted: u8) -> Option<usize> {
    bytes
        .get(from..)?
        .iter()
        .position(|it| *it == wanted)
        .map(|it| it + from)
}

/// Finds the first `--` before `>` or `!>` in one pass; `<!-->` and `<!--->` end at once.
fn comment_end(text: &str, from: usize) -> usize {
    let bytes = text.as_bytes();
    if bytes[from..].starts_with(b">") {
        return from + 1;
    }
    if bytes[from..].starts_with(b"->") {
        return from + 2;
    }
    let mut at = from;
    while let Some(dash) = find(bytes, at, b'-') {
        let rest = &bytes[dash..];
        if rest.starts_with(b"-->") {
            return dash + 3;
        }
        if rest.starts_with(b"--!>") {
            return dash + 4;
        }
        at = dash + 1;
    }
    bytes.len()
}

/// Returns the lower-case name, the position after `>`, the attributes as written, and their number.
fn tag(text: &str, from: usize) -> Result<(String, usize, &str, usize), Limit> {
    let bytes = text.as_bytes();
    let ends_name = |b: &u8| b.is_ascii_whitespace() || matches!(b, b'/' | b'>');
    let name_end = bytes[from..]
        .iter()
        .position(ends_name)
        .map_or(bytes.len(), |it| it + from);
    let name = text[from..name_end].to_ascii_lowercase();
    let mut at = name_end;
    let mut attributes = 0;
    loop {
        while bytes
            .get(at)
            .is_some_and(|b| b.is_ascii_whitespace() || *b == b'/')
        {
            at += 1;
        }
        match bytes.get(at) {
            None => return Ok((name, bytes.len(), &text[name_end..], attributes)),
            Some(b'>') => return Ok((name, at + 1, &text[name_end..at], attributes)),
            Some(_) => {
                attributes += 1;
                if attributes > ATTRIBUTES {
                    return Err(Limit::Attributes);
                }
                at = attribute_end(bytes, at);
            }
        }
    }
}

fn attribute_end(bytes: &[u8], from: usize) -> usize {
    let mut at = from + 1; // a leading "=" belongs to the name
    while bytes
        .get(at)
        .is_some_and(|b| !b.is_ascii_whitespace() && !matches!(b, b'/' | b'>' | b'='))
    {
        at += 1;
    }
    let mut value = at;
    while bytes.get(value).is_some_and(u8::is_ascii_whitespace) {
        value += 1;
    }
    if bytes.get(value) != Some(&b'=') {
        return at;
    }
    value += 1;
    while bytes.get(value).is_some_and(u8::is_ascii_whitespace) {
        value += 1;
    }
    match bytes.get(value) {
        Some(quote @ (b'"' | b'\'')) => {
            find(bytes, value + 1, *quote).map_or(bytes.len(), |it| it + 1)
        }
        _ => {
            while bytes
                .get(value)
                .is_some_and(|b| !b.is_ascii_whitespace() && *b != b'>')
            {
                value += 1;
            }
            value
        }
    }
}

/// The start of the end tag of a raw-text element, or the end of the text if there is none.
fn raw_end(text: &str, from: usize, name: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = from;
    while let Some(found) = find(bytes, at, b'<') {
        let rest = &bytes[found + 1..];
        if rest.first() == Some(&b'/')
            && rest
                .get(1..=name.len())
                .is_some_and(|it| it.eq_ignore_ascii_case(name.as_bytes()))
            && rest
                .get(1 + name.len())
                .is_none_or(|b| b.is_ascii_whitespace() || matches!(b, b'/' | b'>'))
        {
            return found;
        }
        at = found + 1;
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_pages_are_counted_out() {
        assert_eq!(count(&"<div>".repeat(600)), Err(Limit::Depth));
        assert_eq!(count(&"<i>x</i>".repeat(120_000)), Err(Limit::Nodes));
        let attributes: String = (0..3000).map(|n| format!(" a{n}")).collect();
        assert_eq!(count(&format!("<p{attributes}>")), Err(Limit::Attributes));
        let fonts: String = (0..400).map(|n| format!("<p><font a={n}>")).collect();
        assert!(matches!(
            count(&fonts),
            Err(Limit::Formatting | Limit::Depth)
        ));
        assert_eq!(count(&"<svg>".repeat(600)), Err(Limit::Depth));
        assert!(count(&"</b>".repeat(500_000)).is_err());
        for sign in ["<", "&", "&a", "\r", "&amp;"] {
            let page = format!("<p>{}", sign.repeat(2_000_000));
            assert_eq!(count(&page), Err(Limit::Work), "{sign:?}");
            assert_eq!(count(&format!("<p>{}", sign.repeat(200_000))), Ok(()));
        }
    }

    #[test]
    fn sloppy_honest_pages_pass() {
        assert_eq!(
            count(&format!("<ul>{}</ul>", "<li><a href=x>y</a>".repeat(5000))),
            Ok(())
        );
        assert_eq!(count(&"<p>text <b>bold".repeat(3)), Ok(()));
        assert_eq!(
            count(&format!("<table>{}", "<tr><td>1<td>2".repeat(5000))),
            Ok(())
        );
        assert_eq!(count(&"<p>a".repeat(5000)), Ok(()));
        assert_eq!(
            count(&format!("<script>{}</script>", "<div>".repeat(5000))),
            Ok(())
        );
        assert_eq!(
            count(&format!("<!--{}--><p title='>'>", "<div>".repeat(5000))),
            Ok(())
        );
        assert_eq!(
            count(&"<a href=x>y".repeat(5000)),
            Err(Limit::Depth),
            "unclosed links nest"
        );
    }
}
