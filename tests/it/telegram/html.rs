//! Telegram's parser of its HTML: the grammar of TDLib, with its error messages and byte offsets.

use serde_json::{Value, json};

/// An entity and the UTF-16 units it covers.
#[derive(Debug)]
pub struct Span {
    pub from: usize,
    pub to: usize,
    pub entity: Value,
}

struct Tag {
    name: String,
    /// The URL of `a`, the language of `code`, whether a quotation is expandable.
    argument: String,
    from: usize,
}

const TAGS: [&str; 15] = [
    "a",
    "b",
    "strong",
    "i",
    "em",
    "s",
    "strike",
    "del",
    "u",
    "ins",
    "tg-spoiler",
    "span",
    "pre",
    "code",
    "blockquote",
];

/// The text without its tags, and its entities.
///
/// # Errors
///
/// Why it does not parse.
pub fn html(text: &str) -> Result<(String, Vec<Span>), String> {
    let mut reader = Reader { text, at: 0 };
    let mut plain = String::new();
    let (mut open, mut spans) = (Vec::new(), Vec::new());
    while let Some(next) = reader.peek() {
        let here = plain.encode_utf16().count();
        match next {
            '<' if reader.rest().starts_with("</") => {
                let tag = reader.end_tag(open.pop())?;
                if let Some(entity) = tag.entity() {
                    let (from, to) = (tag.from, here);
                    spans.push(Span { from, to, entity });
                }
            }
            '<' => open.push(reader.start_tag(here)?),
            _ => {
                // skips to the next tag, so that long texts are not counted at every letter
                while reader.peek().is_some_and(|it| it != '<') {
                    plain.push(reader.letter()?);
                }
            }
        }
    }
    if let Some(tag) = open.pop() {
        let name = tag.name;
        return Err(format!(
            "Can't find end tag corresponding to start tag \"{name}\""
        ));
    }
    spans.sort_by_key(|it| (it.from, std::cmp::Reverse(it.to)));
    Ok((plain, spans))
}

impl Tag {
    fn entity(&self) -> Option<Value> {
        let kind = match self.name.as_str() {
            "b" | "strong" => "bold",
            "i" | "em" => "italic",
            "u" | "ins" => "underline",
            "s" | "strike" | "del" => "strikethrough",
            "span" | "tg-spoiler" => "spoiler",
            "code" => "code",
            "pre" => "pre",
            "blockquote" if self.argument.is_empty() => "blockquote",
            "blockquote" => "expandable_blockquote",
            _ => {
                // a link without a valid URL becomes plain text
                let url = url::Url::parse(&self.argument).ok()?;
                return Some(json!({"type": "text_link", "url": url.as_str()}));
            }
        };
        Some(json!({"type": kind}))
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

/// The end of a text counts as a space, as in TDLib.
fn space(it: char) -> bool {
    matches!(it, ' ' | '\t' | '\r' | '\n' | '\0' | '\u{b}')
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn done(&self) -> bool {
        self.rest().is_empty()
    }

    fn eat(&mut self, wanted: char) -> bool {
        let there = self.peek() == Some(wanted);
        self.at += if there { wanted.len_utf8() } else { 0 };
        there
    }

    fn while_it(&mut self, is: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.find(|it| !is(it)).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    /// A letter, or the character of an entity.
    fn letter(&mut self) -> Result<char, String> {
        if let Some(it) = self.entity()? {
            return Ok(it);
        }
        let it = self.peek().unwrap_or_default();
        self.at += it.len_utf8();
        Ok(it)
    }

    /// `&lt; &gt; &amp; &quot;` and numbers, with an optional semicolon. Other entities stay as they are.
    fn entity(&mut self) -> Result<Option<char>, String> {
        let Some(rest) = self.rest().strip_prefix('&') else {
            return Ok(None);
        };
        let (code, length) = if let Some(digits) = rest.strip_prefix('#') {
            let (digits, radix, prefix) = match digits.strip_prefix('x') {
                Some(digits) => (digits, 16, 2),
                None => (digits, 10, 1),
            };
            let length = digits
                .find(|it: char| !it.is_digit(radix))
                .unwrap_or(digits.len());
            let code = u32::from_str_radix(&digits[..length], radix).unwrap_or(0);
            let valid = code != 0 && code < 0x10_ffff && prefix + length < 9;
            (if valid { code } else { 0 }, prefix + length)
        } else {
            let length = rest
                .find(|it: char| !it.is_ascii_alphabetic())
                .unwrap_or(rest.len());
            let code = match &rest[..length] {
                "lt" => '<',
                "gt" => '>',
                "amp" => '&',
                "quot" => '"',
                _ => '\0',
            };
            (u32::from(code), length)
        };
        if code == 0 {
            return Ok(None);
        }
        self.at += 1 + length;
        self.eat(';');
        char::from_u32(code).map(Some).ok_or_else(|| {
            "Text contains invalid Unicode characters after decoding HTML entities, check for unmatched surrogate code units".to_owned()
        })
    }

    fn end_tag(&mut self, tag: Option<Tag>) -> Result<Tag, String> {
        let begin = self.at;
        let Some(tag) = tag else {
            return Err(format!("Unexpected end tag at byte offset {begin}"));
        };
        self.at += 2;
        let name = self.while_it(|it| !space(it) && it != '>').to_lowercase();
        self.while_it(space);
        if !self.eat('>') {
            return Err(format!("Unclosed end tag at byte offset {begin}"));
        }
        if !name.is_empty() && name != tag.name {
            let wanted = tag.name;
            return Err(format!(
                "Unmatched end tag at byte offset {begin}, expected \"</{wanted}>\", found \"</{name}>\""
            ));
        }
        Ok(tag)
    }

    fn start_tag(&mut self, from: usize) -> Result<Tag, String> {
        let begin = self.at;
        self.at += 1;
        let name = self.while_it(|it| !space(it) && it != '>').to_lowercase();
        if self.done() {
            return Err(format!("Unclosed start tag at byte offset {begin}"));
        }
        if !TAGS.contains(&name.as_str()) {
            return Err(format!(
                "Unsupported start tag \"{name}\" at byte offset {begin}"
            ));
        }
        let mut argument = String::new();
        loop {
            self.while_it(space);
            if self.eat('>') {
                break;
            }
            let (attribute, value) = self.attribute(&name, begin)?;
            match (name.as_str(), attribute, value) {
                ("a", "href", value) => argument = value,
                ("blockquote", "expandable", _) => argument = "expandable".to_owned(),
                ("span", "class", value) => argument = value,
                _ => (),
            }
        }
        if name == "span" && argument != "tg-spoiler" {
            return Err(format!(
                "Tag \"span\" must have class \"tg-spoiler\" at byte offset {begin}"
            ));
        }
        Ok(Tag {
            name,
            argument,
            from,
        })
    }

    fn attribute(&mut self, tag: &str, begin: usize) -> Result<(&'a str, String), String> {
        let unclosed = || format!("Unclosed start tag at byte offset {begin}");
        let unclosed_named = || format!("Unclosed start tag \"{tag}\" at byte offset {begin}");
        let attribute = self.while_it(|it| !space(it) && it != '=' && it != '>');
        if attribute.is_empty() && !self.done() {
            return Err(format!(
                "Empty attribute name in the tag \"{tag}\" at byte offset {begin}"
            ));
        }
        self.while_it(space);
        if self.done() {
            return Err(unclosed_named());
        }
        if !self.eat('=') {
            if (tag, attribute) == ("blockquote", "expandable") {
                return Ok((attribute, String::new()));
            }
            return Err(format!(
                "Expected equal sign in declaration of an attribute of the tag \"{tag}\" at byte offset {begin}"
            ));
        }
        self.while_it(space);
        let mut value = String::new();
        match self.peek() {
            None => return Err(unclosed_named()),
            Some(quote @ ('"' | '\'')) => {
                self.at += 1;
                while !self.eat(quote) {
                    if self.done() {
                        return Err(unclosed());
                    }
                    value.push(self.letter()?);
                }
            }
            Some(_) => {
                let at = self.at;
                let token = |it: char| it.is_ascii_alphanumeric() || it == '.' || it == '-';
                value = self.while_it(token).to_lowercase();
                if self.peek().is_some_and(|it| !space(it) && it != '>') {
                    return Err(format!("Unexpected end of name token at byte offset {at}"));
                }
            }
        }
        if self.done() {
            return Err(unclosed());
        }
        Ok((attribute, value))
    }
}
