//! Foreign text made fit for people: every byte of it is hostile until it has passed here.

/// Text of at most `max` characters on one line: white space folded, control, bidi and invisible
/// characters shown as `·` or dropped, cut with `…`.
pub fn excerpt(text: &str, max: usize) -> String {
    let mut out = String::new();
    let mut count = 0;
    let mut gap = false;
    for c in text.chars() {
        if c.is_whitespace() {
            gap = !out.is_empty();
            continue;
        }
        let Some(c) = harmless(c) else { continue };
        let room = if gap { 2 } else { 1 };
        if count + room > max {
            if count >= max {
                out.pop();
            }
            out.push('…');
            return out;
        }
        if gap {
            out.push(' ');
            gap = false;
        }
        out.push(c);
        count += room;
    }
    out
}

/// A host or URL that no program turns into a link: `x9[.]example`.
pub fn defang(host: &str) -> String {
    excerpt(host, 120)
        .replace("://", "[:]//")
        .replace('.', "[.]")
}

/// Dots between letters broken wherever they stand, so that page text holds no live host name.
pub fn defang_text(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len() + 8);
    for (i, &c) in chars.iter().enumerate() {
        let inside = i > 0
            && chars[i - 1].is_alphanumeric()
            && chars.get(i + 1).is_some_and(|it| it.is_alphanumeric());
        let number = i > 0
            && chars[i - 1].is_ascii_digit()
            && chars.get(i + 1).is_some_and(char::is_ascii_digit);
        match c {
            '.' if inside && !number => out.push_str("[.]"),
            '@' => out.push_str("(@)"),
            ':' if chars.get(i + 1) == Some(&'/') && chars.get(i + 2) == Some(&'/') => {
                out.push_str("[:]")
            }
            _ => out.push(c),
        }
    }
    out
}

fn harmless(c: char) -> Option<char> {
    match c {
        '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{ad}' => None,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{61c}' => Some('·'),
        '\u{e0000}'..='\u{e007f}' | '\u{fe00}'..='\u{fe0f}' => None,
        c if c.is_control() => Some('·'),
        c => Some(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_cuts_and_disarms() {
        assert_eq!(excerpt("  a \n\t b  ", 10), "a b");
        assert_eq!(excerpt("abcdef", 4), "abc…");
        assert_eq!(excerpt("abcd", 4), "abcd");
        assert_eq!(excerpt("a\u{202e}b\u{200b}c\u{7}", 9), "a·bc·");
        assert!(excerpt(&"đ ".repeat(400), 50).chars().count() <= 50);
    }

    #[test]
    fn leaves_nothing_to_click() {
        assert_eq!(defang("https://x9.example/a"), "https[:]//x9[.]example/a");
        assert_eq!(
            defang_text("xem x9.example, 1.234 hay a@b."),
            "xem x9[.]example, 1.234 hay a(@)b."
        );
    }
}
