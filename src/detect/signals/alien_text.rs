//! Text in a writing system that no known look had.

use crate::{
    detect::{Detector, Found, Place, View},
    model::Localized,
    page::writing_system::{self, Letters, WRITINGS, WritingSystem},
};

/// Strength by place (title 1.0, block 0.6, above an intact page 1.0), half for 8 to 13 letters. Only beside a baseline
/// with at least 400 letters.
pub struct AlienText;

/// Letters of a writing system on known looks from which it is not alien: names of languages in a menu have fewer.
const KNOWN: usize = 40;

/// Writing systems in one short text that make it a list of languages: sellers write in one. Japanese is written in two.
const PICKER: usize = 2;
/// Most letters of such a list.
const LISTED: usize = 80;

/// The writing systems asked about. Latin and Vietnamese are not among them: agencies write in both.
const ASKED: &[WritingSystem] = &[
    WritingSystem::Greek,
    WritingSystem::Cyrillic,
    WritingSystem::Hebrew,
    WritingSystem::Arabic,
    WritingSystem::Indic,
    WritingSystem::Thai,
    WritingSystem::Han,
    WritingSystem::Kana,
    WritingSystem::Hangul,
];

impl Detector for AlienText {
    fn name(&self) -> &'static str {
        "alien-text"
    }

    fn look(&self, view: &View) -> Option<Found> {
        view.change.as_ref()?;
        // a page of few letters does not show its writing system
        if view.norm.letters.iter().sum::<usize>() < 400 {
            return None;
        }
        let alien = |letters: &Letters| {
            ASKED
                .iter()
                .filter(|it| view.norm.letters[**it as usize] < KNOWN)
                .map(|it| letters[*it as usize] * if wide(*it) { 2 } else { 1 })
                .sum::<usize>()
        };
        let mut best: Option<(f64, &str)> = None;
        for text in &view.texts {
            let mut letters: Letters = [0; WRITINGS];
            writing_system::count(&text.raw, &mut letters);
            let alien = alien(&letters);
            let has = |it: WritingSystem| letters[it as usize] > 0;
            let writings = ASKED.iter().filter(|it| has(**it)).count();
            let japanese = has(WritingSystem::Han) && has(WritingSystem::Kana);
            let is_list = writings - usize::from(japanese) >= PICKER && alien <= LISTED;
            if alien < 8 || is_list {
                continue;
            }
            let place: f64 = match text.place {
                Place::Title => 1.0,
                Place::Meta | Place::Hidden => 0.9,
                Place::Heading => 0.7,
                Place::Block | Place::Written => 0.6,
            };
            // in a page that is as it was, what stands above all else is no news of the portal's own
            let place = if view.is_intact() && view.is_loud(text) {
                1.0
            } else {
                place
            };
            let strength = place * if alien < 14 { 0.5 } else { 1.0 };
            if best.is_none_or(|it| it.0 < strength) {
                best = Some((strength, &text.raw));
            }
        }
        let (strength, shown) = best?;
        Some(Found::new(
            strength,
            Localized::new("signal-alien-text"),
            shown,
        ))
    }
}

/// Whether one letter is a whole syllable or word, and counts twice.
fn wide(writing: WritingSystem) -> bool {
    matches!(
        writing,
        WritingSystem::Han | WritingSystem::Kana | WritingSystem::Hangul
    )
}
