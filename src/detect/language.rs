//! Which language a page mostly speaks: as much as "is this still the page's own language" needs.

use crate::page::Page;

/// Scripts, and for Latin letters whether they carry Vietnamese marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tongue {
    Vietnamese,
    Latin,
    Cyrillic,
    Arabic,
    Han,
    Kana,
    Hangul,
    Thai,
    Other,
}

/// Letters needed before anything is said.
const ENOUGH: usize = 60;

/// Letters with marks that no other widespread language puts on its vowels make up some 20 % of
/// Vietnamese text; 4 % tells it from pages that only quote it.
const VIETNAMESE_SHARE: f64 = 0.04;

pub fn of_page(page: &Page) -> Option<Tongue> {
    of_texts(page.visible().map(|it| it.text.as_str()))
}

pub fn of_texts<'a>(texts: impl Iterator<Item = &'a str>) -> Option<Tongue> {
    let mut counts = [0usize; 9];
    let mut total = 0;
    for c in texts
        .flat_map(str::chars)
        .filter(|it| it.is_alphabetic())
        .take(20_000)
    {
        total += 1;
        counts[tongue(c) as usize] += 1;
    }
    if total < ENOUGH {
        return None;
    }
    let share = |it: Tongue| counts[it as usize] as f64 / total as f64;
    if share(Tongue::Vietnamese) >= VIETNAMESE_SHARE {
        return Some(Tongue::Vietnamese);
    }
    if share(Tongue::Kana) > 0.1 {
        return Some(Tongue::Kana);
    }
    [
        Tongue::Latin,
        Tongue::Cyrillic,
        Tongue::Arabic,
        Tongue::Han,
        Tongue::Hangul,
        Tongue::Thai,
        Tongue::Other,
    ]
    .into_iter()
    .max_by_key(|it| counts[*it as usize])
}

fn tongue(c: char) -> Tongue {
    match c {
        'ă' | 'Ă' | 'đ' | 'Đ' | 'ơ' | 'Ơ' | 'ư' | 'Ư' | '\u{1ea0}'..='\u{1ef9}' => {
            Tongue::Vietnamese
        }
        'a'..='z' | 'A'..='Z' | '\u{c0}'..='\u{24f}' => Tongue::Latin,
        '\u{400}'..='\u{52f}' => Tongue::Cyrillic,
        '\u{600}'..='\u{77f}' => Tongue::Arabic,
        '\u{e00}'..='\u{e7f}' => Tongue::Thai,
        '\u{3040}'..='\u{30ff}' => Tongue::Kana,
        '\u{3400}'..='\u{9fff}' => Tongue::Han,
        '\u{ac00}'..='\u{d7af}' => Tongue::Hangul,
        _ => Tongue::Other,
    }
}
