//! Where a deed or an edit is put in a page.

use std::sync::LazyLock;

use fastrand::Rng;
use regex::{Captures, Regex};

use crate::{facts::Facts, plant};

macro_rules! pattern {
    ($name:ident, $text:expr) => {
        static $name: LazyLock<Regex> =
            LazyLock::new(|| Regex::new($text).unwrap_or_else(|it| unreachable!("{it}")));
    };
}

pattern!(BODY, r"(?is)<body[^>]*>(.*)</body>");
pattern!(TITLE_END, r"(?i)</title>");
pattern!(HEADING, r"(?is)<h[1-3][^>]*>(.*?)</h[1-3]>");
pattern!(
    WORDS,
    r"(?is)<(?:h[1-4]|a|p)\b[^>]*>\s*([^<>{}]{10,200}?)\s*</(?:h[1-4]|a|p)>"
);
pattern!(HREF, r#"(?i)<a\s[^>]*?href=["']([^"'#][^"']*)["']"#);
pattern!(IMAGE, r#"(?i)<img\s[^>]*?src=["']([^"']+)["']"#);
pattern!(
    INLINE,
    r"(?is)<script(?:\s+type=.text/javascript.)?>(.*?)</script>"
);
pattern!(
    VERSION,
    r#"(?i)(\.(?:js|css|png|jpg)(?:\?[^"'<> ]*)?)(["'])"#
);
pattern!(CLASS, r#"(?i)class=["']([^"']+)["']"#);
pattern!(
    ITEM,
    r"(?is)<li\b[^>]*>(?:[^<]|</?(?:a|span|b|i|em|strong|img|br)\b[^>]*>)*</li>"
);
pattern!(
    PART,
    r"(?is)<(?:li|p)\b[^>]*>(?:[^<]|</?(?:a|span|b|i|em|strong|img|br)\b[^>]*>)*</(?:li|p)>"
);
pattern!(ANCHOR, r"(?is)<a\b[^>]*>([^<>]{18,})</a>");

/// The page with `piece` at `place`; `None` where the page has no such place.
pub fn put(page: &str, place: &str, piece: &str, facts: &Facts, rng: &mut Rng) -> Option<String> {
    let bytes = page.as_bytes();
    let planted = match place {
        "end" => plant::before_end(bytes, piece),
        "top" => plant::top_of_body(bytes, piece),
        "head" => plant::in_head(bytes, piece),
        "somewhere" => plant::somewhere(bytes, piece, rng),
        "title" => plant::title(bytes, piece),
        other => return put_otherwise(page, other, piece, facts, rng).filter(|it| it != page),
    };
    String::from_utf8(planted).ok().filter(|it| it != page)
}

fn put_otherwise(
    page: &str,
    place: &str,
    piece: &str,
    facts: &Facts,
    rng: &mut Rng,
) -> Option<String> {
    match place {
        "titleadd" => {
            let end = TITLE_END.find(page)?;
            Some(spliced(page, end.start(), end.start(), piece))
        }
        "h1" => {
            let inner = HEADING.captures(page)?.get(1)?;
            Some(spliced(page, inner.start(), inner.end(), piece))
        }
        "word" => word(page, piece, rng),
        "body" => {
            let inner = BODY.captures(page)?.get(1)?;
            Some(spliced(page, inner.start(), inner.end(), piece))
        }
        "page" => Some(piece.to_owned()),
        "prefix" => Some(format!("{piece}\n{page}")),
        "link2" => replaced(page, &HREF, 2, piece, rng),
        "link3" => replaced(page, &HREF, 3, piece, rng),
        "logo" => {
            let address = IMAGE.captures(page)?.get(1)?;
            Some(spliced(page, address.start(), address.end(), piece))
        }
        "inline" => {
            let inner = spots(page, &INLINE);
            let end = rng.choice(&inner)?.1;
            Some(spliced(page, end, end, piece))
        }
        "versions" => Some(
            VERSION
                .replace_all(page, |it: &Captures| {
                    let address = it[1].split('?').next().unwrap_or_default();
                    format!("{address}?v={piece}{}", &it[2])
                })
                .into_owned(),
        ),
        "classes" => {
            let mut nth = 0;
            let changed = CLASS.replace_all(page, |it: &Captures| {
                nth += 1;
                match nth % 3 {
                    0 => format!("class=\"{} {piece}\"", &it[1]),
                    _ => it[0].to_owned(),
                }
            });
            Some(changed.into_owned())
        }
        "move" => moved(page, rng),
        "gone" => {
            let parts: Vec<_> = PART.find_iter(page).map(|it| it.range()).collect();
            let part = rng.choice(&parts)?.clone();
            Some(spliced(page, part.start, part.end, ""))
        }
        "rotate" => {
            let mut heads = piece.split('|');
            let changed = ANCHOR.replacen(page, 8, |it: &Captures| {
                let head = heads.next().unwrap_or_default();
                it[0].replace(&it[1], head)
            });
            Some(changed.into_owned())
        }
        fact => facts.replaced(page, fact.strip_prefix("fact:")?, piece),
    }
}

fn spliced(page: &str, start: usize, end: usize, piece: &str) -> String {
    [&page[..start], piece, &page[end..]].concat()
}

/// Where the first group of a pattern stands.
fn spots(page: &str, pattern: &Regex) -> Vec<(usize, usize)> {
    pattern
        .captures_iter(page)
        .filter_map(|it| it.get(1).map(|it| (it.start(), it.end())))
        .collect()
}

/// Replaces `count` of the places at random.
fn replaced(
    page: &str,
    pattern: &Regex,
    count: usize,
    piece: &str,
    rng: &mut Rng,
) -> Option<String> {
    let mut spots = spots(page, pattern);
    rng.shuffle(&mut spots);
    spots.truncate(count);
    spots.sort_unstable();
    let mut out = page.to_owned();
    for (start, end) in spots.iter().rev() {
        out.replace_range(start..end, piece);
    }
    (!spots.is_empty()).then_some(out)
}

/// One word of a heading, a link or a paragraph, altered.
fn word(page: &str, piece: &str, rng: &mut Rng) -> Option<String> {
    let mut lines = spots(page, &WORDS);
    lines.retain(|(start, end)| page[*start..*end].split_whitespace().count() >= 3);
    lines.truncate(12);
    let (start, end) = *rng.choice(&lines)?;
    let mut words: Vec<&str> = page[start..end].split_whitespace().collect();
    let at = rng.usize(0..words.len());
    words[at] = piece;
    Some(spliced(page, start, end, &words.join(" ")))
}

/// Two items of lists in each other's place.
fn moved(page: &str, rng: &mut Rng) -> Option<String> {
    let items: Vec<_> = ITEM.find_iter(page).map(|it| it.range()).collect();
    let first = rng.usize(0..items.len().checked_sub(1)?.max(1));
    let (one, other) = (items.get(first)?.clone(), items.get(first + 1)?.clone());
    Some(
        [
            &page[..one.start],
            &page[other.clone()],
            &page[one.end..other.start],
            &page[one],
            &page[other.end..],
        ]
        .concat(),
    )
}
