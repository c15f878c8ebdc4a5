//! The shape of betting brands: letters with lucky digits, or with the words of the trade beside digits.

/// Digits that such names end with or begin with.
const LUCKY: &[&str] = &[
    "88", "888", "8888", "77", "777", "99", "999", "66", "666", "68", "86", "79", "789", "6868",
    "7979", "123", "365", "247", "33", "55", "8", "9", "6",
];
/// Words of the trade at an end of the name.
const TRADE: &[&str] = &[
    "win", "bet", "club", "vip", "casino", "slot", "vin", "hit", "game", "ku", "fun", "pot",
    "play", "loc", "phat", "xo", "vegas", "bong", "keo", "nhacai", "sun", "rik", "zo", "live",
];
/// Endings of addresses that hardly any other trade uses.
const ENDINGS: &[&str] = &[
    ".bet", ".casino", ".club", ".win", ".vip", ".poker", ".fun", ".bingo", ".lol",
];

/// Whether a word in small letters has the shape of a betting brand. Honest names have it, too: it needs company.
pub fn is_brand(name: &str) -> bool {
    if !(3..=20).contains(&name.len()) || !name.is_ascii() {
        return false;
    }
    if let Some(label) = ENDINGS.iter().find_map(|it| name.strip_suffix(it)) {
        return label.len() >= 2 && label.bytes().all(|it| it.is_ascii_alphanumeric());
    }
    if !name.bytes().all(|it| it.is_ascii_alphanumeric()) {
        return false;
    }
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let (digits, rest) = (
        &name[stem.len()..],
        name.trim_start_matches(|c: char| c.is_ascii_digit()),
    );
    let first = &name[..name.len() - rest.len()];
    let letters =
        |it: &str| !it.is_empty() && it.len() <= 9 && it.bytes().all(|it| it.is_ascii_lowercase());
    let trade = TRADE
        .iter()
        .any(|it| name.starts_with(it) || stem.ends_with(it));
    let digit = name.bytes().any(|it| it.is_ascii_digit());
    // w88, ae888, fun79; one digit only beside a word of the trade: bk8 is left to the lists
    let ends = letters(stem) && LUCKY.contains(&digits) && (digits.len() > 1 || trade);
    // 789xyz, 188bet, 8xbet
    let begins = letters(rest)
        && first.len() == 3
        && LUCKY.iter().any(|it| it.len() > 1 && first.ends_with(it));
    ends || begins
        || digit
            && name.len() <= 12
            && TRADE
                .iter()
                .take(7)
                .any(|it| stem.ends_with(it) && stem.len() > it.len())
}

#[cfg(test)]
mod tests {
    use super::is_brand;

    #[test]
    fn brands_have_a_shape() {
        for name in [
            "xx88", "w88", "k9win", "789xyz", "188bet", "8xbet", "fun79", "abc.bet", "kubet77",
        ] {
            assert!(is_brand(name), "{name}");
        }
        for name in [
            "covid19",
            "vtv1",
            "u23",
            "g20",
            "2026",
            "ql46b",
            "h5n1",
            "pa05",
            "iso27001",
            "5g",
            "vneid",
            "web2",
            "ipv6",
            "chinhphu.vn",
        ] {
            assert!(!is_brand(name), "{name}");
        }
    }
}
