//! The writing system of a letter: enough to tell that a page never had letters of that kind.

/// A writing system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Writing {
    /// Letters with marks that no other widespread language uses.
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

/// Number of writing systems.
pub const WRITINGS: usize = 12;

/// Number of letters by writing system; the index is `Writing as usize`.
pub type Letters = [usize; WRITINGS];

/// The writing system of a character, taken for a letter without a check; see [`of_letter`].
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

/// The writing system of a letter; `None` for anything else.
pub fn of_letter(c: char) -> Option<Writing> {
    match c {
        // fast path: most letters of a page are in these ranges
        '\0'..='\u{7f}' => c.is_ascii_alphabetic().then_some(Writing::Latin),
        '\u{1ea0}'..='\u{1ef9}' => Some(Writing::Vietnamese),
        '×' | '÷' => None,
        '\u{c0}'..='\u{24f}' => Some(of(c)),
        c => c.is_alphabetic().then(|| of(c)),
    }
}

/// Adds the letters of `text` to the counts in `into`.
pub fn count(text: &str, into: &mut Letters) {
    for writing in text.chars().filter_map(of_letter) {
        into[writing as usize] += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_has_a_writing() {
        for c in '\0'..=char::MAX {
            assert_eq!(of_letter(c), c.is_alphabetic().then(|| of(c)), "{c:?}");
        }
    }
}
