//! Text in a writing that no approved look ever had.

use crate::{
    detect::{Detector, Found, Place, View},
    model::Say,
    page::writing::{self, Letters, WRITINGS, Writing},
};

pub struct AlienText;

/// So many letters of a writing on approved looks, and it is not alien: names of languages in a menu are fewer.
const KNOWN: usize = 40;

/// Vietnamese is not among them: it is what agencies and their ministries write in.
const ASKED: &[Writing] = &[
    Writing::Greek,
    Writing::Cyrillic,
    Writing::Hebrew,
    Writing::Arabic,
    Writing::Indic,
    Writing::Thai,
    Writing::Han,
    Writing::Kana,
    Writing::Hangul,
];

impl Detector for AlienText {
    fn name(&self) -> &'static str {
        "alien-text"
    }

    fn look(&self, view: &View) -> Option<Found> {
        view.change.as_ref()?;
        // a page of few letters has not shown yet what it is written in
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
            writing::count(&text.raw, &mut letters);
            let alien = alien(&letters);
            if alien < 8 {
                continue;
            }
            let place: f64 = match text.place {
                Place::Title => 1.0,
                Place::Meta | Place::Hidden => 0.9,
                Place::Heading => 0.7,
                Place::Block | Place::Written => 0.6,
            };
            let strength = place * if alien < 14 { 0.5 } else { 1.0 };
            if best.is_none_or(|it| it.0 < strength) {
                best = Some((strength, &text.raw));
            }
        }
        let (strength, shown) = best?;
        Some(Found::new(strength, Say::new("signal-alien-text"), shown))
    }
}

/// One letter is a syllable or a word.
fn wide(writing: Writing) -> bool {
    matches!(writing, Writing::Han | Writing::Kana | Writing::Hangul)
}
