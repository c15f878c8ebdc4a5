//! Where a text stands on the page, and how much of the page is as it was: a loud novelty in an intact page is no news.

use std::collections::HashSet;

use super::{
    texts::{Place, Text},
    viet,
    view::View,
};
use crate::page::{Page, cancel, registrable, writing_system::WritingSystem};

/// Most lines that are read as Vietnamese, most sentences of one text, and words of a text that is one line.
const READ: usize = 400;
const SENTENCES: usize = 6;
const ONE_LINE: usize = 26;
/// Most blocks that stand above the known page.
const FIRST: usize = 20;
/// Share kept from which a page is as it was but for a few parts.
const INTACT: f64 = 0.95;

impl<'a> View<'a> {
    /// The new texts, or the sentences of long ones, as a Vietnamese reader takes them.
    pub fn lines(&self) -> impl Iterator<Item = (&Text<'a>, &viet::Line)> {
        let lines = self.lines.get_or_init(|| {
            let mut out = Vec::new();
            for (at, text) in self.texts.iter().enumerate() {
                if out.len() >= READ || cancel::is_cancelled() {
                    break;
                }
                if text.folded.split(' ').count() <= ONE_LINE {
                    out.push((at, viet::Line::read(self.added(text))));
                } else {
                    let parts = sentences(&text.raw).filter(|it| it.len() > 12);
                    out.extend(parts.take(SENTENCES).map(|it| (at, viet::Line::read(it))));
                }
            }
            out
        });
        lines
            .iter()
            .filter_map(|(at, line)| Some((self.texts.get(*at)?, line)))
    }

    /// What stands in a title beside the known one, which it may keep as its head or end; all of any other text.
    pub fn added<'t>(&self, text: &'t Text) -> &'t str {
        let raw = &*text.raw;
        if text.place != Place::Title {
            return raw;
        }
        let parts = self.norm.titles.iter().filter(|it| !it.is_empty());
        let mut parts = parts.filter_map(|it| {
            raw.strip_prefix(it.as_str())
                .or_else(|| raw.strip_suffix(it.as_str()))
        });
        parts.next().filter(|it| !it.is_empty()).unwrap_or(raw)
    }

    /// Whether the page speaks Vietnamese, or did before.
    pub fn is_vietnamese(&self) -> bool {
        let before = self.norm.letters[WritingSystem::Vietnamese as usize];
        let all = self.norm.letters.iter().sum::<usize>();
        before * 25 > all || self.change.is_none()
    }

    /// Whether the page is as it was but for a few new parts: what is loud among them is no news of the portal's own.
    pub fn is_intact(&self) -> bool {
        self.change.is_some() && self.kept() >= INTACT
    }

    /// Whether visitors read the text before anything that the page always had: the title, or what stands first.
    pub fn is_loud(&self, text: &Text) -> bool {
        text.place == Place::Title
            || self.first_read().iter().any(|it| it.text == text.raw)
            || self.above().contains(&*text.raw)
            || text.place == Place::Heading
                && self
                    .page
                    .headings
                    .first()
                    .is_some_and(|it| it.text == text.raw)
    }

    /// Visible texts before the first block that known looks had.
    fn above(&self) -> &HashSet<&'a str> {
        self.above.get_or_init(|| {
            let page: &'a Page = self.page;
            page.visible()
                .take_while(|it| !self.norm.blocks.contains_key(&it.key))
                .take(FIRST)
                .map(|it| it.text.as_str())
                .collect()
        })
    }

    /// Whether a link with this text leads to the portal's own pages.
    pub fn leads_inside(&self, text: &Text) -> bool {
        let own = self.page.domain();
        self.page
            .links
            .iter()
            .any(|it| it.text == text.raw && (it.host.is_empty() || registrable(&it.host) == own))
    }

    /// Whether a known look had this word of folded text as a whole word.
    pub fn knows_word(&self, word: &str) -> bool {
        let folded = &self.norm.folded;
        let is_end = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
        !cancel::step(folded.len())
            && folded.match_indices(word).any(|(at, _)| {
                is_end(folded[..at].chars().next_back())
                    && is_end(folded[at + word.len()..].chars().next())
            })
    }
}

/// The sentences of a text. A point inside a word, as in an address or a number, ends none.
fn sentences(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let mut ended = false;
        let end = rest.char_indices().find_map(|(at, c)| {
            let is_end =
                std::mem::replace(&mut ended, matches!(c, '.' | '!' | '?')) && c.is_whitespace();
            (is_end || matches!(c, '\n' | '|')).then_some(at + c.len_utf8())
        });
        let (sentence, after) = rest.split_at(end.unwrap_or(rest.len()));
        rest = after;
        (!sentence.is_empty()).then_some(sentence)
    })
}

#[cfg(test)]
mod tests {
    use super::sentences;

    #[test]
    fn points_inside_words_end_no_sentence() {
        let parts: Vec<&str> =
            sentences("Rà soát tên miền .gov.vn bị lợi dụng. Báo cáo 1.200 lỗi!").collect();
        assert_eq!(
            parts,
            [
                "Rà soát tên miền .gov.vn bị lợi dụng. ",
                "Báo cáo 1.200 lỗi!"
            ]
        );
    }
}
