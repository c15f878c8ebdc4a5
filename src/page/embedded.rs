//! Pages inside an attribute (`srcdoc`, `data:` and `javascript:` addresses): their text and their code.

use super::{script, truncate::floor};

/// Most bytes of an attribute that are read.
const LONGEST: usize = 64 << 10;

/// The text of a page inside an attribute, without its tags. `value` is markup, or a `data:` or `javascript:` address;
/// `None` for anything else.
pub(super) fn embedded(value: &str) -> Option<String> {
    Some(shown(&markup(value)?))
}

/// The text that a drawing in a `data:` address shows; `None` for a drawing without text, and for any other address.
pub(super) fn pictured(value: &str) -> Option<String> {
    if !is_drawing(value) {
        return None;
    }
    let markup = markup(value)?;
    let writes = markup.contains("<text") || markup.contains("<foreignObject");
    writes.then(|| shown(&markup))
}

/// Whether an address holds a drawing.
pub(super) fn is_drawing(value: &str) -> bool {
    let start = value.trim_start().get(..14);
    start.is_some_and(|it| it.eq_ignore_ascii_case("data:image/svg"))
}

/// The markup in an attribute.
fn markup(value: &str) -> Option<String> {
    inner(value).map(|it| it.text)
}

/// The text of markup: without tags, code and style, its numeric references undone.
fn shown(markup: &str) -> String {
    let mut text = String::new();
    let mut mute: Option<&str> = None;
    for part in markup.split('<') {
        let tag = |name: &str| {
            part.get(..name.len())
                .is_some_and(|it| it.eq_ignore_ascii_case(name))
        };
        if let Some(end) = mute {
            if !tag(end) {
                continue;
            }
            mute = None;
        } else if tag("script") || tag("style") {
            mute = Some(if tag("style") { "/style" } else { "/script" });
            continue;
        }
        let inner = part.split_once('>').map_or(part, |it| it.1);
        references_undone(inner, &mut text);
        text.push(' ');
    }
    text
}

/// Appends a text with `&#72;` and `&#x48;` undone.
fn references_undone(text: &str, to: &mut String) {
    let mut parts = text.split("&#");
    to.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let end = part
            .find(|c: char| !c.is_ascii_alphanumeric())
            .unwrap_or(part.len());
        let code = match part[..end].strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16),
            None => part[..end].parse(),
        };
        match code.ok().and_then(char::from_u32) {
            Some(letter) => {
                to.push(letter);
                to.push_str(part[end..].strip_prefix(';').unwrap_or(&part[end..]));
            }
            None => {
                to.push_str("&#");
                to.push_str(part);
            }
        }
    }
}

/// Pieces of code in an attribute: that of a `javascript:` address, and scripts, handlers and `javascript:` addresses in
/// markup. None for an address that does nothing, as `javascript:void(0)` and `javascript:;`.
pub(super) fn codes(value: &str) -> Vec<String> {
    let Some(inner) = inner(value) else {
        return Vec::new();
    };
    let mut out = if inner.code {
        vec![inner.text]
    } else {
        in_markup(&inner.text)
    };
    out.retain(|it| it.contains(['(', '=', '`']) && it.trim().len() >= SHORTEST);
    out
}

/// Addresses from which markup in an attribute or in code loads scripts and frames. The markup may be cut off.
pub(super) fn sources(markup: &str) -> Vec<String> {
    let markup = &markup[..floor(markup, LONGEST)];
    let mut out = Vec::new();
    for part in markup.split('<').skip(1) {
        let tag: String = part
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .take(8)
            .collect();
        if matches!(tag.to_ascii_lowercase().as_str(), "script" | "iframe")
            && let Some(source) = source(&part[tag.len()..])
            && out.len() < PIECES
        {
            out.push(source.to_owned());
        }
    }
    out
}

/// Value of the `src` attribute in the attributes of a tag.
fn source(attributes: &str) -> Option<&str> {
    let attributes = attributes.split('>').next()?;
    let lower = attributes.to_ascii_lowercase();
    let begins = |at: &usize| {
        let before = attributes[..*at].chars().next_back();
        before.is_some_and(|it| it.is_whitespace() || "\"'/".contains(it))
    };
    let at = lower.match_indices("src").map(|it| it.0).find(begins)?;
    let value = attributes[at + 3..].trim_start().strip_prefix('=')?;
    let value = value.trim_start();
    let value = match value.chars().next()? {
        quote @ ('"' | '\'') => value[1..].split(quote).next()?,
        _ => value.split(char::is_whitespace).next()?,
    };
    (!value.is_empty()).then_some(value)
}

/// Markup in an attribute; the browser loads its sources.
pub(super) fn loaded(value: &str) -> Vec<String> {
    match inner(value) {
        Some(it) if !it.code => sources(&it.text),
        _ => Vec::new(),
    }
}

/// Least length of code that does anything, in bytes.
const SHORTEST: usize = 16;
/// Most pieces of code that are taken from one attribute.
const PIECES: usize = 16;

/// Contents of script elements, and values of attributes that hold code.
fn in_markup(markup: &str) -> Vec<String> {
    let lower = markup.to_ascii_lowercase();
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(begin) = lower[at..].find("<script").map(|it| it + at)
        && out.len() < PIECES
    {
        let Some(open) = lower[begin..].find('>').map(|it| it + begin + 1) else {
            break;
        };
        let end = lower[open..]
            .find("</script")
            .map_or(lower.len(), |it| it + open);
        out.push(markup[open..end].to_owned());
        at = end;
    }
    // onload=… and href=javascript:…, from the quote to the next one like it
    for (at, _) in lower
        .match_indices(" on")
        .chain(lower.match_indices("javascript:"))
    {
        if out.len() >= 2 * PIECES {
            break;
        }
        let rest = &markup[at..];
        let value = if lower[at..].starts_with(" on") {
            // the name of an event is short
            let Some((name, _)) = rest[1..floor(rest, 32)].split_once('=') else {
                continue;
            };
            let value = &rest[name.len() + 2..];
            if !name.trim().bytes().all(|it| it.is_ascii_alphabetic()) {
                continue;
            }
            value.trim_start()
        } else {
            &rest["javascript:".len()..]
        };
        let (quote, value) = match value.chars().next() {
            Some(it @ ('"' | '\'')) => (it, &value[1..]),
            _ => ('>', value),
        };
        out.push(
            value[..floor(value, LONGEST_VALUE)]
                .split(quote)
                .next()
                .unwrap_or_default()
                .to_owned(),
        );
    }
    out
}

/// Most bytes of the value of an attribute in such markup.
const LONGEST_VALUE: usize = 4 << 10;

/// What an attribute holds.
struct Inner {
    text: String,
    /// Whether it is code and not markup.
    code: bool,
}

fn inner(value: &str) -> Option<Inner> {
    let value = value.trim_matches(|c: char| c <= ' ');
    let value = &value[..floor(value, LONGEST)];
    let lower = value.get(..11).map(str::to_ascii_lowercase);
    match lower.as_deref() {
        Some("javascript:") => Some(Inner {
            text: percent_decoded(&value[11..]),
            code: true,
        }),
        Some(it) if it.starts_with("data:") => {
            let (kind, data) = value.split_once(',')?;
            let text = if kind.ends_with("base64") {
                script::unpacked(data)?
            } else {
                percent_decoded(data)
            };
            Some(Inner {
                text,
                code: kind.contains("script"),
            })
        }
        _ if value.contains('<') => Some(Inner {
            text: value.to_owned(),
            code: false,
        }),
        _ => None,
    }
}

fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = (bytes[at] == b'%')
            .then(|| text.get(at + 1..at + 3))
            .flatten()
            .and_then(|it| u8::from_str_radix(it, 16).ok());
        match code {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_pages_in_attributes() {
        for (value, wanted) in [
            (
                "<style>p{}</style><p>Trang &#72;&#x1EC7; <b>này",
                "Trang Hệ này",
            ),
            ("<script>var a='<p>'</script>x", "x"),
            ("data:text/html,%3Cp%3Ea%20b", "a b"),
        ] {
            let text = embedded(value).unwrap();
            assert_eq!(
                text.split_whitespace().collect::<Vec<_>>().join(" "),
                wanted
            );
        }
        assert_eq!(embedded("/trang.html"), None);
        assert_eq!(
            pictured("data:image/svg+xml,%3Csvg%3E%3Cpath d='M0'/%3E"),
            None
        );
        let drawing = pictured("data:image/svg+xml;utf8,<svg><text x='1'>Đã chiếm</text></svg>");
        assert_eq!(
            drawing.map(|it| it.trim().to_owned()),
            Some("Đã chiếm".to_owned())
        );
    }

    #[test]
    fn code_in_attributes_is_found() {
        for (value, code) in [
            ("javascript:eval(name+'12345678')", "eval(name+'12345678')"),
            (
                "JavaScript:%65val(name+'12345678')",
                "eval(name+'12345678')",
            ),
            (
                "data:text/html,<script>eval(name+'12345678')</script>",
                "eval(name+'12345678')",
            ),
            (
                "data:text/html,<svg onload=\"eval(name+'12345678')\">",
                "eval(name+'12345678')",
            ),
            (
                "data:text/html;base64,PHNjcmlwdD5ldmFsKG5hbWUrJzEyMzQ1Njc4Jyk8L3NjcmlwdD4=",
                "eval(name+'12345678')",
            ),
            (
                "<body><SCRIPT>eval(name+'12345678')",
                "eval(name+'12345678')",
            ),
            (
                "data:text/javascript,eval(name+'12345678')",
                "eval(name+'12345678')",
            ),
        ] {
            assert_eq!(codes(value), [code], "{value}");
        }
        for value in [
            "javascript:void(0)",
            "javascript:;",
            "/tin/1",
            "https://a.example/?b=c(d)",
            "data:image/png;base64,AAAA",
            "<p>a</p>",
        ] {
            assert!(codes(value).is_empty(), "{value}: {:?}", codes(value));
        }
        let many = "<p on".repeat(20_000);
        assert!(codes(&many).is_empty());
    }
}
