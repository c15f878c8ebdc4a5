//! The main language of a page, as far as the question "is this still the page's own language" needs it.

use crate::page::{
    Page,
    writing_system::{self, Letters, WRITINGS, WritingSystem},
};

/// Fewest letters for an answer.
const ENOUGH: usize = 60;

/// Least share of letters with Vietnamese marks. They make up some 20 % of Vietnamese text and are in no other
/// widespread language; 4 % tells a Vietnamese page from one that only quotes Vietnamese.
const VIETNAMESE_SHARE: f64 = 0.04;

/// Least share of kana in Japanese, which is written in Han letters as well.
const KANA_SHARE: f64 = 0.1;

/// The main language of a page's visible text, as its writing system; `None` if the page has too few letters.
pub fn of_page(page: &Page) -> Option<WritingSystem> {
    of_texts(page.visible().map(|it| it.text.as_str()))
}

/// The main language of texts, of which the first 20,000 letters are read; `None` if there are too few.
pub fn of_texts<'a>(texts: impl Iterator<Item = &'a str>) -> Option<WritingSystem> {
    let mut counts: Letters = [0; WRITINGS];
    let mut total = 0;
    let letters = texts
        .flat_map(str::chars)
        .filter_map(writing_system::of_letter);
    for writing in letters.take(20_000) {
        total += 1;
        counts[writing as usize] += 1;
    }
    if total < ENOUGH {
        return None;
    }
    let share = |it: WritingSystem| counts[it as usize] as f64 / total as f64;
    if share(WritingSystem::Vietnamese) >= VIETNAMESE_SHARE {
        return Some(WritingSystem::Vietnamese);
    }
    if share(WritingSystem::Kana) > KANA_SHARE {
        return Some(WritingSystem::Kana);
    }
    [
        WritingSystem::Latin,
        WritingSystem::Greek,
        WritingSystem::Cyrillic,
        WritingSystem::Hebrew,
        WritingSystem::Arabic,
        WritingSystem::Indic,
        WritingSystem::Thai,
        WritingSystem::Han,
        WritingSystem::Hangul,
        WritingSystem::Other,
    ]
    .into_iter()
    .max_by_key(|it| counts[*it as usize])
}
