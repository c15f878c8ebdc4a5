//! The parts that words play in a line, from `phrases/viet-roles.tsv`.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};

use super::line::{Line, bare};

/// What a word does in a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    System,
    Here,
    Data,
    Attack,
    Visit,
    Suffers,
    By,
    Me,
    Rude,
    You,
    Admin,
    Call,
    Security,
    Weak,
    Mend,
    Harm,
    SoftHarm,
    OrElse,
    Ransom,
    Contact,
    Owns,
    Abuse,
    Herd,
    Evil,
    Regime,
    Revolt,
    Nameless,
    Trade,
    Pitch,
    Lure,
    Ask,
    Yours,
    Report,
    Filler,
}

const PARTS: &[(&str, Part)] = &[
    ("system", Part::System),
    ("here", Part::Here),
    ("data", Part::Data),
    ("deed", Part::Attack),
    ("visit", Part::Visit),
    ("suffers", Part::Suffers),
    ("by", Part::By),
    ("me", Part::Me),
    ("rude", Part::Rude),
    ("you", Part::You),
    ("admin", Part::Admin),
    ("call", Part::Call),
    ("security", Part::Security),
    ("weak", Part::Weak),
    ("mend", Part::Mend),
    ("harm", Part::Harm),
    ("softharm", Part::SoftHarm),
    ("orelse", Part::OrElse),
    ("ransom", Part::Ransom),
    ("contact", Part::Contact),
    ("owns", Part::Owns),
    ("abuse", Part::Abuse),
    ("herd", Part::Herd),
    ("evil", Part::Evil),
    ("regime", Part::Regime),
    ("revolt", Part::Revolt),
    ("nameless", Part::Nameless),
    ("trade", Part::Trade),
    ("pitch", Part::Pitch),
    ("lure", Part::Lure),
    ("ask", Part::Ask),
    ("yours", Part::Yours),
    ("report", Part::Report),
    ("filler", Part::Filler),
];

/// A word of the table in a line, by the numbers of its first word and of the word behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    pub part: Part,
    pub from: usize,
    pub to: usize,
}

struct Word {
    part: Part,
    /// As written, with marks.
    written: Vec<String>,
    /// Without marks and blanks.
    joined: String,
}

struct Table {
    automaton: Option<AhoCorasick>,
    words: Vec<Word>,
}

static TABLE: LazyLock<Table> =
    LazyLock::new(|| Table::parse(include_str!("../phrases/viet-roles.tsv")));

/// Most hits in one line: words lie within words, but a line has 48 of them.
const HITS: usize = 200;

impl Table {
    fn parse(text: &str) -> Self {
        let mut words = Vec::new();
        let mut patterns = Vec::new();
        for line in text.lines().filter(|it| !it.starts_with('#')) {
            let Some((name, list)) = line.split_once('\t') else {
                continue;
            };
            let Some((_, part)) = PARTS.iter().find(|it| it.0 == name) else {
                continue;
            };
            for word in list.split(',').map(str::trim).filter(|it| !it.is_empty()) {
                let plain = bare(word);
                patterns.push(format!(" {plain} "));
                words.push(Word {
                    part: *part,
                    written: word.split(' ').map(str::to_lowercase).collect(),
                    joined: plain.replace(' ', ""),
                });
            }
        }
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .build(&patterns)
            .ok();
        Self { automaton, words }
    }
}

/// The words of the table in a line, in its order.
pub fn find(line: &Line) -> Vec<Hit> {
    let table = &*TABLE;
    let Some(automaton) = &table.automaton else {
        return Vec::new();
    };
    let mut text = String::from(" ");
    // a word that means two, such as a shortened one, counts as one token
    let mut starts: Vec<usize> = Vec::new();
    for token in &line.tokens {
        starts.push(text.len());
        text.push_str(&token.bare);
        text.push(' ');
    }
    let mut out = Vec::new();
    for found in automaton.find_overlapping_iter(&text).take(10 * HITS) {
        let Some(word) = table.words.get(found.pattern().as_usize()) else {
            continue;
        };
        let (Ok(from), Ok(to)) = (
            starts.binary_search(&(found.start() + 1)),
            starts.binary_search(&found.end()).or_else(|at| {
                if found.end() == text.len() {
                    Ok(starts.len())
                } else {
                    Err(at)
                }
            }),
        ) else {
            continue;
        };
        if fits(line, from, to, word) && out.len() < HITS {
            out.push(Hit {
                part: word.part,
                from,
                to,
            });
        }
    }
    out.sort_by_key(|it| (it.from, std::cmp::Reverse(it.to)));
    // a word inside a longer word of the table is not said: "hội" in "hội nghị"
    let mut reach: Option<(usize, usize)> = None;
    out.retain(|it| {
        let inside = reach.is_some_and(|(from, to)| it.to <= to && (it.from, it.to) != (from, to));
        if reach.is_none_or(|(_, to)| it.to > to) {
            reach = Some((it.from, it.to));
        }
        !inside
    });
    out
}

/// Whether the marks of a line allow a word: they are the word's own, or are left out, or tell nothing.
fn fits(line: &Line, from: usize, to: usize, word: &Word) -> bool {
    let tokens = &line.tokens[from..to];
    if line.loose || tokens.len() != word.written.len() {
        return true;
    }
    // one word without marks in a sentence with marks is that word; a phrase without any is a phrase
    let may_lack = line.unmarked || tokens.len() > 1;
    tokens.iter().zip(&word.written).all(|(token, written)| {
        same(&token.written, written)
            || (!token.marked && (may_lack || token.bare != token.written))
    })
}

/// Whether two words are one, wherever the tone stands: `khoá` and `khóa`.
fn same(a: &str, b: &str) -> bool {
    a == b || {
        let key = |it: &str| {
            use unicode_normalization::UnicodeNormalization;
            let mut letters: Vec<char> = it.nfd().collect();
            letters.sort_unstable();
            letters
        };
        !a.is_ascii()
            && a.chars().count() == b.chars().count()
            && bare(a) == bare(b)
            && key(a) == key(b)
    }
}

/// Parts of words in a line that is spelt letter by letter, which has no blanks.
pub fn spelt(line: &Line, part: Part) -> bool {
    let mut words = TABLE
        .words
        .iter()
        .filter(|it| it.part == part && it.joined.len() >= 4);
    !line.spelt.is_empty() && words.any(|it| line.spelt.contains(&it.joined))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_has_words_and_every_row_a_part() {
        let text = include_str!("../phrases/viet-roles.tsv");
        for line in text.lines().filter(|it| !it.starts_with('#')) {
            let name = line.split('\t').next().unwrap_or_default();
            assert!(PARTS.iter().any(|it| it.0 == name), "{name:?} is no part");
        }
        for (name, part) in PARTS {
            assert!(
                TABLE.words.iter().any(|it| it.part == *part),
                "{name} has no word"
            );
        }
        assert!(TABLE.automaton.is_some());
    }
}
