//! Which writing a letter belongs to: enough to say that a page never had such letters.

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Writing {
    /// Letters with marks that no other widespread language puts on them.
    Vietnamese,
    Latin,
    Greek,
    Cyrillic,
    Hebrew,
    Arabic,
    Indic,
    Thai,
    Han,
    Kana,
    Hangul,
    Other,
}

/// Number of writings.
pub const WRITINGS: usize = 12;

/// Counts of letters by writing, index `Writing as usize`.
pub type Letters = [usize; WRITINGS];

pub fn of(c: char) -> Writing {
    match c {
        'ă' | 'Ă' | 'đ' | 'Đ' | 'ơ' | 'Ơ' | 'ư' | 'Ư' | '\u{1ea0}'..='\u{1ef9}' => {
            Writing::Vietnamese
        }
        'a'..='z' | 'A'..='Z' | '\u{c0}'..='\u{24f}' => Writing::Latin,
        '\u{370}'..='\u{3ff}' => Writing::Greek,
        '\u{400}'..='\u{52f}' => Writing::Cyrillic,
        '\u{590}'..='\u{5ff}' => Writing::Hebrew,
        '\u{600}'..='\u{77f}' | '\u{fb50}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}' => {
            Writing::Arabic
        }
        '\u{900}'..='\u{dff}' => Writing::Indic,
        '\u{e00}'..='\u{e7f}' => Writing::Thai,
        '\u{3040}'..='\u{30ff}' => Writing::Kana,
        '\u{3400}'..='\u{9fff}' => Writing::Han,
        '\u{ac00}'..='\u{d7af}' => Writing::Hangul,
        _ => Writing::Other,
    }
}

pub fn count(text: &str, into: &mut Letters) {
    for c in text.chars().filter(|it| it.is_alphabetic()) {
        into[of(c) as usize] += 1;
    }
}
