//! Makes foreign text safe to show: every byte of it is hostile until it has passed through here.

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

/// A host or URL in a form that no client turns into a link: `x9[.]example`.
pub fn defang(host: &str) -> String {
    excerpt(host, 120)
        .replace("://", "[:]//")
        .replace('.', "[.]")
}

/// Page text without live host names: every dot that a client may read as part of a host name or an IP address
/// becomes `[.]`, regardless of the characters around it. Dots of plain numbers, and dots already written as `[.]`,
/// stay.
pub fn defang_text(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len() + 8);
    let at = |at: usize| chars.get(at).copied();
    for (i, &c) in chars.iter().enumerate() {
        let before = i.checked_sub(1).and_then(at);
        let after = at(i + 1);
        match c {
            '.' | '\u{3002}' | '\u{ff0e}' | '\u{ff61}' | '\u{2024}'
                if is_of_name(before, after) && !is_in_number(&chars, i) =>
            {
                out.push_str("[.]");
            }
            '@' if (before, after) != (Some('('), Some(')')) => out.push_str("(@)"),
            ':' if after == Some('/') && at(i + 2) == Some('/') => out.push_str("[:]"),
            _ => out.push(c),
        }
    }
    out
}

/// Whether a dot between these characters may separate the labels of a host name: clients treat every character
/// beyond Latin-1 as a letter.
fn is_of_name(before: Option<char>, after: Option<char>) -> bool {
    let closes = |it: char| matches!(it, '»' | '”' | '’' | '…' | '–' | '—');
    let part =
        |it: char| it.is_alphanumeric() || it > '\u{7f}' && !it.is_whitespace() && !closes(it);
    before.is_some_and(|it| !it.is_whitespace() && it != '.') && after.is_some_and(part)
}

/// Whether the dot belongs to a number such as `1.5` or `1.234.567`, which no client reads as an address.
fn is_in_number(chars: &[char], dot: usize) -> bool {
    let of = |it: &&char| it.is_ascii_digit() || **it == '.';
    let from = dot - chars[..dot].iter().rev().take_while(of).count();
    let to = dot + chars[dot..].iter().take_while(of).count();
    let alone = |it: Option<&char>| {
        it.is_none_or(|it| !it.is_alphanumeric() && !matches!(it, '/' | ':' | '@' | '-' | '_'))
    };
    let before = from.checked_sub(1).and_then(|at| chars.get(at));
    if !alone(before) || !alone(chars.get(to)) {
        return false;
    }
    let number: String = chars[from..to].iter().collect();
    // a dot after the last digit ends a sentence
    let groups: Vec<&str> = number.trim_end_matches('.').split('.').collect();
    let thousands = groups.len() == 3 && groups[1..].iter().all(|it| it.len() == 3);
    groups.iter().all(|it| !it.is_empty()) && (groups.len() == 2 || thousands)
}

/// Characters that enclose foreign text in a sentence of the service, until the sentence is rendered into a message.
/// Both are Unicode noncharacters, which [`excerpt`] drops from all foreign text.
pub const MARKS: [char; 2] = ['\u{fdd0}', '\u{fdd1}'];

/// Foreign text for use in a sentence: cut to `max` characters, defanged, and marked as foreign.
pub fn quoted(text: &str, max: usize) -> String {
    marked(&defang_text(&excerpt(text, max)))
}

/// Marks text as foreign that is already cut and defanged, or that must stay unchanged because no client acts on it.
pub fn marked(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let [open, close] = MARKS;
    format!("{open}{}{close}", unmarked(text))
}

/// A name for use in a sentence: cut to `max` characters, and marked as foreign if a client may act on a part of it.
pub fn named(text: &str, max: usize) -> String {
    let name = excerpt(text, max);
    if is_calm(&name) {
        name
    } else {
        marked(&defang_text(&name))
    }
}

/// The sentence without the marks around foreign text.
pub fn unmarked(text: &str) -> String {
    text.replace(MARKS, "")
}

/// Whether no client finds a link, a mention, a tag, a command or a telephone number in the text.
fn is_calm(text: &str) -> bool {
    let quiet = |it: char| {
        it.is_alphanumeric()
            || unicode_normalization::char::is_combining_mark(it)
            || " ,;()-–—«»“”‘’\"'!?…·[]+%&<>".contains(it)
    };
    let mut dots = text.match_indices('.');
    // only dots before a space (abbreviations) or at the end are harmless
    let dots = dots.all(|(at, _)| text[at + 1..].chars().next().is_none_or(|it| it == ' '));
    let digits = text.chars().filter(char::is_ascii_digit).count();
    dots && digits < CALLED && text.chars().all(|it| quiet(it) || it == '.')
}

/// Number of digits from which clients treat a number as a telephone or card number.
const CALLED: usize = 7;

/// Foreign text for messages without markup (plain text, e-mail), in which it cannot be marked: defanged as by
/// [`defang_text`], with tags, commands and long numbers broken, too.
pub fn broken(text: &str) -> String {
    let text = defang_text(text);
    let mut out = String::with_capacity(text.len() + 8);
    let mut digits = 0;
    let mut before = ' ';
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let next = chars.peek().copied().unwrap_or(' ');
        match c {
            '#' if next.is_alphanumeric() || next == '_' => out.push_str("(#)"),
            '$' if next.is_alphabetic() => out.push_str("($)"),
            '/' if next.is_ascii_alphanumeric() && !before.is_alphanumeric() && before != '/' => {
                out.push_str("(/)");
            }
            c if c.is_ascii_digit() => {
                digits += 1;
                if digits == CALLED {
                    out.push('·');
                    digits = 1;
                }
                out.push(c);
            }
            _ => out.push(c),
        }
        if !c.is_ascii_digit() && !" -()+".contains(c) {
            digits = 0;
        }
        before = c;
    }
    out
}

/// Text that a user typed, for their own terminal: without characters that move the cursor or change the writing
/// direction.
pub fn clean(text: &str) -> String {
    let own = |c: char| if c == '\n' { Some(c) } else { harmless(c) };
    text.chars().filter_map(own).collect()
}

fn harmless(c: char) -> Option<char> {
    match c {
        '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{ad}' => None,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{61c}' => Some('·'),
        '\u{e0000}'..='\u{e007f}' | '\u{fe00}'..='\u{fe0f}' => None,
        '\u{fdd0}'..='\u{fdef}' => None,
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
        for (text, wanted) in [
            ("45.33.32.156/vneid", "45[.]33[.]32[.]156/vneid"),
            ("//1.1.1.1:8080/x", "//1[.]1[.]1[.]1:8080/x"),
            ("evil\u{20ac}.com", "evil\u{20ac}[.]com"),
            ("ev\u{332}il\u{332}.com", "ev\u{332}il\u{332}[.]com"),
            ("evil~.com, evil\u{3002}com", "evil~[.]com, evil[.]com"),
            ("evil.\u{20ac}", "evil[.]\u{20ac}"),
            ("1.1/x", "1[.]1/x"),
            ("1.234.567 đồng, 3.5 %.", "1.234.567 đồng, 3.5 %."),
            ("hết. Xem «a.» … v.v.", "hết. Xem «a.» … v[.]v."),
        ] {
            assert_eq!(defang_text(text), wanted);
            assert_eq!(defang_text(wanted), wanted, "twice is once");
        }
        let hostile = "#the /dangky $USD 0912 345 678 4111111111111111 a/b 22/11/2026";
        assert_eq!(
            broken(hostile),
            "(#)the (/)dangky ($)USD 0912 34·5 678 41·111111·111111·11 a/b 22/11/2026"
        );
    }

    #[test]
    fn marks_are_ours_alone() {
        let [open, close] = MARKS;
        let hostile = format!("a{close}b{open}c");
        assert_eq!(quoted(&hostile, 9), format!("{open}abc{close}"));
        assert_eq!(marked(&hostile), format!("{open}abc{close}"));
        assert_eq!(quoted("", 9), "");
        assert_eq!(
            named("UBND xã Đông (cũ), số 2", 99),
            "UBND xã Đông (cũ), số 2"
        );
        assert_eq!(named("TP. Vinh", 99), "TP. Vinh");
        for risky in ["a.vn", "@a", "#a", "/a", "a:b", "0912 345 678", "x\u{20ac}"] {
            assert!(named(risky, 99).starts_with(open), "{risky}");
        }
    }
}
