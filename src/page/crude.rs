//! What a page says at its beginning, read without a tree: for pages that no tree may be built of. Enough to see who
//! signs it.

use super::text::floor;

/// So much of a page is read so.
const READ: usize = 256 << 10;
/// And so much of what it says is kept.
const KEPT: usize = 32 << 10;

/// A small page that says what the beginning of `text` says: its title and its words.
pub(super) fn page(text: &str) -> String {
    let text = &text[..floor(text, READ)];
    let lower = text.to_ascii_lowercase();
    let title = between(text, &lower, "<title", "</title").unwrap_or_default();
    let mut out = format!("<title>{}</title>", escaped(title));
    let mut at = 0;
    while out.len() < KEPT && at < text.len() {
        let rest = &lower[at..];
        let Some(open) = rest.find('<') else {
            line(&mut out, &text[at..]);
            break;
        };
        line(&mut out, &text[at..at + open]);
        let tag = at + open;
        let raw = ["script", "style", "title"]
            .into_iter()
            .find(|it| lower[tag + 1..].starts_with(it));
        let ends = match raw {
            Some(name) => lower[tag..].find(&format!("</{name}")),
            None => lower[tag..].find('>'),
        };
        // without an end, what follows the sign is text as well as anything
        at = tag + ends.unwrap_or(0).max(1);
        if raw.is_none() && ends.is_some() {
            at = (at + 1).min(text.len());
        }
    }
    out
}

fn line(out: &mut String, text: &str) {
    let text = text.trim();
    if !text.is_empty() {
        out.push_str("<p>");
        out.push_str(&escaped(&text[..floor(text, 2048)]));
    }
}

fn escaped(text: &str) -> String {
    text.replace('<', " ")
}

fn between<'a>(text: &'a str, lower: &str, from: &str, to: &str) -> Option<&'a str> {
    let open = lower.find(from)?;
    let start = open + lower[open..].find('>')? + 1;
    let end = start + lower[start..].find(to)?;
    Some(&text[start..floor(text, end.min(start + 1024))])
}
