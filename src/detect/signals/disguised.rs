//! A new line with letters that look like others, or with signs that are not seen inside its words.

use std::{cell::LazyCell, collections::BTreeSet};

use crate::{
    detect::{Detector, Found, View},
    model::Localized,
    page::fold,
};

/// Strength 1.0 from three such words in one line, 0.5 from two; half of it for letters of a decorative alphabet, which
/// offices copy from social networks. Only beside a baseline, and not on a portal that has such words.
pub struct Disguised;

/// Most new lines and most words of one that are read, and most words of known lines that are asked.
const LINES: usize = 300;
const WORDS: usize = 60;
const KNOWN: usize = 20_000;

/// How a word hides its letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    /// Signs of no width between Latin letters.
    Unseen,
    /// Letters of another writing that look Latin, beside Latin ones.
    Alike,
    /// Letters put one by one, with points or dashes.
    Apart,
    /// Letters turned by a control of direction.
    Turned,
    /// A mathematical, circled or wide alphabet.
    Decorative,
}

impl Detector for Disguised {
    fn name(&self) -> &'static str {
        "disguised"
    }

    fn look(&self, view: &View) -> Option<Found> {
        let change = view.change.as_ref()?;
        let blocks = change.blocks.iter().map(|it| it.text.as_str());
        let title = view.page.title.as_deref().filter(|_| change.title);
        // asked only if a new line hides letters
        let known = LazyCell::new(|| {
            let lines = view.norm.lines.iter();
            let words = lines.flat_map(|it| it.text.split_whitespace());
            words.take(KNOWN).filter_map(way).collect::<BTreeSet<Way>>()
        });
        let mut best: Option<(f64, &str)> = None;
        for text in title.into_iter().chain(blocks).take(LINES) {
            if text.is_ascii() && !text.contains(['.', '-']) {
                continue;
            }
            let words = text.split_whitespace().take(WORDS).filter_map(way);
            let ways: Vec<Way> = words.filter(|it| !known.contains(it)).collect();
            let strength: f64 = match ways.len() {
                _ if ways.contains(&Way::Turned) => 1.0,
                0 | 1 => continue,
                2 => 0.5,
                _ => 1.0,
            };
            let decorative = ways.iter().all(|it| *it == Way::Decorative);
            let strength = strength * if decorative { 0.5 } else { 1.0 };
            if best.is_none_or(|it| it.0 < strength) {
                best = Some((strength, text));
            }
        }
        let (strength, text) = best?;
        let shown = fold::letters(text);
        let say = Localized::new("signal-disguised")
            .with("words", shown.chars().take(80).collect::<String>());
        Some(Found::new(strength, say, &shown))
    }
}

/// How a word hides its letters; `None` for an ordinary one.
fn way(word: &str) -> Option<Way> {
    let chars: Vec<char> = word.chars().take(60).collect();
    let is_latin = |c: &char| matches!(c, 'a'..='z' | 'A'..='Z' | '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}');
    if chars.contains(&'\u{202e}') && chars.iter().filter(|it| is_latin(it)).count() >= 2 {
        return Some(Way::Turned);
    }
    // a soft hyphen between syllables is good manners, and one sign may come with a copy: two between single letters
    let unseen = chars
        .windows(3)
        .filter(|it| is_latin(&it[0]) && is_unseen(it[1]) && is_latin(&it[2]));
    if unseen.count() >= 2
        && chars.iter().filter(|it| is_unseen(**it)).count() * 2 + 1 >= chars.len() - 1
    {
        return Some(Way::Unseen);
    }
    // signs of measure and Greek names of substances stand beside Latin letters, too
    let alike = |c: char| {
        matches!(c, '\u{370}'..='\u{52f}')
            && c != 'μ'
            && fold::letters(c.encode_utf8(&mut [0; 4])).is_ascii()
    };
    let mixed = |it: &[char]| is_latin(&it[0]) && alike(it[1]) || alike(it[0]) && is_latin(&it[1]);
    if chars.windows(2).any(mixed) {
        return Some(Way::Alike);
    }
    let decorative = chars
        .iter()
        .filter(|it| {
            matches!(
                it,
                '\u{1d400}'..='\u{1d7ff}'
                    | '\u{24b6}'..='\u{24e9}'
                    | '\u{ff21}'..='\u{ff5a}'
                    | '\u{1f130}'..='\u{1f189}'
            )
        })
        .count();
    if decorative >= 2 {
        return Some(Way::Decorative);
    }
    is_apart(word).then_some(Way::Apart)
}

fn is_unseen(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{34f}')
}

/// Whether three or more small letters stand one by one: abbreviations are in capitals, and "v.v." has two.
fn is_apart(word: &str) -> bool {
    let word = word.trim_matches(|c: char| !c.is_alphanumeric());
    ['.', '-', '·', '•', '_', '*'].into_iter().any(|sign| {
        let parts = || word.split(sign);
        parts().count() >= 3
            && parts().all(|it| it.chars().count() == 1)
            && parts()
                .flat_map(str::chars)
                .filter(|it| it.is_lowercase())
                .count()
                >= 2
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_to_hide_letters() {
        for (word, expected) in [
            ("t\u{200b}r\u{200b}a\u{200b}n\u{200b}g", Some(Way::Unseen)),
            ("p\u{ad}h\u{ad}ạ\u{ad}t", Some(Way::Unseen)),
            ("hасk", Some(Way::Alike)),
            ("\u{202e}gnart", Some(Way::Turned)),
            ("t.à.i", Some(Way::Apart)),
            ("N-â-n-g", Some(Way::Apart)),
            ("𝐇𝐨", Some(Way::Decorative)),
            // syllables of a long word, a family of signs, abbreviations, other writings, Greek letters in science
            ("Bundes\u{ad}ver\u{ad}fassungs\u{ad}gericht", None),
            ("tin\u{200b}", None),
            ("U.B.N.D", None),
            ("v.v", None),
            ("Новости", None),
            ("β", None),
            ("μg/m3", None),
            ("α-thalassemia", None),
            ("https://a.b.vn", None),
            ("20-11-2026", None),
            ("Việt", None),
        ] {
            assert_eq!(way(word), expected, "{word}");
        }
    }
}
