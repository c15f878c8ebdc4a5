//! Text of style to rules: the at-rules that hold on a wide screen, and the addresses that style loads.

use std::borrow::Cow;

use super::declared::{address, split};
use crate::page::cancel;

/// One text of style.
#[derive(Clone, Debug)]
pub(in crate::page) struct Sheet {
    pub css: String,
}

/// Width in px of the window in which a page is looked at.
const WINDOW: f64 = 1366.0;
/// Most addresses of imports and fonts that are kept.
const ADDRESSES: usize = 64;

/// Addresses that style loads, as written.
#[derive(Debug, Default)]
pub(in crate::page) struct Loads {
    /// Imports and fonts, whatever their conditions.
    pub all: Vec<String>,
    /// Imports that count on a wide screen.
    pub imports: Vec<String>,
}

/// Deepest nesting of at-rules that is followed.
const DEEPEST: usize = 16;

/// Calls `rule` with the selectors and the declarations of each rule of `css`, and whether the conditions around it
/// certainly hold; adds addresses of imports and fonts to `loads`. Rules for paper are left out.
pub(super) fn rules(css: &str, loads: &mut Loads, mut rule: impl FnMut(&str, &str, bool)) {
    cancel::step(css.len());
    let css = uncommented(css);
    let css = css.as_ref();
    let bytes = css.as_bytes();
    let (mut at, mut start) = (0, 0);
    // for each open at-rule, whether it and those around it hold
    let mut around: Vec<bool> = Vec::new();
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            quote @ (b'"' | b'\'') => at = after_quote(bytes, at, quote) - 1,
            b';' => {
                import(&css[start..at], loads);
                start = at + 1;
            }
            b'}' => {
                around.pop();
                start = at + 1;
            }
            b'{' => {
                let prelude = css[start..at]
                    .trim()
                    .trim_start_matches("<!--")
                    .trim_start();
                let holds = around.last().copied().unwrap_or(true);
                let name = prelude.strip_prefix('@').map(at_name);
                let inside = name.as_deref().and_then(|it| condition(it, prelude));
                if let Some(inside) = inside.filter(|_| around.len() < DEEPEST) {
                    around.push(holds && inside);
                } else {
                    let end = after_block(bytes, at);
                    // an open block ends with the text
                    let inner = if bytes[end - 1] == b'}' { end - 1 } else { end };
                    let body = css.get(at + 1..inner).unwrap_or_default();
                    match name.as_deref() {
                        Some("font-face") => font(body, loads),
                        Some(_) => (),
                        None => rule(prelude, body, holds),
                    }
                    at = end - 1;
                }
                start = at + 1;
            }
            _ => (),
        }
        at += 1;
    }
}

/// Whether the rules inside of an at-rule certainly hold; `None` for one without rules for a screen.
fn condition(name: &str, prelude: &str) -> Option<bool> {
    match name {
        "media" if is_for_paper(prelude) => None,
        "media" => Some(holds(prelude)),
        "supports" | "layer" => Some(true),
        "container" | "scope" => Some(false),
        _ => None,
    }
}

/// Addresses of the style sheets that a text imports.
pub(in crate::page) fn imports(css: &str) -> Vec<String> {
    let mut loads = Loads::default();
    if css.contains("@import") {
        rules(css, &mut loads, |_, _, _| ());
    }
    loads.imports
}

/// The text of a block without the blocks nested in it, and without what stands before each of them.
pub(super) fn unnested(block: &str) -> Cow<'_, str> {
    if !block.contains('{') {
        return Cow::Borrowed(block);
    }
    let bytes = block.as_bytes();
    let mut out = String::with_capacity(block.len());
    let (mut at, mut start) = (0, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            quote @ (b'"' | b'\'') => at = after_quote(bytes, at, quote) - 1,
            b';' => {
                out.push_str(&block[start..=at]);
                start = at + 1;
            }
            b'{' => {
                at = after_block(bytes, at) - 1;
                start = at + 1;
            }
            _ => (),
        }
        at += 1;
    }
    out.push_str(block.get(start..).unwrap_or_default());
    Cow::Owned(out)
}

fn at_name(rest: &str) -> String {
    let name = rest
        .bytes()
        .take_while(|it| it.is_ascii_alphabetic() || *it == b'-');
    rest[..name.count()].to_ascii_lowercase()
}

/// The text without comments. A comment mark inside of quotes is text.
fn uncommented(css: &str) -> Cow<'_, str> {
    if !css.contains("/*") {
        return Cow::Borrowed(css);
    }
    let bytes = css.as_bytes();
    let mut out = String::with_capacity(css.len());
    let (mut at, mut kept) = (0, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            quote @ (b'"' | b'\'') => at = after_quote(bytes, at, quote),
            b'/' if bytes.get(at + 1) == Some(&b'*') => {
                out.push_str(&css[kept..at]);
                out.push(' ');
                at = css[at + 2..].find("*/").map_or(css.len(), |it| at + it + 4);
                kept = at;
            }
            _ => at += 1,
        }
    }
    out.push_str(&css[kept..]);
    Cow::Owned(out)
}

/// The place after the quoted string that begins at `at`; a string ends at the end of its line, too.
fn after_quote(bytes: &[u8], at: usize, quote: u8) -> usize {
    let mut at = at + 1;
    while let Some(byte) = bytes.get(at) {
        at += 1;
        match *byte {
            b'\\' => at += 1,
            b'\n' => break,
            it if it == quote => break,
            _ => (),
        }
    }
    at.min(bytes.len())
}

/// The place after the block that begins at `at` with a brace.
fn after_block(bytes: &[u8], at: usize) -> usize {
    let (mut at, mut depth) = (at, 0_usize);
    while let Some(byte) = bytes.get(at) {
        match *byte {
            b'\\' => at += 1,
            quote @ (b'"' | b'\'') => at = after_quote(bytes, at, quote) - 1,
            b'{' => depth += 1,
            b'}' => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => (),
        }
        at += 1;
    }
    bytes.len()
}

fn import(statement: &str, loads: &mut Loads) {
    let statement = statement.trim();
    let is_import = statement
        .get(..7)
        .is_some_and(|it| it.eq_ignore_ascii_case("@import"));
    if !is_import || loads.all.len() >= ADDRESSES {
        return;
    }
    let quoted = || statement.split(['"', '\'']).nth(1);
    let Some(found) = address(statement).or_else(quoted) else {
        return;
    };
    loads.all.push(found.to_owned());
    let media = statement.rsplit([')', '"', '\'']).next();
    let media = media.unwrap_or_default().trim();
    if media.is_empty() || holds(media) {
        loads.imports.push(found.to_owned());
    }
}

fn font(body: &str, loads: &mut Loads) {
    for part in split(body, b';') {
        let source = part.split_once(':').filter(|it| it.0.trim() == "src");
        let Some((_, value)) = source else { continue };
        for face in split(value, b',') {
            if let Some(found) = address(face)
                && loads.all.len() < ADDRESSES
            {
                loads.all.push(found.to_owned());
            }
        }
    }
}

/// Whether the conditions of media hold for paper or for a voice alone.
fn is_for_paper(prelude: &str) -> bool {
    let lower = prelude.to_ascii_lowercase();
    let list = lower.trim_start_matches("@media");
    list.split(',').take(16).all(|query| {
        let query = query.trim().trim_start_matches("only ");
        ["print", "speech", "aural"]
            .iter()
            .any(|it| query.starts_with(it))
    })
}

/// Whether the conditions of media certainly hold: `all`, `screen`, and widths in px.
pub(in crate::page) fn holds(prelude: &str) -> bool {
    let lower = prelude.to_ascii_lowercase();
    let list = lower.trim_start_matches("@media");
    list.split(',').take(16).any(|query| {
        let mut parts = query.split(" and ").map(str::trim);
        let plain = |it: &str| matches!(it, "all" | "screen" | "only screen" | "only all");
        parts.all(|it| plain(it) || is_wide_enough(it).unwrap_or(false))
    })
}

fn is_wide_enough(condition: &str) -> Option<bool> {
    let inner = condition.strip_prefix('(')?.strip_suffix(')')?;
    let (name, value) = inner.split_once(':')?;
    let value = value.trim();
    let px = match value.strip_suffix("px") {
        Some(number) => number.parse::<f64>().ok()?,
        None => {
            value
                .strip_suffix("em")?
                .trim_end_matches('r')
                .parse::<f64>()
                .ok()?
                * 16.0
        }
    };
    match name.trim() {
        "min-width" => Some(px <= WINDOW),
        "max-width" => Some(px >= WINDOW),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_that_hold() {
        let (mut found, mut unsure) = (Vec::new(), Vec::new());
        let mut loads = Loads::default();
        let css = "@charset \"utf-8\"; @import url('//a.vn/x.css') screen;@import \"b.css\";@import url(p.css) print;<!-- /* .n{} */ p /* x */ {a:b}
            @media print{.p{c:d}} @media screen and (min-width: 992px){.w{e:f} .v{content:'}'}} @media (max-width:600px){.s{}}
            @keyframes k{from{top:0}to{top:1px}} @font-face{font-family:x;src:url(x.woff),url(\"//c.vn/y.woff\")}
            @supports (display:grid){.g{h:i} @media (width>=9rem){.u{}}} @media (prefers-color-scheme:dark){b{}} .z{j:k";
        rules(css, &mut loads, |selector, _, holds| {
            if holds { &mut found } else { &mut unsure }.push(selector.to_owned())
        });
        assert_eq!(found, ["p", ".w", ".v", ".g", ".z"]);
        assert_eq!(unsure, [".s", ".u", "b"]);
        assert_eq!(
            loads.all,
            ["//a.vn/x.css", "b.css", "p.css", "x.woff", "//c.vn/y.woff"]
        );
        assert_eq!(loads.imports, ["//a.vn/x.css", "b.css"]);
    }

    #[test]
    fn nested_blocks_are_left_out() {
        let block = "display:block; .a{color:red;display:none} width:1px;&:hover{x:y}";
        assert_eq!(unnested(block), "display:block; width:1px;");
    }
}
