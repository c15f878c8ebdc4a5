//! Text made alike for phrase search, so that look-alikes, leet, split and invisible letters do not hide a phrase.
//!
//! Vietnamese marks are kept: without them half of the words would be other words.

use unicode_normalization::UnicodeNormalization;
use unicode_security::confusable_detection::skeleton;

/// Lower case, invisible characters dropped, look-alikes of Latin letters (Cyrillic, Greek,
/// full-width, mathematical) as these, leet inside words as letters, `h a c k e d` as one word, all
/// white space and punctuation between words as one blank. Punctuation at a word's edge is dropped.
pub fn fold(text: &str) -> String {
    let letters: String = text
        .chars()
        .filter_map(letter)
        .flat_map(char::to_lowercase)
        .collect();
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
        put(&mut out, &unleet(word));
    }
    put_singles(&mut out, &mut singles);
    out
}

/// A text without its invisible characters.
pub fn visible(text: &str) -> String {
    text.chars().filter(|it| !is_invisible(*it)).collect()
}

fn is_break(c: char) -> bool {
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

/// Four and more single letters in a row are one word that was pulled apart.
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
        '\u{ad}'
            | '\u{34f}'
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
        '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' => Some(c),
        // scripts that no Latin letter is imitated with, and the bulk of real text in them
        '\u{590}'..='\u{109f}' | '\u{3000}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' => Some(c),
        c => Some(imitated(c).unwrap_or(c)),
    }
}

/// Cyrillic letters that stand for Latin ones in disguises though Unicode's table has them look like others.
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

/// The ASCII character that `c` looks like, if it looks like just one.
fn imitated(c: char) -> Option<char> {
    if let Some((_, like)) = ALIKE.iter().find(|(it, _)| *it == c) {
        return Some(*like);
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

/// Digits and signs that stand for letters, in words that hold letters too.
fn unleet(word: &str) -> String {
    let letters = word.chars().filter(|it| it.is_alphabetic()).count();
    let others = word.chars().filter(|it| "013457@$!".contains(*it)).count();
    let trimmed = |it: &str| it.trim_end_matches('!').trim_matches(['@', '$']).to_owned();
    if others == 0 || letters < 2 || others > letters + 1 {
        return trimmed(word);
    }
    let word = word.trim_end_matches('!');
    // a number behind a word ("team 404", "gacor77", "covid19") is a number
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
    use super::fold;

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
        ] {
            assert_eq!(fold(disguised), "hacked by", "{disguised}");
        }
        assert_eq!(fold("Nổ hũ — đổi thưởng!"), "nổ hũ đổi thưởng");
        assert_eq!(fold("Ngày 30/4, COVID19"), "ngày 30 4 covid19");
    }
}
