//! The writing system of a letter: enough to tell that a page never had letters of that kind.

/// A writing system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WritingSystem {
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

/// Number of letters by writing system; the index is `WritingSystem as usize`.
pub type Letters = [usize; WRITINGS];

/// The writing system of a character, taken for a letter without a check; see [`of_letter`].
pub fn of(c: char) -> WritingSystem {
    match c {
        'ă' | 'Ă' | 'đ' | 'Đ' | 'ơ' | 'Ơ' | 'ư' | 'Ư' | '\u{1ea0}'..='\u{1ef9}' => {
            WritingSystem::Vietnamese
        }
        'a'..='z' | 'A'..='Z' | '\u{c0}'..='\u{24f}' => WritingSystem::Latin,
        '\u{370}'..='\u{3ff}' => WritingSystem::Greek,
        '\u{400}'..='\u{52f}' => WritingSystem::Cyrillic,
        '\u{590}'..='\u{5ff}' => WritingSystem::Hebrew,
        '\u{600}'..='\u{77f}' | '\u{fb50}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}' => {
            WritingSystem::Arabic
        }
        '\u{900}'..='\u{dff}' => WritingSystem::Indic,
        '\u{e00}'..='\u{e7f}' => WritingSystem::Thai,
        '\u{3040}'..='\u{30ff}' => WritingSystem::Kana,
        '\u{3400}'..='\u{9fff}' => WritingSystem::Han,
        '\u{ac00}'..='\u{d7af}' => WritingSystem::Hangul,
        _ => WritingSystem::Other,
    }
}

/// The writing system of a letter; `None` for anything else.
pub fn of_letter(c: char) -> Option<WritingSystem> {
    match c {
        // fast path: most letters of a page are in these ranges
        '\0'..='\u{7f}' => c.is_ascii_alphabetic().then_some(WritingSystem::Latin),
        '\u{1ea0}'..='\u{1ef9}' => Some(WritingSystem::Vietnamese),
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
