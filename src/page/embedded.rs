//! Pages inside an attribute (`srcdoc`, `data:` and `javascript:` addresses): their text and their code.

use super::{script, truncate::floor};

/// Most bytes of an attribute that are read.
const LONGEST: usize = 64 << 10;

/// The text of a page inside an attribute, without its tags. `value` is markup, or a `data:` or `javascript:` address;
/// `None` for anything else.
pub(super) fn embedded(value: &str) -> Option<String> {
    let inner = inner(value)?;
    let mut text = String::new();
    for part in inner.text.split('<') {
        let shown = part.split_once('>').map_or(part, |it| it.1);
        text.push_str(shown);
        text.push(' ');
    }
    Some(text)
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
    use super::codes;

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
