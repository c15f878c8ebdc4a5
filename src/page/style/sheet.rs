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

/// Calls `rule` with the selectors and the declarations of each rule of `css`, and adds addresses of imports and fonts
/// to `loads`.
pub(super) fn rules(css: &str, loads: &mut Vec<String>, mut rule: impl FnMut(&str, &str)) {
    cancel::step(css.len());
    let css = uncommented(css);
    let css = css.as_ref();
    let bytes = css.as_bytes();
    let (mut at, mut start) = (0, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            quote @ (b'"' | b'\'') => at = after_quote(bytes, at, quote) - 1,
            b';' => {
                import(&css[start..at], loads);
                start = at + 1;
            }
            b'}' => start = at + 1,
            b'{' => {
                let prelude = css[start..at]
                    .trim()
                    .trim_start_matches("<!--")
                    .trim_start();
                let name = prelude.strip_prefix('@').map(at_name);
                let open = match name.as_deref() {
                    Some("media") => holds(prelude),
                    Some("supports" | "layer") => true,
                    _ => false,
                };
                if !open {
                    let end = after_block(bytes, at);
                    // an open block ends with the text
                    let inner = if bytes[end - 1] == b'}' { end - 1 } else { end };
                    let body = css.get(at + 1..inner).unwrap_or_default();
                    match name.as_deref() {
                        Some("font-face") => font(body, loads),
                        Some(_) => (),
                        None => rule(prelude, body),
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

fn import(statement: &str, loads: &mut Vec<String>) {
    let statement = statement.trim();
    let is_import = statement
        .get(..7)
        .is_some_and(|it| it.eq_ignore_ascii_case("@import"));
    if !is_import || loads.len() >= ADDRESSES {
        return;
    }
    let quoted = || statement.split(['"', '\'']).nth(1);
    if let Some(found) = address(statement).or_else(quoted) {
        loads.push(found.to_owned());
    }
}

fn font(body: &str, loads: &mut Vec<String>) {
    for part in split(body, b';') {
        let source = part.split_once(':').filter(|it| it.0.trim() == "src");
        let Some((_, value)) = source else { continue };
        for face in split(value, b',') {
            if let Some(found) = address(face)
                && loads.len() < ADDRESSES
            {
                loads.push(found.to_owned());
            }
        }
    }
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
        let mut found = Vec::new();
        let mut loads = Vec::new();
        let css = "@charset \"utf-8\"; @import url('//a.vn/x.css') screen;@import \"b.css\";<!-- /* .n{} */ p /* x */ {a:b}
            @media print{.p{c:d}} @media screen and (min-width: 992px){.w{e:f} .v{content:'}'}} @media (max-width:600px){.s{}}
            @keyframes k{from{top:0}to{top:1px}} @font-face{font-family:x;src:url(x.woff),url(\"//c.vn/y.woff\")}
            @supports (display:grid){.g{h:i}} @media (prefers-color-scheme:dark){b{}} .z{j:k";
        rules(css, &mut loads, |selector, _| {
            found.push(selector.to_owned())
        });
        assert_eq!(found, ["p", ".w", ".v", ".g", ".z"]);
        assert_eq!(loads, ["//a.vn/x.css", "b.css", "x.woff", "//c.vn/y.woff"]);
    }
}
