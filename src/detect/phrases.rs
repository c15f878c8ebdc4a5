//! Phrase lists and their search in folded text. The lists are facts about the words of attackers, traders and servers:
//! `phrases/*.txt`, one phrase a row.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind};

use crate::page::fold::fold;

/// A set of phrases, found only at word boundaries.
pub struct Phrases {
    automaton: Option<AhoCorasick>,
    words: Vec<String>,
    /// Whether the rows are beginnings of words: any letters may follow.
    open: bool,
}

/// A phrase and the byte at which it begins in the folded text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit<'a> {
    pub phrase: &'a str,
    pub at: usize,
}

impl Phrases {
    /// Reads a list: one phrase a line; `# ` begins a comment.
    fn new(list: &str) -> Self {
        Self::build(list, false)
    }

    /// Reads a list of beginnings of words.
    fn beginnings(list: &str) -> Self {
        Self::build(list, true)
    }

    fn build(list: &str, open: bool) -> Self {
        let rows = list
            .lines()
            .filter(|it| !it.starts_with("# ") && !it.is_empty());
        let words: Vec<String> = rows.map(fold).collect();
        let automaton = AhoCorasickBuilder::new()
            .match_kind(MatchKind::LeftmostLongest)
            .build(&words)
            .ok();
        Self {
            automaton,
            words,
            open,
        }
    }

    /// The phrases in a folded text, in order.
    pub fn find<'a>(&'a self, folded: &'a str) -> impl Iterator<Item = Hit<'a>> + 'a {
        self.automaton
            .iter()
            .flat_map(move |it| it.find_iter(folded))
            .filter(move |it| is_whole(folded, it.start(), it.end(), self.open))
            .map(move |it| Hit {
                phrase: &self.words[it.pattern().as_usize()],
                at: it.start(),
            })
    }

    /// Whether a folded text holds any of the phrases.
    pub fn any(&self, folded: &str) -> bool {
        self.find(folded).next().is_some()
    }
}

fn is_whole(text: &str, start: usize, end: usize, open: bool) -> bool {
    let before = text[..start].chars().next_back();
    let after = text[end..].chars().next();
    // scripts without blanks between words have no word boundaries
    let wide = text[start..end]
        .chars()
        .next()
        .is_some_and(|c| c >= '\u{2e80}' || is_unspaced(c));
    let letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    wide || !(letter(before) || letter(after) && !open)
}

/// Whether a letter is of Thai, Lao, Myanmar or Khmer, which put no blanks between words either.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}')
}

/// Signatures of attackers: a verb and "by", in the languages seen so far. They accuse at the beginning of a title or a
/// line.
pub static SIGNED: LazyLock<Phrases> =
    LazyLock::new(|| Phrases::new(include_str!("phrases/signed.txt")));

/// Words for breaking in, by their beginnings. One of them in a line that also names an author or addresses the
/// administrator is a boast in any wording.
pub static DEEDS: LazyLock<Phrases> =
    LazyLock::new(|| Phrases::beginnings(include_str!("phrases/hack-words.txt")));

/// Words for breaking in that news, law and sports use as well, by their beginnings.
pub static EVERYDAY_DEEDS: LazyLock<Phrases> =
    LazyLock::new(|| Phrases::beginnings(include_str!("phrases/hack-words-everyday.txt")));

/// "by", "team" and the like: words between a deed and a name.
pub static AGENTS: LazyLock<Phrases> =
    LazyLock::new(|| Phrases::new(include_str!("phrases/agents.txt")));

/// Words that address the reader, mostly the administrator.
pub static ADDRESS: LazyLock<Phrases> =
    LazyLock::new(|| Phrases::new(include_str!("phrases/address-words.txt")));

/// Subjects of attackers' slogans, by beginnings.
pub static CAUSES: LazyLock<Phrases> =
    LazyLock::new(|| Phrases::beginnings(include_str!("phrases/causes.txt")));

/// The manner of slogans: calls and words in the first or second person.
pub static RHETORIC: LazyLock<Phrases> =
    LazyLock::new(|| Phrases::new(include_str!("phrases/rhetoric.txt")));

/// Phrases of attackers besides their name: enough in a headline, weak in running text.
pub static TAUNTS: LazyLock<Phrases> =
    LazyLock::new(|| Phrases::new(include_str!("phrases/taunts.txt")));

/// Slogans that attackers write on pages of another subject.
pub static SLOGANS: LazyLock<Phrases> =
    LazyLock::new(|| Phrases::new(include_str!("phrases/slogans.txt")));

/// Words by which gambling, loan, pharmacy, essay and adult trade advertises itself.
pub static SPAM: LazyLock<Phrases> =
    LazyLock::new(|| Phrases::new(include_str!("phrases/spam.txt")));

/// Words around spam words in texts of newspapers and the police.
pub static SOBER: LazyLock<Phrases> =
    LazyLock::new(|| Phrases::new(include_str!("phrases/sober.txt")));

/// Words around a boast in texts of newspapers and security advisers.
pub static REPORTED: LazyLock<Phrases> =
    LazyLock::new(|| Phrases::new(include_str!("phrases/reported.txt")));

/// A portal's announcement that it is closed for now, or a server's error page.
pub static OUT_OF_ORDER: LazyLock<Phrases> =
    LazyLock::new(|| Phrases::new(include_str!("phrases/out-of-order.txt")));

/// What a site's own error page says besides.
pub static FAULTS: LazyLock<Phrases> =
    LazyLock::new(|| Phrases::new(include_str!("phrases/faults.txt")));

/// Words of login pages.
pub static LOGIN: LazyLock<Phrases> =
    LazyLock::new(|| Phrases::new(include_str!("phrases/login.txt")));

/// Words of pages for domains that are for sale or have expired.
pub static PARKED: LazyLock<Phrases> =
    LazyLock::new(|| Phrases::new(include_str!("phrases/parked.txt")));

/// Words of browser checks between a program and the portal.
pub static CHALLENGE: LazyLock<Phrases> =
    LazyLock::new(|| Phrases::new(include_str!("phrases/challenge.txt")));

/// Names of pictures on error, maintenance and challenge pages.
pub static NOTICES: LazyLock<Phrases> =
    LazyLock::new(|| Phrases::new(include_str!("phrases/signs.txt")));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_words_only() {
        assert!(SIGNED.any(&fold("HACKED BY x")));
        assert!(!SIGNED.any(&fold("Shacked bypass")));
        assert!(SPAM.any(&fold("线上博彩平台")));
        assert!(SPAM.any(&fold("Sl0t G4cor hari ini")));
    }
}
