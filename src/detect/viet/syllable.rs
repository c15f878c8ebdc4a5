//! The shape of Vietnamese syllables. What has marks and not this shape is no word of the language, so its marks disguise
//! another word.

/// Consonants at the beginning, without marks (đ is d).
const ONSETS: &[&str] = &[
    "ngh", "ch", "gh", "gi", "kh", "ng", "nh", "ph", "qu", "th", "tr", "b", "c", "d", "g", "h",
    "k", "l", "m", "n", "p", "r", "s", "t", "v", "x", "",
];

/// Vowels with their final consonants, without marks, in the order of bytes.
const RIMES: &[&str] = &[
    "a", "ac", "ach", "ai", "am", "an", "ang", "anh", "ao", "ap", "at", "au", "ay", "e", "ec",
    "ech", "em", "en", "eng", "enh", "eo", "ep", "et", "eu", "i", "ia", "ich", "iec", "iem", "ien",
    "ieng", "iep", "iet", "ieu", "im", "in", "inh", "ip", "it", "iu", "o", "oa", "oac", "oach",
    "oai", "oam", "oan", "oang", "oanh", "oao", "oap", "oat", "oay", "oc", "oe", "oem", "oen",
    "oeo", "oet", "oi", "om", "on", "ong", "ooc", "oong", "op", "ot", "u", "ua", "uac", "uan",
    "uang", "uat", "uay", "uc", "ue", "uech", "uenh", "ui", "um", "un", "ung", "uo", "uoc", "uoi",
    "uom", "uon", "uong", "uop", "uot", "uou", "up", "ut", "uu", "uy", "uya", "uych", "uyen",
    "uyet", "uyn", "uynh", "uyt", "uyu", "y", "yem", "yen", "yeng", "yet", "yeu",
];

/// Whether a word in small letters without marks has the shape of a syllable.
pub fn is_syllable(bare: &str) -> bool {
    if bare.len() > 7 || !bare.is_ascii() {
        return false;
    }
    ONSETS.iter().any(|onset| {
        bare.strip_prefix(onset)
            .is_some_and(|rime| RIMES.binary_search(&rime).is_ok())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn syllables_have_a_shape() {
        assert!(RIMES.is_sorted());
        for word in [
            "nghieng", "quyet", "gi", "thuong", "nguyen", "y", "an", "hoac", "khuya",
        ] {
            assert!(is_syllable(word), "{word}");
        }
        for word in ["hack", "web", "site", "bj", "w", "covid", "team", "strong"] {
            assert!(!is_syllable(word), "{word}");
        }
    }
}
