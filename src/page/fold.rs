//! Normalizes text for phrase search, so that look-alike, leet, spaced-out and invisible letters do not hide a phrase.
//!
//! Vietnamese marks are kept: without them half of the words would be other words.

use unicode_normalization::UnicodeNormalization;
use unicode_security::confusable_detection::skeleton;

/// Returns `text` in lower case without invisible characters. Look-alikes of Latin letters (Cyrillic, Greek,
/// full-width, mathematical) become Latin, leet digits inside words become letters, `h a c k e d` becomes one word, and
/// white space and punctuation between words become one blank. Punctuation at the edge of a word is dropped.
pub fn fold(text: &str) -> String {
    let letters = letters(text);
    let mut out = String::with_capacity(letters.len() + 2);
    let mut singles = String::new();
    for word in letters.split(|c: char| c.is_whitespace() || is_break(c)) {
        let word =
            word.trim_matches(|c: char| !c.is_alphanumeric() && c != '$' && c != '@' && c != '!');
        if word.is_empty() {
            continue;
        }
        let mut chars = word.chars();
        if let (Some(single), None) = (chars.next(), chars.next())
            && single.is_ascii_alphanumeric()
        {
            singles.push(single);
            continue;
        }
        put_singles(&mut out, &mut singles);
        match spelt(word) {
            Some(spelt) => put(&mut out, &unleet(&spelt)),
            None => put(&mut out, &unleet(word)),
        }
    }
    put_singles(&mut out, &mut singles);
    out
}

/// Returns `text` in small letters, with look-alikes of Latin letters undone and without invisible characters.
pub fn letters(text: &str) -> String {
    let mut letters = String::with_capacity(text.len());
    for c in text.chars() {
        // fast path: most letters are ASCII
        if c.is_ascii() {
            letters.push(c.to_ascii_lowercase());
        } else if let Some(c) = letter(c) {
            letters.extend(c.to_lowercase());
        }
    }
    letters
}

/// Returns a text without its invisible characters.
pub fn visible(text: &str) -> String {
    text.chars().filter(|it| !is_invisible(*it)).collect()
}

/// Whether a sign ends a word as a blank does.
pub fn is_break(c: char) -> bool {
    matches!(
        c,
        '/' | ','
            | ';'
            | ':'
            | '|'
            | '"'
            | '«'
            | '»'
            | '“'
            | '”'
            | '('
            | ')'
            | '['
            | ']'
            | '{'
            | '}'
            | '<'
            | '>'
            | '='
            | '*'
            | '~'
            | '_'
            | '+'
            | '。'
            | '，'
            | '、'
    )
}

fn put(out: &mut String, word: &str) {
    if word.is_empty() {
        return;
    }
    if !out.is_empty() {
        out.push(' ');
    }
    out.push_str(word);
}

/// Joins spelt words: `h.a.c.k.e.d` and `h-a-c-k-e-d`.
fn spelt(word: &str) -> Option<String> {
    let apart = |c: char| matches!(c, '.' | '-' | '–' | '·' | '•' | '\'' | '`');
    let mut letters = String::new();
    for part in word.split(apart) {
        let mut chars = part.chars();
        match (chars.next(), chars.next()) {
            (Some(letter), None) if letter.is_alphanumeric() => letters.push(letter),
            _ => return None,
        }
    }
    (letters.chars().filter(|it| it.is_alphabetic()).count() >= 4).then_some(letters)
}

/// Joins four or more single letters in a row to the word that was spelt.
fn put_singles(out: &mut String, singles: &mut String) {
    if singles.chars().count() >= 4 {
        put(out, &unleet(singles));
    } else {
        for single in singles.chars() {
            put(out, single.encode_utf8(&mut [0; 4]));
        }
    }
    singles.clear();
}

fn is_invisible(c: char) -> bool {
    matches!(
        c,
        // combining marks on no letter: the text is in NFC
        '\u{300}'..='\u{36f}'
            | '\u{1ab0}'..='\u{1aff}'
            | '\u{1dc0}'..='\u{1dff}'
            | '\u{20d0}'..='\u{20ff}'
            | '\u{fe20}'..='\u{fe2f}'
            | '\u{ad}'
            | '\u{61c}'
            | '\u{115f}'
            | '\u{1160}'
            | '\u{17b4}'
            | '\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{206a}'..='\u{206f}'
            | '\u{3164}'
            | '\u{ffa0}'
            | '\u{e0000}'..='\u{e01ef}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2064}'
            | '\u{2066}'..='\u{2069}'
            | '\u{feff}'
            | '\u{fe00}'..='\u{fe0f}'
    )
}

fn letter(c: char) -> Option<char> {
    match c {
        c if is_invisible(c) => None,
        c if c.is_ascii() => Some(c),
        c if is_vietnamese(c) => Some(c),
        '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' => Some(unmarked(c)),
        // these scripts hold no look-alikes of Latin letters, and most text of such pages
        '\u{590}'..='\u{109f}' | '\u{3000}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' => Some(c),
        c => Some(imitated(c).unwrap_or(c)),
    }
}

/// Cyrillic letters that attackers use for Latin ones although Unicode's table of look-alikes names others.
const ALIKE: &[(char, char)] = &[
    ('к', 'k'),
    ('К', 'k'),
    ('м', 'm'),
    ('М', 'm'),
    ('т', 't'),
    ('Т', 't'),
    ('н', 'h'),
    ('Н', 'h'),
    ('в', 'b'),
    ('В', 'b'),
];

/// Whether a letter of the Vietnamese alphabet has marks: without them half of the words would be other words.
fn is_vietnamese(c: char) -> bool {
    let c = match c {
        '\u{1ea0}'..='\u{1ef9}' => return true,
        // in Latin-1, capitals are 32 below their small letters
        'À'..='Þ' => char::from_u32(u32::from(c) + 32).unwrap_or(c),
        c => c,
    };
    matches!(
        c,
        'à' | 'á'
            | 'â'
            | 'ã'
            | 'è'
            | 'é'
            | 'ê'
            | 'ì'
            | 'í'
            | 'ò'
            | 'ó'
            | 'ô'
            | 'õ'
            | 'ù'
            | 'ú'
            | 'ý'
            | 'Ă'
            | 'ă'
            | 'Đ'
            | 'đ'
            | 'Ĩ'
            | 'ĩ'
            | 'Ũ'
            | 'ũ'
            | 'Ơ'
            | 'ơ'
            | 'Ư'
            | 'ư'
    )
}

/// Latin letters that Unicode does not decompose into a letter and a mark.
const STRUCK: &[(char, char)] = &[
    ('ħ', 'h'),
    ('Ħ', 'h'),
    ('ł', 'l'),
    ('Ł', 'l'),
    ('ø', 'o'),
    ('Ø', 'o'),
    ('ŧ', 't'),
    ('Ŧ', 't'),
    ('ƀ', 'b'),
    ('Ƀ', 'b'),
    ('ɇ', 'e'),
    ('Ɇ', 'e'),
    ('ⱥ', 'a'),
    ('Ⱥ', 'a'),
    ('ȼ', 'c'),
    ('Ȼ', 'c'),
    ('ꝁ', 'k'),
    ('Ꝁ', 'k'),
    ('ƙ', 'k'),
    ('Ƙ', 'k'),
    ('ð', 'd'),
    ('ƴ', 'y'),
    ('ɏ', 'y'),
];

/// A Latin letter without its mark.
pub fn unmarked(c: char) -> char {
    if let Some((_, plain)) = STRUCK.iter().find(|it| it.0 == c) {
        return *plain;
    }
    std::iter::once(c)
        .nfd()
        .next()
        .filter(char::is_ascii)
        .unwrap_or(c)
}

/// Small capitals in the order of the alphabet; a blank stands for a letter without one.
const SMALL_CAPITALS: &str = "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘ ʀꜱᴛᴜᴠᴡ ʏᴢ";

/// The letter of a squared, circled or regional-indicator sign.
fn sign(c: char) -> Option<char> {
    let first = match c {
        '\u{1f130}'..='\u{1f149}' => 0x1f130,
        '\u{1f150}'..='\u{1f169}' => 0x1f150,
        '\u{1f170}'..='\u{1f189}' => 0x1f170,
        '\u{1f1e6}'..='\u{1f1ff}' => 0x1f1e6,
        _ => {
            let at = SMALL_CAPITALS.chars().position(|it| it == c)?;
            return char::from_u32(u32::from('a') + at as u32);
        }
    };
    char::from_u32(u32::from('a') + u32::from(c) - first)
}

/// The ASCII character that `c` looks like, if there is exactly one.
fn imitated(c: char) -> Option<char> {
    if let Some((_, like)) = ALIKE.iter().find(|(it, _)| *it == c) {
        return Some(*like);
    }
    if let Some(plain) = sign(c) {
        return Some(plain);
    }
    let mut compatible = std::iter::once(c).nfkc();
    if let (Some(plain), None) = (compatible.next(), compatible.next())
        && plain.is_ascii()
    {
        return Some(plain);
    }
    let text = c.to_string();
    let mut like = skeleton(&text);
    match (like.next(), like.next()) {
        (Some(plain), None) if plain.is_ascii() => Some(plain),
        _ => None,
    }
}

/// Replaces digits and signs that stand for letters, in words that hold letters as well.
fn unleet(word: &str) -> String {
    let trimmed = |it: &str| it.trim_end_matches('!').trim_matches(['@', '$']).to_owned();
    let others = word.bytes().filter(|it| b"013457@$!".contains(it)).count();
    if others == 0 {
        return trimmed(word);
    }
    let letters = word.chars().filter(|it| it.is_alphabetic()).count();
    if letters < 2 || others > letters + 1 {
        return trimmed(word);
    }
    let word = word.trim_end_matches('!');
    // digits at the end of a word are a number: "team 404", "gacor77", "covid19"
    let stem = word.trim_end_matches(|c: char| c.is_ascii_digit());
    stem.chars()
        .map(|c| match c {
            '0' => 'o',
            '1' | '!' => 'i',
            '3' => 'e',
            '4' | '@' => 'a',
            '5' | '$' => 's',
            '7' => 't',
            c => c,
        })
        .chain(word[stem.len()..].chars())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{fold, is_vietnamese};

    #[test]
    fn the_alphabet_is_whole() {
        let small = "àáảãạăằắẳẵặâầấẩẫậđèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵ";
        let all = format!("{small}{}", small.to_uppercase());
        for c in '\0'..='\u{ffff}' {
            assert_eq!(is_vietnamese(c), all.contains(c), "{c:?}");
        }
    }

    #[test]
    fn disguises_fall() {
        for disguised in [
            "Hacked By",
            "H4CK3D  by",
            "h a c k e d by",
            "Наскеd by",
            "Ｈａｃｋｅｄ by",
            "Hac\u{200b}ked\u{a0}by",
            "𝐇𝐚𝐜𝐤𝐞𝐝 𝐛𝐲",
            "«hacked» by!",
            "H.a.c.k.e.d by",
            "h-a-c-k-e-d  by",
            "H\u{335}a\u{337}c\u{336}k\u{338}e\u{334}d\u{335} by",
            "Ħäçķęd by",
            "ʜᴀᴄᴋᴇᴅ ʙʏ",
            "🅷🅰🅲🅺🅴🅳 by",
            "🇭🇦🇨🇰🇪🇩 by",
        ] {
            assert_eq!(fold(disguised), "hacked by", "{disguised}");
        }
        assert_eq!(fold("Nổ hũ — đổi thưởng!"), "nổ hũ đổi thưởng");
        assert_eq!(fold("Ngày 30/4, COVID19"), "ngày 30 4 covid19");
    }
}
