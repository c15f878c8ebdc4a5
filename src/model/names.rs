//! Names of agencies and provinces as people write them.

use unicode_normalization::UnicodeNormalization;

/// The five tones, as marks of their own.
const TONES: [char; 5] = ['\u{300}', '\u{301}', '\u{303}', '\u{309}', '\u{323}'];

/// Whether two texts are the same name. Case, blanks, Unicode's two ways of writing a marked letter and the place of
/// the tone in a syllable (Hoà, Hòa) make no difference.
pub fn is_same_name(a: &str, b: &str) -> bool {
    folded(a) == folded(b)
}

fn folded(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let syllables = lower.split_whitespace().map(|it| {
        let is_tone = |it: &char| TONES.contains(it);
        let (tones, letters): (String, String) = it.nfd().partition(is_tone);
        letters + &tones
    });
    syllables.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_province_is_known_however_it_is_written() {
        let nfd: String = "Nghệ An".nfd().collect();
        for other in [nfd.as_str(), "NGHỆ AN", " nghệ  an "] {
            assert!(is_same_name("Nghệ An", other), "{other:?}");
        }
        assert!(is_same_name("Khánh Hòa", "Khánh Hoà"));
        for other in ["Nghe An", "Nghệ", "Hà Tĩnh", "Nghê An"] {
            assert!(!is_same_name("Nghệ An", other), "{other:?}");
        }
        assert!(!is_same_name("Đồng Nai", "Dồng Nai"));
    }
}
