//! A title that never varied holds words that this portal never used, and the page below it is as it was.

use crate::{
    detect::{
        Detector, Found, Place, View,
        phrases::{REPORTED, SOBER, SPAM},
        viet::{self, brand, line, syllable},
    },
    model::Localized,
    page::{
        fold::{self, fold},
        writing_system::{self, WritingSystem},
    },
};

/// Strength 1.0 if what is new sells, boasts or is in a writing the portal never had; 0.75 for other foreign words; 0.2
/// for words that have the shape of the portal's own language. Only beside a page kept to 95 %.
pub struct Retitled;

/// Fewest words of a title by the pairs of which it is told from the portal's own.
const PAIRED: usize = 4;
/// Fewest looks that show that a title does not vary.
const LOOKS: u16 = 3;

impl Detector for Retitled {
    fn name(&self) -> &'static str {
        "retitled"
    }

    fn look(&self, view: &View) -> Option<Found> {
        let norm = view.norm;
        let title = view.page.title.as_ref()?;
        if !view.change.as_ref()?.title
            || norm.titles.len() != 1
            || norm.looks < LOOKS
            || !view.is_intact()
        {
            return None;
        }
        let added = view
            .texts
            .iter()
            .find(|it| it.place == Place::Title)
            .map_or(title.as_str(), |it| view.added(it));
        let folded = fold(added);
        let words: Vec<&str> = folded
            .split(' ')
            .filter(|it| it.chars().any(char::is_alphabetic) && it.chars().count() > 1)
            .take(24)
            .collect();
        let own = view.page.url.host_str().unwrap_or_default();
        let new: Vec<&str> = words
            .iter()
            .filter(|it| !view.knows_word(it) && !own.contains(**it))
            .copied()
            .collect();
        // a portal knows most syllables of its language, and fewer of their pairs
        let pairs = words.windows(2).count();
        let strange_pairs = words
            .windows(2)
            .filter(|it| !view.knows_word(&it.join(" ")))
            .count();
        let other = words.len() >= PAIRED && strange_pairs * 4 >= pairs * 3;
        if !other && (new.is_empty() || new.len() * 5 < words.len() * 2) {
            return None;
        }
        let reading = viet::Line::read(added);
        let loud = new
            .iter()
            .any(|it| is_alien(view, it) || brand::is_brand(it))
            || SPAM.any(&folded) && !(SOBER.any(&folded) || REPORTED.any(&folded))
            || viet::intrusion::weigh(&reading).is_some()
            || viet::offer::weigh(&reading).is_some_and(|it| it.strength >= 0.5)
            || viet::deal::read(&reading, added).is_some_and(|it| it.marks >= 3);
        let strange = new.iter().filter(|it| !is_own_shape(it)).count();
        let strength = match (loud, strange) {
            (true, _) => 1.0,
            (false, 0) => 0.2,
            (false, 1) => 0.3,
            (false, _) => 0.75,
        };
        let say = Localized::new("signal-retitled").with(
            "words",
            if new.is_empty() {
                folded.clone()
            } else {
                new.join(" ")
            },
        );
        Some(Found::new(strength, say, &fold::visible(title)))
    }
}

/// Whether a word is in a writing other than Latin of which the portal had hardly a letter.
fn is_alien(view: &View, word: &str) -> bool {
    word.chars()
        .filter_map(writing_system::of_letter)
        .any(|it| {
            !matches!(it, WritingSystem::Latin | WritingSystem::Vietnamese)
                && view.norm.letters[it as usize] < 40
        })
}

/// Whether a word could be one of the portal's own language.
fn is_own_shape(word: &str) -> bool {
    syllable::is_syllable(&line::bare(word))
}
