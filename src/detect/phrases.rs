//! Phrase lists and their search over folded text. The lists are facts about how attackers, traders and
//! servers write: `phrases/*.txt`, one row a phrase.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind};

use crate::page::fold::fold;

/// A set of phrases, found only at word boundaries.
pub struct Phrases {
    automaton: Option<AhoCorasick>,
    words: Vec<String>,
    /// Rows are beginnings of words: what follows them does not matter.
    open: bool,
}

/// A phrase and where it begins in the folded text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit<'a> {
    pub phrase: &'a str,
    pub at: usize,
}

impl Phrases {
    /// One phrase a line; `# ` begins a comment.
    fn new(list: &str) -> Self {
        Self::build(list, false)
    }

    /// The same for lists of beginnings.
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

    /// Phrases in a folded text, in order.
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

    pub fn any(&self, folded: &str) -> bool {
        self.find(folded).next().is_some()
    }
}

fn is_whole(text: &str, start: usize, end: usize, open: bool) -> bool {
    let before = text[..start].chars().next_back();
    let after = text[end..].chars().next();
    // scripts without blanks between words have no boundaries to ask for
    let wide = text[start..end]
        .chars()
        .next()
        .is_some_and(|c| c >= '\u{2e80}' || is_unspaced(c));
    let letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    wide || !(letter(before) || letter(after) && !open)
}

/// Thai, Lao, Myanmar and Khmer put no blanks between words either.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}')
}

/// What attackers sign with: verb and "by", in the languages seen. These accuse where they lead a title or a line.
pub static SIGNED: LazyLock<Phrases> =
    LazyLock::new(|| Phrases::new(include_str!("phrases/signed.txt")));

/// Words of breaking in, by their beginnings: one of them in a line that also names who did it, or speaks to the
/// administrator, is a boast in whatever words.
pub static DEEDS: LazyLock<Phrases> =
    LazyLock::new(|| Phrases::beginnings(include_str!("phrases/hack-words.txt")));

/// The same in words that news, law and sports use too.
pub static EVERYDAY_DEEDS: LazyLock<Phrases> =
    LazyLock::new(|| Phrases::beginnings(include_str!("phrases/hack-words-everyday.txt")));

/// "by", "team" and their like: between a deed and a name.
pub static AGENTS: LazyLock<Phrases> =
    LazyLock::new(|| Phrases::new(include_str!("phrases/agents.txt")));

/// Words that speak to the reader, mostly the administrator.
pub static ADDRESS: LazyLock<Phrases> =
    LazyLock::new(|| Phrases::new(include_str!("phrases/address-words.txt")));

/// What attackers' slogans are about, by beginnings.
pub static CAUSES: LazyLock<Phrases> =
    LazyLock::new(|| Phrases::beginnings(include_str!("phrases/causes.txt")));

/// How slogans speak.
pub static RHETORIC: LazyLock<Phrases> =
    LazyLock::new(|| Phrases::new(include_str!("phrases/rhetoric.txt")));

/// What attackers say besides their name: enough in a headline, little in running text.
pub static TAUNTS: LazyLock<Phrases> =
    LazyLock::new(|| Phrases::new(include_str!("phrases/taunts.txt")));

/// Slogans that attackers write on pages that never spoke of such things.
pub static SLOGANS: LazyLock<Phrases> =
    LazyLock::new(|| Phrases::new(include_str!("phrases/slogans.txt")));

/// Words of gambling, loan, pharmacy, essay and adult trade as it advertises itself.
pub static SPAM: LazyLock<Phrases> =
    LazyLock::new(|| Phrases::new(include_str!("phrases/spam.txt")));

/// Words around spam words when a newspaper or the police writes them.
pub static SOBER: LazyLock<Phrases> =
    LazyLock::new(|| Phrases::new(include_str!("phrases/sober.txt")));

/// Words around a boast when a newspaper or an adviser writes of one.
pub static REPORTED: LazyLock<Phrases> =
    LazyLock::new(|| Phrases::new(include_str!("phrases/reported.txt")));

/// A portal's own announcement that it is closed for now, or a server's error page.
pub static OUT_OF_ORDER: LazyLock<Phrases> =
    LazyLock::new(|| Phrases::new(include_str!("phrases/out-of-order.txt")));

/// Login pages.
pub static LOGIN: LazyLock<Phrases> =
    LazyLock::new(|| Phrases::new(include_str!("phrases/login.txt")));

/// Domains that are for sale or have expired.
pub static PARKED: LazyLock<Phrases> =
    LazyLock::new(|| Phrases::new(include_str!("phrases/parked.txt")));

/// Pages that stand between a machine and the portal.
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
