//! A line and the parts that its words play, and what stands near what.

use super::{
    line::Line,
    roles::{Hit, Part},
};

/// Breaking in, and calling in as those say it that belittle the deed.
pub const DONE: &[Part] = &[Part::Attack, Part::Visit];

/// A line and the parts of its words.
pub struct Heard<'a> {
    pub line: &'a Line,
    pub hits: Vec<Hit>,
}

impl Heard<'_> {
    /// Whether a word plays this part.
    pub fn has(&self, part: Part) -> bool {
        self.hits.iter().any(|it| it.part == part)
    }

    /// Whether a word plays one of these parts.
    pub fn any(&self, parts: &[Part]) -> bool {
        parts.iter().any(|it| self.has(*it))
    }

    /// Whether each of these parts is played.
    pub fn all(&self, parts: &[Part]) -> bool {
        parts.iter().all(|it| self.has(*it))
    }

    /// Whether one of `first` stands before one of `then`, with at most `gap` words between them.
    pub fn near(&self, first: &[Part], then: &[Part], gap: usize) -> bool {
        let mut last: Option<usize> = None;
        for hit in &self.hits {
            if then.contains(&hit.part)
                && last.is_some_and(|end| hit.from >= end && hit.from - end <= gap)
            {
                return true;
            }
            if first.contains(&hit.part) {
                last = Some(hit.to);
            }
        }
        false
    }

    /// Number of words that play this part.
    pub fn count(&self, part: Part) -> usize {
        self.hits.iter().filter(|it| it.part == part).count()
    }

    /// Whether a name follows "by", "team" and the like; in lines of one case any word that reports nothing.
    pub fn signed(&self) -> bool {
        let tokens = &self.line.tokens;
        let named = tokens.iter().filter(|it| it.named).count();
        let one_case = named == 0 || named * 10 >= tokens.len() * 9;
        self.hits.iter().filter(|it| it.part == Part::By).any(|by| {
            let next = tokens.get(by.to);
            let reports = self
                .hits
                .iter()
                .any(|it| it.from == by.to && it.part == Part::Report);
            !reports && next.is_some_and(|it| it.named || one_case && self.any(DONE))
        })
    }

    /// Whether the keeper of the machine is called: "admin ơi", "gửi admin".
    pub fn calls_admin(&self) -> bool {
        self.near(&[Part::Admin], &[Part::Call], 1) || self.near(&[Part::Call], &[Part::Admin], 1)
    }

    /// Whether something is told to be not mended yet.
    pub fn is_unmended(&self) -> bool {
        self.hits
            .iter()
            .filter(|it| it.part == Part::Mend && it.from > 0)
            .any(|it| self.line.tokens[it.from - 1].bare == "chua")
    }

    /// The words that play any part, as written: at most twelve.
    pub fn words(&self) -> String {
        let mut words: Vec<&str> = Vec::new();
        let mut end = 0;
        for hit in &self.hits {
            for token in self
                .line
                .tokens
                .get(hit.from.max(end)..hit.to)
                .unwrap_or_default()
            {
                words.push(&token.written);
            }
            end = end.max(hit.to);
        }
        words.truncate(12);
        words.join(" ")
    }
}
