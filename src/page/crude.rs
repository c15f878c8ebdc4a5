//! What a page says at its beginning, read without a tree: for pages that no tree may be built of. Enough to see who
//! signs it.

use super::{patience, text::floor};

/// So much of a page is read so.
const READ: usize = 256 << 10;
/// And so much of what it says is kept.
const KEPT: usize = 32 << 10;

/// Ends of elements whose content is no text.
const RAW: [&str; 3] = ["</script", "</style", "</title"];
/// Stands for any other tag, which ends with `>`.
const TAG: usize = RAW.len();

/// A small page that says what the beginning of `text` says: its title and its words.
pub(super) fn page(text: &str) -> String {
    let text = &text[..floor(text, READ)];
    let lower = text.to_ascii_lowercase();
    let title = between(text, &lower, "<title", "</title").unwrap_or_default();
    let mut out = format!("<title>{}</title>", escaped(title));
    let mut at = 0;
    // what has no end here has none further on: it is not looked for again
    let mut endless = [false; TAG + 1];
    while out.len() < KEPT && at < text.len() && !patience::is_lost() {
        let rest = &lower[at..];
        let Some(open) = rest.find('<') else {
            line(&mut out, &text[at..]);
            break;
        };
        line(&mut out, &text[at..at + open]);
        let tag = at + open;
        let is_of = |it: &&str| lower[tag + 1..].starts_with(&it[2..]);
        let kind = RAW.iter().position(is_of).unwrap_or(TAG);
        let ends = if endless[kind] {
            None
        } else {
            let found = match RAW.get(kind) {
                Some(end) => lower[tag..].find(end),
                None => lower[tag..].find('>'),
            };
            patience::step(found.unwrap_or(lower.len() - tag));
            endless[kind] = found.is_none();
            found
        };
        // without an end, what follows the sign is text as well as anything
        at = tag + ends.unwrap_or(0).max(1);
        if kind == TAG && ends.is_some() {
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
