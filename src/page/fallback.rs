//! Extracts the text of a page without a tree, for pages that are too costly to parse: enough to find an attacker's
//! signature. It makes one pass, since such a page may have any size.

use std::collections::VecDeque;

use super::{cancel, truncate::floor};

/// Bytes of text kept from the beginning and from the end: a defacer signs there, the middle is padding.
const KEPT: usize = 64 << 10;
/// Bytes kept from each end of one text.
const LINE: usize = 2048;
/// Bytes that a paragraph counts for besides its text: a hostile page may have a paragraph for every letter.
const PARAGRAPH: usize = 8;

/// Makes a small page of the title of `text` and the words of its beginning and end.
pub(super) fn page(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let title = between(text, &lower, "<title", "</title").unwrap_or_default();
    let mut said = Said::default();
    let mut ends = Ends::default();
    let mut at = 0;
    for n in 0.. {
        if n % 1024 == 0 && cancel::is_cancelled() {
            break;
        }
        let Some(open) = lower[at..].find('<') else {
            said.line(&text[at..]);
            break;
        };
        said.line(&text[at..at + open]);
        let tag = at + open;
        at = match ends.of(&lower, tag) {
            Some(end) => end,
            // a `<` that is never closed is text
            None => tag + 1,
        };
    }
    said.page(title)
}

/// Finds the end of the construct that a `<` begins. Remembers ends that are missing, so that none is searched twice.
#[derive(Default)]
struct Ends {
    none: Vec<&'static str>,
}

impl Ends {
    fn of(&mut self, lower: &str, tag: usize) -> Option<usize> {
        let rest = &lower[tag + 1..];
        if rest.starts_with("!--") {
            return self.find(lower, tag + 4, "-->").map(|it| it + 3);
        }
        let raw = [
            ("script", "</script"),
            ("style", "</style"),
            ("title", "</title"),
        ];
        let raw = raw.into_iter().find(|it| rest.starts_with(it.0));
        match raw {
            Some((_, end)) => self.find(lower, tag + 1, end),
            None => self.find(lower, tag, ">").map(|it| it + 1),
        }
    }

    fn find(&mut self, lower: &str, from: usize, what: &'static str) -> Option<usize> {
        if self.none.contains(&what) {
            return None;
        }
        let found = lower.get(from..).and_then(|it| it.find(what));
        if found.is_none() {
            self.none.push(what);
        }
        found.map(|it| from + it)
    }
}

/// The texts of the page's beginning and of its end, each at most [`KEPT`] bytes.
#[derive(Default)]
struct Said<'a> {
    first: Vec<&'a str>,
    last: VecDeque<&'a str>,
    room: [usize; 2],
}

impl<'a> Said<'a> {
    fn line(&mut self, text: &'a str) {
        let text = text.trim();
        let both = [&text[..floor(text, LINE)], tail(text)];
        for part in both.into_iter().take(if text.len() > LINE { 2 } else { 1 }) {
            if part.is_empty() {
                continue;
            }
            let takes = part.len() + PARAGRAPH;
            if self.room[0] + takes <= KEPT {
                self.room[0] += takes;
                self.first.push(part);
                continue;
            }
            // the first text that does not fit closes the beginning: all later ones go to the end
            self.room[0] = KEPT;
            self.room[1] += takes;
            self.last.push_back(part);
            while self.room[1] > KEPT
                && let Some(gone) = self.last.pop_front()
            {
                self.room[1] -= gone.len() + PARAGRAPH;
            }
        }
    }

    fn page(self, title: &str) -> String {
        let mut out = format!("<title>{}</title>", escaped(title));
        for text in self.first.into_iter().chain(self.last) {
            out.push_str("<p>");
            out.push_str(&escaped(text));
        }
        out
    }
}

/// The last [`LINE`] bytes of a long text.
fn tail(text: &str) -> &str {
    let mut from = text.len().saturating_sub(LINE);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    &text[from..]
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

#[cfg(test)]
mod tests {

    #[test]
    fn the_beginning_and_the_end_are_read_wherever_the_middle_is_filled() {
        let filling = "<p>lời lấp đầy</p>".repeat(20_000);
        for page in [
            format!("<!--{}--><h1>Hacked by X</h1>", "x".repeat(2 << 20)),
            format!("<h1>Hacked by X</h1>{filling}"),
            format!("{filling}<h1>Hacked by X</h1>"),
            format!(
                "<script>{}</script><h1>Hacked by X</h1>{filling}",
                "a<b;".repeat(90_000)
            ),
            format!("<h1>Hacked by X{}", " ".repeat(9 << 20)),
            format!("{}<h1>Hacked by X", "<style ".repeat(90_000)),
        ] {
            let small = super::page(&page);
            assert!(small.contains("Hacked by X"), "{}", &page[..40]);
            assert!(small.len() < 1 << 20, "{}", small.len());
        }
    }
}
