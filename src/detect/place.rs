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
                    out.push((at, viet::Line::read(&text.raw)));
                } else {
                    let ends = |it: char| matches!(it, '.' | '!' | '?' | '\n' | '|');
                    let parts = text.raw.split_inclusive(ends).filter(|it| it.len() > 12);
                    out.extend(parts.take(SENTENCES).map(|it| (at, viet::Line::read(it))));
                }
            }
            out
        });
        lines
            .iter()
            .filter_map(|(at, line)| Some((self.texts.get(*at)?, line)))
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
