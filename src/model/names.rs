//! Names of agencies and provinces as people write them.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
use unicode_security::confusable_detection::skeleton;

/// The five Vietnamese tones, as combining marks.
const TONES: [char; 5] = ['\u{300}', '\u{301}', '\u{303}', '\u{309}', '\u{323}'];

/// Whether two texts are one name. Case, white space, the Unicode form of a letter with marks, and the position of
/// the tone mark in a syllable (Hoà, Hòa) make no difference.
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

/// Whether a person may mistake one name for the other. Look-alike letters of other alphabets, case, invisible
/// characters, punctuation, the order of words, and a title before or after make no difference. Vietnamese marks do,
/// unless one of the names has none: written without marks, it may stand for any name with these letters.
pub fn resembles(a: &str, b: &str) -> bool {
    let forms = |text: &str| {
        // two forms: lower-cased before the skeleton, so that a capital I does not become an l, and only after it, so
        // that capitals in the skeletons of digits are folded, too
        let lower = text.to_lowercase();
        [words(&lower), words(text)]
    };
    let (a, b) = (forms(a), forms(b));
    a.iter().zip(&b).any(|(a, b)| is_alike(a, b))
}

fn is_alike(a: &[String], b: &[String]) -> bool {
    if a.is_empty() || b.is_empty() {
        return false;
    }
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    // a single word is part of many names
    let inside = short.len() > 1 && long.windows(short.len()).any(|it| is_same(it, short));
    let sorted = |it: &[String]| {
        let mut it = it.to_vec();
        it.sort_by_key(|it| (bare(it), it.clone()));
        it
    };
    inside || is_same(&[a.concat()], &[b.concat()]) || is_same(&sorted(a), &sorted(b))
}

/// Whether the words are equal, or one side has no marks at all and the words are equal without marks.
fn is_same(a: &[String], b: &[String]) -> bool {
    let without = |it: &[String]| -> Vec<String> { it.iter().map(|it| bare(it)).collect() };
    let (bare_a, bare_b) = (without(a), without(b));
    a == b || bare_a == bare_b && (a == bare_a || b == bare_b)
}

/// A word without its combining marks.
fn bare(word: &str) -> String {
    let letters = word.nfd().filter(|it| !is_combining_mark(*it));
    letters.map(|it| if it == 'đ' { 'd' } else { it }).collect()
}

/// The words of a name by their visual skeletons: marks stay; every character other than letters and digits separates
/// words.
fn words(text: &str) -> Vec<String> {
    let seen: String = skeleton(text).flat_map(char::to_lowercase).nfc().collect();
    let is_part = |it: char| it.is_alphanumeric() || is_combining_mark(it);
    let words = seen
        .split(|it: char| !is_part(it))
        .filter(|it| !it.is_empty());
    words.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_may_be_taken_for_another_is_known() {
        let an = "Nguyễn Văn An";
        let nfd: String = an.nfd().collect();
        for other in [
            an,
            nfd.as_str(),
            "NGUYỄN VĂN AN",
            "nguyễn  văn an",
            "Nguyễn Văn \u{410}n",
            "Nguyễn\u{200b} Văn\u{2060} An",
            "Nguyễn Văn An.",
            "Nguyễn_Văn_An",
            "An Nguyễn Văn",
            "Nguyễn Văn An (trực)",
            "Đ/c Nguyễn Văn An",
            "Nguyễn Văn \u{ff21}n",
            "Nguyễn Văn \u{1d400}n",
            "NguyễnVănAn",
            "Nguyen Van An",
            "nguyen  van an (trực)",
            "NguyenVanAn",
            "\u{410}n Nguyen Van",
        ] {
            assert!(resembles(an, other), "{other:?}");
        }
        for other in [
            "Nguyễn Văn Ân",
            "Nguyen Văn Ân",
            "Nguyen Van Anh",
            "Nguyễn Văn Anh",
            "Nguyễn An",
            "",
            ".",
        ] {
            assert!(!resembles(an, other), "{other:?}");
        }
        assert!(resembles("UBND tỉnh Một", "UBND tỉnh \u{41c}ột"));
        assert!(resembles("Lê Ích", "lê ích") && resembles("Hoàng O", "Hoàng 0"));
        // a name without marks may stand for each of these
        assert!(resembles("Nguyễn Văn Ân", "Nguyen Van An"));
        assert!(resembles("Đỗ Đức", "Do Duc") && !resembles("Đỗ Đức", "Do Dục"));
        assert!(resembles("Cơ quan Thử", "Co quan Thu"));
        assert!(
            !resembles("An", "Nguyễn Văn An"),
            "one word is in many names"
        );
    }

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
