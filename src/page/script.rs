//! What inline code carries in disguise: its string literals as they are at run time, and what they decode to.
//!
//! This is not an interpreter. Packers differ in how they run their load, but hardly in how they carry it: escapes,
//! base64, lists of character codes, strings cut in pieces. This module undoes these, also when they are nested, and
//! runs nothing.

/// Most bytes of decoded text of one piece of code, all layers together.
const LONGEST: usize = 64 << 10;
/// Most levels of loads inside loads; real ones have two.
const DEEPEST: usize = 4;
/// Least length of base64, in letters: shorter identifiers look like it.
const SHORTEST_BASE64: usize = 12;

/// A text that code carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    pub text: String,
    /// Whether the code hides it: packed, or spelt in escapes, character codes or single letters.
    pub disguised: bool,
}

/// String literals of `code` with escapes undone and pieces joined, then the texts packed in them; the content of a
/// layer follows it. The work is linear in `code` for each of at most four levels.
pub fn layers(code: &str) -> Vec<Layer> {
    let mut out = Vec::new();
    let mut room = LONGEST;
    let mut todo = vec![(code.to_owned(), false, 0)];
    while let Some((layer, inside, depth)) = todo.pop() {
        let mut found = literals(&layer);
        found.extend(char_codes(&layer).into_iter().map(|text| Layer {
            text,
            disguised: true,
        }));
        for mut literal in found {
            let Some(left) = room.checked_sub(literal.text.len()) else {
                return out;
            };
            room = left;
            literal.disguised |= inside;
            if depth < DEEPEST {
                if let Some(inner) = unpacked(&literal.text) {
                    room = room.saturating_sub(inner.len());
                    todo.push((inner.clone(), true, depth + 1));
                    out.push(Layer {
                        text: inner,
                        disguised: true,
                    });
                } else if literal.text.len() > 24 && has_code(&literal.text) {
                    todo.push((literal.text.clone(), literal.disguised, depth + 1));
                }
            }
            out.push(literal);
        }
    }
    out
}

/// Whether a string looks like code with strings of its own.
fn has_code(text: &str) -> bool {
    text.contains('(') && (text.contains('"') || text.contains('\''))
}

/// Quoted strings with escapes undone; `'a' + 'b'` is one string.
fn literals(code: &str) -> Vec<Layer> {
    let mut out: Vec<Layer> = Vec::new();
    let mut chars = code.char_indices().peekable();
    // whether only blanks and one plus have come since the last literal
    let mut joins = false;
    while let Some((_, c)) = chars.next() {
        match c {
            '"' | '\'' | '`' => {
                let mut text = String::new();
                let mut closed = false;
                let mut escapes = 0;
                while let Some((_, inner)) = chars.next() {
                    match inner {
                        '\\' => escapes += usize::from(escape(&mut chars, &mut text)),
                        it if it == c => {
                            closed = true;
                            break;
                        }
                        '\n' if c != '`' => break,
                        it => text.push(it),
                    }
                }
                if !closed && c != '`' {
                    joins = false;
                    continue;
                }
                // honest code escapes letters with marks, too
                let disguised = escapes >= 4 && text.is_ascii() && escapes * 2 >= text.len();
                match out.last_mut() {
                    Some(last) if joins => {
                        // pieces of a word are a disguise; sentences are honestly joined at blanks
                        last.disguised |= disguised || is_word(&last.text) && is_word(&text);
                        last.text.push_str(&text);
                    }
                    _ => out.push(Layer { text, disguised }),
                }
                joins = false;
                // "a" + "b": look ahead over blanks for one plus
                let mut plus = false;
                while let Some((_, next)) = chars.peek() {
                    match next {
                        ' ' | '\t' | '\n' | '\r' => {
                            chars.next();
                        }
                        '+' if !plus => {
                            plus = true;
                            chars.next();
                        }
                        '"' | '\'' | '`' => {
                            joins = plus;
                            break;
                        }
                        _ => break,
                    }
                }
            }
            _ => joins = false,
        }
    }
    out.retain(|it| !it.text.is_empty());
    join_lists(code, out)
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|it| it.is_ascii_alphabetic())
}

/// `['l','o','c'].join('')`: reads a list of single letters as the word that they form.
fn join_lists(code: &str, literals: Vec<Layer>) -> Vec<Layer> {
    if !code.contains("join") && !code.contains("reverse") {
        return literals;
    }
    let mut out = Vec::new();
    let mut letters = String::new();
    let spelt = |letters: &mut String| {
        let text = std::mem::take(letters);
        (text.chars().count() >= 4).then_some(Layer {
            text,
            disguised: true,
        })
    };
    for literal in literals {
        if literal.text.chars().count() == 1 {
            letters.push_str(&literal.text);
            continue;
        }
        out.extend(spelt(&mut letters));
        if code.contains("reverse") && literal.text.len() > 8 {
            out.push(Layer {
                text: literal.text.chars().rev().collect(),
                disguised: true,
            });
        }
        out.push(literal);
    }
    out.extend(spelt(&mut letters));
    out
}

pub(super) type Chars<'a> = std::iter::Peekable<std::str::CharIndices<'a>>;

/// Undoes one escape after its backslash; returns whether it gives a character by its code.
pub(super) fn escape(chars: &mut Chars<'_>, text: &mut String) -> bool {
    let Some((_, kind)) = chars.next() else {
        return false;
    };
    let mut hex = |digits: usize| -> Option<char> {
        let mut value = 0;
        for _ in 0..digits {
            let (_, digit) = chars.peek().copied()?;
            value = value * 16 + digit.to_digit(16)?;
            chars.next();
        }
        char::from_u32(value)
    };
    match kind {
        'x' => text.extend(hex(2)),
        'u' => text.extend(hex(4)),
        'n' | 'r' | 't' => text.push(' '),
        it @ '0'..='7' => {
            let mut value = it.to_digit(8).unwrap_or(0);
            while let Some((_, digit)) = chars.peek().copied()
                && let Some(digit) = digit.to_digit(8)
                && value < 32
            {
                value = value * 8 + digit;
                chars.next();
            }
            text.extend(char::from_u32(value));
        }
        '\n' | '\r' => (),
        it => text.push(it),
    }
    matches!(kind, 'x' | 'u' | '0'..='7')
}

/// `String.fromCharCode(104,116,…)` and plain lists of at least eight codes.
fn char_codes(code: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut text = String::new();
    let mut count = 0;
    let mut number = String::new();
    let mut finish = |text: &mut String, count: &mut usize, least: usize| {
        if *count >= least {
            out.push(std::mem::take(text));
        }
        text.clear();
        *count = 0;
    };
    for c in code.chars().chain(std::iter::once(' ')) {
        if c.is_ascii_alphanumeric() && number.len() < 8 {
            number.push(c);
            continue;
        }
        if !number.is_empty() {
            let value = match number.strip_prefix("0x") {
                Some(hex) => u32::from_str_radix(hex, 16).ok(),
                None => number.parse::<u32>().ok(),
            };
            match value
                .filter(|it| (9..=0xffff).contains(it))
                .and_then(char::from_u32)
            {
                Some(letter) => {
                    text.push(letter);
                    count += 1;
                }
                None => finish(&mut text, &mut count, 8),
            }
            number.clear();
        }
        if !matches!(c, ',' | ' ' | '\n' | '\r' | '\t') {
            let least = if c == ')' { 4 } else { 8 };
            finish(&mut text, &mut count, least);
        }
    }
    out.retain(|it| it.chars().all(|c| !c.is_control() || c.is_whitespace()));
    out
}

/// Decodes a string packed in percent signs, entities, hexadecimal digits or base64; `None` if it is plain.
pub(super) fn unpacked(literal: &str) -> Option<String> {
    // data:text/javascript;base64,… names its own encoding
    let literal = match literal.split_once(";base64,") {
        Some((label, load)) if label.trim_start().starts_with("data:") => load,
        _ => literal,
    };
    if let Some(plain) = percent(literal) {
        return Some(plain);
    }
    let bytes = hexadecimal(literal).or_else(|| base64(literal))?;
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        // a load may be in another charset, with only its markup in ASCII
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    };
    let printable = text
        .chars()
        .filter(|it| !it.is_control() && *it != char::REPLACEMENT_CHARACTER || it.is_whitespace())
        .count();
    (printable * 10 >= text.chars().count() * 9).then_some(text)
}

/// `%3Cscript%3E` and `%u0068`: at least three such codes.
pub(super) fn percent(literal: &str) -> Option<String> {
    if literal.matches('%').take(3).count() < 3 {
        return None;
    }
    let mut out: Vec<u8> = Vec::with_capacity(literal.len());
    let bytes = literal.as_bytes();
    let digits = |from: usize, count: usize| {
        let text = std::str::from_utf8(bytes.get(from..from + count)?).ok()?;
        u32::from_str_radix(text, 16).ok()
    };
    let (mut at, mut undone) = (0, 0);
    while at < bytes.len() {
        if bytes[at] == b'%' {
            if matches!(bytes.get(at + 1), Some(b'u' | b'U'))
                && let Some(letter) = digits(at + 2, 4).and_then(char::from_u32)
            {
                out.extend(letter.encode_utf8(&mut [0; 4]).as_bytes());
                at += 6;
                undone += 1;
                continue;
            }
            if let Some(byte) = digits(at + 1, 2) {
                out.push(byte as u8);
                at += 3;
                undone += 1;
                continue;
            }
        }
        out.push(bytes[at]);
        at += 1;
    }
    (undone >= 3).then(|| String::from_utf8_lossy(&out).into_owned())
}

fn hexadecimal(literal: &str) -> Option<Vec<u8>> {
    let digits = literal.len();
    if digits < 24 || !digits.is_multiple_of(2) || !literal.bytes().all(|it| it.is_ascii_hexdigit())
    {
        return None;
    }
    (0..digits / 2)
        .map(|at| u8::from_str_radix(literal.get(at * 2..at * 2 + 2)?, 16).ok())
        .collect()
}

fn base64(literal: &str) -> Option<Vec<u8>> {
    let body = literal.trim_end_matches('=');
    let packed = |it: u8| it.is_ascii_alphanumeric() || matches!(it, b'+' | b'/' | b'-' | b'_');
    if body.len() < SHORTEST_BASE64 || body.len() % 4 == 1 || !body.bytes().all(packed) {
        return None;
    }
    let mut out = Vec::with_capacity(body.len() * 3 / 4);
    let (mut bits, mut count) = (0u32, 0);
    for byte in body.bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            _ => 63,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    // base64 of text decodes to letters; names that look like base64 decode to noise
    let letters = out
        .iter()
        .filter(|it| it.is_ascii_graphic() || **it == b' ' || **it >= 0x80)
        .count();
    (letters * 100 >= out.len() * 95 && out.len() >= 8).then_some(out)
}

/// Text that the markup in `literal` would display, one line for each element.
pub fn shown(literal: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut text = String::new();
    let mut tag = false;
    for c in literal.chars() {
        match c {
            '<' => {
                tag = true;
                if !text.trim().is_empty() {
                    out.push(text.trim().to_owned());
                }
                text.clear();
            }
            '>' if tag => tag = false,
            _ if tag => (),
            c => text.push(c),
        }
    }
    if !text.trim().is_empty() {
        out.push(text.trim().to_owned());
    }
    out
}

/// Hosts after `//` in a text.
pub fn hosts_in(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let text = text.replace("\\/", "/");
    for part in text.split("//").skip(1).take(64) {
        let host: String = part
            .chars()
            .take_while(|it| it.is_alphanumeric() || matches!(it, '.' | '-'))
            .take(253)
            .collect();
        let host = host.trim_matches('.').to_ascii_lowercase();
        let name = host.rsplit('.').next().unwrap_or_default();
        if host.contains('.') && name.len() >= 2 && name.chars().all(char::is_alphabetic) {
            out.push(host);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(code: &str) -> String {
        let all: Vec<String> = layers(code).into_iter().map(|it| it.text).collect();
        all.join("\n")
    }

    #[test]
    fn the_usual_wrappings_are_undone() {
        let load = "location='https://x9.example/'";
        // printf "%s" "location='https://x9.example/'" | base64
        let base64 = "bG9jYXRpb249J2h0dHBzOi8veDkuZXhhbXBsZS8n";
        let hex: String = load.bytes().map(|it| format!("\\x{it:02x}")).collect();
        let percent: String = load.bytes().map(|it| format!("%{it:02x}")).collect();
        let codes: Vec<String> = load.bytes().map(|it| it.to_string()).collect();
        let codes = codes.join(",");
        let reversed: String = load.chars().rev().collect();
        for code in [
            format!("eval(atob('{base64}'))"),
            format!("window['ev'+'al'](\"{hex}\")"),
            format!("document.write(unescape('{percent}'))"),
            format!("eval(String.fromCharCode({codes}))"),
            format!("var a=[{codes}];for(i in a)s+=String.fromCharCode(a[i])"),
            format!("s.src='data:text/javascript;base64,{base64}'"),
            format!("setTimeout('eval(atob(\"{base64}\"))',500)"),
            "x='loca'+'tion=\\'https://x9'+\".example/'\"".to_owned(),
            format!("\"{reversed}\".split('').reverse().join('')"),
        ] {
            assert!(
                all(&code).contains("https://x9.example/"),
                "{code}: {}",
                all(&code)
            );
        }
    }

    #[test]
    fn plain_code_stays_what_it_is() {
        assert_eq!(
            all("f('menu-item-current', \"noreferrer\")"),
            "menu-item-current\nnoreferrer"
        );
        assert_eq!(all("it's a comment\nx='a'"), "a");
        let honest = r#"x={"u":"https:\/\/s.example\/","t":"C\u1ed5ng th\u00f4ng tin"}"#;
        assert!(layers(honest).iter().all(|it| !it.disguised));
        assert!(layers("").is_empty());
        assert!(layers("'\\").is_empty());
    }

    #[test]
    fn markup_is_read_line_by_line() {
        assert_eq!(
            shown("<h1 class=x>Hacked</h1><p>by <b>x"),
            ["Hacked", "by", "x"]
        );
    }
}
