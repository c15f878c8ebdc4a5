//! One text in many spellings: as Vietnamese are typed, as attackers disguise them, as scripts hold them.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use fastrand::Rng;
use unicode_normalization::UnicodeNormalization as _;

/// A Vietnamese text as people type it: with marks, without, with some, in teencode, in leet, with letters apart.
pub fn vietnamese(text: &str, rng: &mut Rng) -> String {
    match rng.u8(0..12) {
        0..=3 => text.to_owned(),
        4..=6 => without_marks(text),
        7 => each_word(text, |it| {
            if rng.bool() {
                without_marks(it)
            } else {
                it.to_owned()
            }
        }),
        8 => text.to_uppercase(),
        9 => teencode(text),
        10 => leet(text),
        _ => spaced(text, rng),
    }
}

fn each_word(text: &str, change: impl FnMut(&str) -> String) -> String {
    text.split(' ').map(change).collect::<Vec<_>>().join(" ")
}

pub fn without_marks(text: &str) -> String {
    text.nfd()
        .filter(|it| !('\u{300}'..='\u{36f}').contains(it))
        .map(|it| match it {
            'đ' => 'd',
            'Đ' => 'D',
            other => other,
        })
        .collect()
}

fn teencode(text: &str) -> String {
    each_word(&without_marks(text).to_lowercase(), |it| match it {
        "khong" => "ko".to_owned(),
        "cua" => "cuar".to_owned(),
        "duoc" => "dc".to_owned(),
        "chung" => "chug".to_owned(),
        "da" => "dza".to_owned(),
        "roi" => "r".to_owned(),
        other => other
            .replace("ph", "f")
            .replace("qu", "w")
            .replace('i', "j")
            .replace("gh", "g"),
    })
}

fn leet(text: &str) -> String {
    without_marks(text)
        .chars()
        .map(|it| match it {
            'a' | 'A' => '4',
            'e' | 'E' => '3',
            'i' | 'I' => '1',
            'o' | 'O' => '0',
            't' | 'T' => '7',
            other => other,
        })
        .collect()
}

/// Letters apart, by spaces, dots or lines.
pub fn spaced(text: &str, rng: &mut Rng) -> String {
    let between = [" ", ".", "_", "-"][rng.usize(0..4)];
    each_word(text, |it| {
        let letters: Vec<String> = it.chars().map(String::from).collect();
        letters.join(between)
    })
}

pub fn zero_width(text: &str, rng: &mut Rng) -> String {
    let junk = ['\u{200b}', '\u{200c}', '\u{2060}', '\u{ad}', '\u{feff}'];
    let junk = junk[rng.usize(0..junk.len())];
    text.chars().flat_map(|it| [it, junk]).collect()
}

/// Letters of a style that no Vietnamese office writes in.
pub fn fancy(text: &str) -> String {
    without_marks(text)
        .chars()
        .map(|it| {
            let base = match it {
                'a'..='z' => 0x1d41a + u32::from(it) - u32::from('a'),
                'A'..='Z' => 0x1d400 + u32::from(it) - u32::from('A'),
                other => u32::from(other),
            };
            char::from_u32(base).unwrap_or(it)
        })
        .collect()
}

/// An expression of JavaScript with this value.
pub fn literal(text: &str, rng: &mut Rng) -> String {
    match rng.u8(0..9) {
        0 if text.is_ascii() => format!("atob('{}')", STANDARD.encode(text)),
        1 => {
            let turned: String = text.chars().rev().collect();
            format!("{}.split('').reverse().join('')", quoted(&turned))
        }
        2 => {
            let letters: Vec<char> = text.chars().collect();
            let parts: Vec<String> = letters
                .chunks(rng.usize(2..=6))
                .map(|it| quoted(&it.iter().collect::<String>()))
                .collect();
            parts.join("+")
        }
        3 => {
            let hex: String = text.bytes().map(|it| format!("%{it:02x}")).collect();
            format!("decodeURIComponent('{hex}')")
        }
        4 => {
            let codes: Vec<String> = text.encode_utf16().map(|it| it.to_string()).collect();
            format!("String.fromCharCode({})", codes.join(","))
        }
        5 => {
            let escaped: String = text
                .encode_utf16()
                .map(|it| format!("\\u{it:04x}"))
                .collect();
            format!("'{escaped}'")
        }
        _ => quoted(text),
    }
}

fn quoted(text: &str) -> String {
    let text = text
        .replace('\\', "\\\\")
        .replace('\'', "\\'")
        .replace('\n', "\\n")
        .replace("</", "<\\/");
    format!("'{text}'")
}
