//! Declarations of a rule or a style attribute, and the values of `content` and `url(…)`.

/// Properties that decide whether an element is seen and where it lies. Most declarations of a page set none of them.
const TELLING: &[&str] = &[
    "background",
    "background-color",
    "background-image",
    "block-size",
    "bottom",
    "box-shadow",
    "clip",
    "clip-path",
    "color",
    "content",
    "content-visibility",
    "display",
    "filter",
    "font",
    "font-size",
    "height",
    "inline-size",
    "inset",
    "left",
    "line-height",
    "margin-left",
    "margin-top",
    "max-height",
    "max-width",
    "min-height",
    "min-width",
    "opacity",
    "overflow",
    "overflow-x",
    "overflow-y",
    "padding",
    "padding-bottom",
    "padding-top",
    "pointer-events",
    "position",
    "right",
    "scale",
    "text-indent",
    "top",
    "transform",
    "translate",
    "visibility",
    "width",
    "z-index",
    "zoom",
];

/// Properties with a text or an address as value: letters keep their case.
const WRITTEN: &[&str] = &["background", "background-image", "content"];

/// Longest value that is kept, in bytes: a picture may stand in it as a `data:` address.
const LONGEST_VALUE: usize = 64 << 10;

/// One declaration that tells something.
#[derive(Debug)]
pub(in crate::page) struct Declaration {
    pub name: &'static str,
    /// In lower case, except for `content` and backgrounds.
    pub value: String,
    pub important: bool,
}

/// The declarations of a style attribute or of the block of a rule, in order.
pub(in crate::page) fn declarations(text: &str) -> Vec<Declaration> {
    split(text, b';').filter_map(declaration).collect()
}

fn declaration(text: &str) -> Option<Declaration> {
    let (name, value) = text.split_once(':')?;
    let name = name.trim();
    if name.len() > 20 || value.len() > LONGEST_VALUE {
        return None;
    }
    let name = name.to_ascii_lowercase();
    let name = TELLING[TELLING.binary_search(&name.as_str()).ok()?];
    let value = value.trim();
    let (value, important) = match value.rsplit_once('!') {
        Some((before, word)) if word.trim().eq_ignore_ascii_case("important") => {
            (before.trim_end(), true)
        }
        _ => (value, false),
    };
    let value = if WRITTEN.contains(&name) {
        value.to_owned()
    } else {
        value.to_ascii_lowercase()
    };
    Some(Declaration {
        name,
        value,
        important,
    })
}

/// The parts of a text between `mark`, where it stands outside of quotes, brackets and parentheses.
pub(super) fn split(text: &str, mark: u8) -> impl Iterator<Item = &str> {
    let bytes = text.as_bytes();
    let mut start = Some(0);
    std::iter::from_fn(move || {
        let from = start?;
        let (mut at, mut depth, mut quote) = (from, 0_usize, 0);
        while let Some(byte) = bytes.get(at) {
            match *byte {
                b'\\' => at += 1,
                it if quote != 0 => quote = if it == quote { 0 } else { quote },
                it if it == mark && depth == 0 => {
                    start = Some(at + 1);
                    return text.get(from..at);
                }
                it @ (b'"' | b'\'') => quote = it,
                b'(' | b'[' => depth += 1,
                b')' | b']' => depth = depth.saturating_sub(1),
                _ => (),
            }
            at += 1;
        }
        start = None;
        text.get(from..)
    })
}

/// The address in the first `url(…)` of a value.
pub(in crate::page) fn address(value: &str) -> Option<&str> {
    let at = value
        .as_bytes()
        .windows(4)
        .position(|it| it.eq_ignore_ascii_case(b"url("))?;
    let rest = value.get(at + 4..)?.trim_start();
    let inner = match rest.chars().next()? {
        quote @ ('"' | '\'') => rest[1..].split(quote).next()?,
        _ => rest.split(')').next()?,
    };
    let inner = inner.trim();
    (!inner.is_empty()).then_some(inner)
}

/// The text that a value of `content` draws: strings with their escapes undone, and attributes that `attr` returns.
pub(in crate::page) fn drawn<'a>(value: &str, attr: impl Fn(&str) -> Option<&'a str>) -> String {
    let mut out = String::new();
    let mut chars = value.chars().peekable();
    let mut word = String::new();
    while let Some(c) = chars.next() {
        match c {
            '"' | '\'' => {
                word.clear();
                while let Some(inner) = chars.next() {
                    match inner {
                        '\\' => escaped(&mut chars, &mut out),
                        it if it == c => break,
                        it => out.push(it),
                    }
                }
            }
            '(' => {
                let inner: String = chars.by_ref().take_while(|it| *it != ')').collect();
                // addresses of links are drawn for paper
                if word.eq_ignore_ascii_case("attr") && inner.trim() != "href" {
                    out.push_str(attr(inner.trim()).unwrap_or_default());
                }
                word.clear();
            }
            // what follows a slash is read aloud and not shown
            '/' => break,
            it if it.is_whitespace() => word.clear(),
            it => word.push(it),
        }
    }
    out
}

/// Undoes one escape after its backslash: up to six hexadecimal digits and one blank, or any other character.
pub(super) fn escaped(
    chars: &mut std::iter::Peekable<impl Iterator<Item = char>>,
    out: &mut String,
) {
    let mut code = 0;
    let mut digits = 0;
    while digits < 6
        && let Some(digit) = chars.peek().and_then(|it| it.to_digit(16))
    {
        code = code * 16 + digit;
        digits += 1;
        chars.next();
    }
    if digits == 0 {
        out.extend(chars.next().filter(|it| *it != '\n'));
        return;
    }
    if chars.peek().is_some_and(|it| it.is_ascii_whitespace()) {
        chars.next();
    }
    // an escaped line break is a break between words
    if code == 0xa {
        out.push(' ');
    } else {
        out.extend(char::from_u32(code));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_are_split_outside_of_quotes() {
        let all = declarations(
            "COLOR:Red;content:\"a;B\\;\";background:url(data:x;base64,Q==) ; x:y;width:1px ! important",
        );
        let all: Vec<_> = all
            .iter()
            .map(|it| (it.name, it.value.as_str(), it.important))
            .collect();
        assert_eq!(
            all,
            [
                ("color", "red", false),
                ("content", "\"a;B\\;\"", false),
                ("background", "url(data:x;base64,Q==)", false),
                ("width", "1px", true),
            ]
        );
        assert!(TELLING.is_sorted());
    }

    #[test]
    fn drawn_texts() {
        let attr = |name: &str| (name == "data-a").then_some("từ thuộc tính");
        for (value, text) in [
            ("\"H\\61 cked \\42y\"", "Hacked By"),
            ("'a' attr(data-a) \"b\"", "atừ thuộc tínhb"),
            ("counter(x) '. '", ". "),
            ("\"\\f101\"", "\u{f101}"),
            ("'x' / 'đọc to'", "x"),
            ("none", ""),
            ("'dòng\\a sau'", "dòng sau"),
            (" \" (\" attr(href) \")\"", " ()"),
        ] {
            assert_eq!(drawn(value, attr), text, "{value}");
        }
    }
}
