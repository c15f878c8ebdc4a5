//! Which language a page mostly speaks: as much as "is this still the page's own language" needs.

use crate::page::{
    Page,
    writing::{self, Letters, WRITINGS, Writing},
};

/// Letters needed before anything is said.
const ENOUGH: usize = 60;

/// Letters with marks that no other widespread language puts on its vowels make up some 20 % of
/// Vietnamese text; 4 % tells it from pages that only quote it.
const VIETNAMESE_SHARE: f64 = 0.04;

/// Japanese is written in Han letters and its own.
const KANA_SHARE: f64 = 0.1;

pub fn of_page(page: &Page) -> Option<Writing> {
    of_texts(page.visible().map(|it| it.text.as_str()))
}

pub fn of_texts<'a>(texts: impl Iterator<Item = &'a str>) -> Option<Writing> {
    let mut counts: Letters = [0; WRITINGS];
    let mut total = 0;
    let letters = texts.flat_map(str::chars).filter_map(writing::of_letter);
    for writing in letters.take(20_000) {
        total += 1;
        counts[writing as usize] += 1;
    }
    if total < ENOUGH {
        return None;
    }
    let share = |it: Writing| counts[it as usize] as f64 / total as f64;
    if share(Writing::Vietnamese) >= VIETNAMESE_SHARE {
        return Some(Writing::Vietnamese);
    }
    if share(Writing::Kana) > KANA_SHARE {
        return Some(Writing::Kana);
    }
    [
        Writing::Latin,
        Writing::Greek,
        Writing::Cyrillic,
        Writing::Hebrew,
        Writing::Arabic,
        Writing::Indic,
        Writing::Thai,
        Writing::Han,
        Writing::Hangul,
        Writing::Other,
    ]
    .into_iter()
    .max_by_key(|it| counts[*it as usize])
}
