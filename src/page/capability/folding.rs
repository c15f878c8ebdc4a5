//! Folds constants while tokens are added to [`Plain`].

use std::borrow::Cow;

use super::{
    lexer::{Kind, Token},
    plain::Plain,
};
use crate::page::script;

/// Longest text that folding makes, in bytes.
const LONGEST: usize = 32 << 10;
/// Most members of a list that is folded at its end.
const MEMBERS: usize = 4000;

/// Functions that decode a text.
const DECODERS: &[&str] = &["atob", "unescape", "decodeURIComponent", "decodeURI"];

/// Words that may stand before a list.
const WORDS: &[&str] = &["return", "typeof", "case", "in", "of", "else", "void"];

impl<'a> Plain<'a> {
    /// Adds a token, and folds what it completes.
    pub(super) fn push(&mut self, token: Token<'a>) {
        if token.kind == Kind::Text {
            return self.push_text(token.text, token.at);
        }
        if token.kind == Kind::Name
            && self.ends_with(&["."])
            && let Some(Token {
                kind: Kind::Name,
                text,
                ..
            }) = self.back(2)
            && ["window", "self", "globalThis"].contains(&text.as_ref())
            && self.back(3).is_none_or(|it| it.text != ".")
        {
            self.tokens.truncate(self.tokens.len() - 2);
        }
        if token.kind == Kind::Sign {
            let folded = match token.text.as_ref() {
                "]" => self.fold_index(),
                ")" => self.fold_call(),
                _ => false,
            };
            if folded {
                return;
            }
            if matches!(token.text.as_ref(), ";" | "," | "}" | ")") {
                self.learn();
            }
        }
        let is_list = token.kind == Kind::Sign && token.text == "]";
        self.tokens.push(token);
        if is_list {
            self.learn_list();
        }
    }

    /// Adds a text; it joins the text before a plus.
    fn push_text(&mut self, text: Cow<'a, str>, at: usize) {
        if self.ends_with(&["+"])
            && let Some(last) = self.tokens.len().checked_sub(2)
            && self.tokens[last].kind == Kind::Text
            && self.tokens[last].text.len() + text.len() <= LONGEST
        {
            self.tokens.pop();
            self.tokens[last].text.to_mut().push_str(&text);
            return;
        }
        let kind = Kind::Text;
        self.tokens.push(Token { kind, text, at });
    }

    /// The token `n` places from the end, 1 being the last.
    fn back(&self, n: usize) -> Option<&Token<'a>> {
        self.tokens.get(self.tokens.len().checked_sub(n)?)
    }

    fn ends_with(&self, texts: &[&str]) -> bool {
        let from = self.tokens.len().checked_sub(texts.len());
        from.is_some_and(|from| self.runs_as(from, texts))
    }

    /// A text, or the text that a name stands for, `n` places from the end.
    fn constant(&self, n: usize) -> Option<String> {
        let token = self.back(n)?;
        match token.kind {
            Kind::Text => Some(token.text.to_string()),
            Kind::Name => self.texts.get(token.text.as_ref()).cloned(),
            _ => None,
        }
    }

    /// `a['b']` → `a.b`; `list[3]` → its text. Called before the closing bracket is added.
    fn fold_index(&mut self) -> bool {
        if !self
            .back(2)
            .is_some_and(|it| it.kind == Kind::Sign && it.text == "[")
        {
            return false;
        }
        let (Some(object), Some(index)) = (self.back(3), self.back(1)) else {
            return false;
        };
        let at = object.at;
        let is_object = object.kind == Kind::Name && !WORDS.contains(&&*object.text)
            || object.kind == Kind::Sign && [")", "]"].contains(&&*object.text);
        if object.kind == Kind::Name
            && index.kind == Kind::Number
            && let Some(list) = self.lists.get(object.text.as_ref())
            && let Some(text) = number(&index.text).and_then(|it| list.get(it as usize))
        {
            let text = text.clone();
            self.tokens.truncate(self.tokens.len() - 3);
            // `o[list[3]]` is folded once more by its own bracket
            self.push_text(Cow::Owned(text), at);
            return true;
        }
        let Some(name) = self.constant(1).filter(|it| is_object && is_name(it)) else {
            return false;
        };
        self.tokens.truncate(self.tokens.len() - 2);
        let sign = Cow::Borrowed(".");
        self.tokens.push(Token {
            kind: Kind::Sign,
            text: sign,
            at,
        });
        self.push(Token {
            kind: Kind::Name,
            text: Cow::Owned(name),
            at,
        });
        true
    }

    /// Folds calls on constants. Called before the closing bracket is added.
    fn fold_call(&mut self) -> bool {
        let Some((drop, text)) = self.called() else {
            return false;
        };
        if text.len() > LONGEST {
            return false;
        }
        let from = self.tokens.len() - drop;
        let at = self.tokens[from].at;
        self.tokens.truncate(from);
        self.push_text(Cow::Owned(text), at);
        true
    }

    /// How many tokens at the end make a call on constants, and its result.
    fn called(&self) -> Option<(usize, String)> {
        if let Some(codes) = self.codes() {
            return Some(codes);
        }
        if let Some(joined) = self.joined() {
            return Some(joined);
        }
        let opens = |n: usize| {
            self.back(n)
                .is_some_and(|it| it.kind == Kind::Sign && it.text == "(")
        };
        if !opens(2) {
            return None;
        }
        let text = self.constant(1)?;
        let before = self.back(3);
        match before {
            Some(it) if it.kind == Kind::Name && DECODERS.contains(&it.text.as_ref()) => {
                let plain = match it.text.as_ref() {
                    "atob" => script::unpacked(&text)?,
                    _ => script::percent(&text).unwrap_or(text),
                };
                Some((3, plain))
            }
            Some(it) if it.kind == Kind::Name && it.text == "concat" => {
                let whole = self.back(5).filter(|it| it.kind == Kind::Text)?;
                Some((5, format!("{}{text}", whole.text)))
            }
            Some(it)
                if it.kind == Kind::Name
                    || it.kind == Kind::Sign && [")", "]"].contains(&&*it.text) =>
            {
                None
            }
            _ if self.back(1).is_some_and(|it| it.kind == Kind::Text) => Some((2, text)),
            _ => None,
        }
    }

    /// `String.fromCharCode(104, 116, …)`.
    fn codes(&self) -> Option<(usize, String)> {
        if self.back(1)?.kind != Kind::Number {
            return None;
        }
        let mut letters = Vec::new();
        let mut n = 1;
        loop {
            let token = self.back(n)?;
            match token.kind {
                Kind::Number => letters.push(char::from_u32(number(&token.text)?)?),
                Kind::Sign if token.text == "," => (),
                Kind::Sign if token.text == "(" => break,
                _ => return None,
            }
            n += 1;
            if n > MEMBERS {
                return None;
            }
        }
        let made = self.back(n + 1)?.text == "fromCharCode" && self.back(n + 2)?.text == ".";
        let text = letters.into_iter().rev().collect();
        made.then_some((n + 3, text))
    }

    /// `['a', 'b'].join('')`, `'b-a'.split('-').join('')` and `'ba'.split('').reverse().join('')`.
    fn joined(&self) -> Option<(usize, String)> {
        let glue = self
            .back(1)
            .filter(|it| it.kind == Kind::Text)?
            .text
            .to_string();
        if !(self.back(2)?.text == "(" && self.back(3)?.text == "join" && self.back(4)?.text == ".")
        {
            return None;
        }
        if self.back(5)?.text == "]" {
            let mut parts: Vec<&str> = Vec::new();
            let mut n = 6;
            loop {
                let token = self.back(n)?;
                match token.kind {
                    Kind::Text => parts.push(&token.text),
                    Kind::Sign if token.text == "," => (),
                    Kind::Sign if token.text == "[" => break,
                    _ => return None,
                }
                n += 1;
                if n > MEMBERS {
                    return None;
                }
            }
            parts.reverse();
            return Some((n, parts.join(&glue)));
        }
        let turned = self.back(5)?.text == ")" && self.back(7)?.text == "reverse";
        let n = if turned { 9 } else { 5 };
        let is_split = self.back(n)?.text == ")" && self.back(n + 3)?.text == "split";
        let (by, whole) = (self.back(n + 1)?, self.back(n + 5)?);
        if !is_split || by.kind != Kind::Text || whole.kind != Kind::Text {
            return None;
        }
        let mut parts: Vec<String> = if by.text.is_empty() {
            whole.text.chars().map(String::from).collect()
        } else {
            whole
                .text
                .split(by.text.as_ref())
                .map(str::to_owned)
                .collect()
        };
        if turned {
            parts.reverse();
        }
        Some((n + 5, parts.join(&glue)))
    }

    /// Remembers `name = 'text'` and `name += 'text'`.
    fn learn(&mut self) {
        let (Some(name), Some(sign), Some(text)) = (self.back(3), self.back(2), self.back(1))
        else {
            return;
        };
        // a property belongs to one object: its name says little
        let property = self.back(4).is_some_and(|it| it.text == ".");
        if property || name.kind != Kind::Name || text.kind != Kind::Text || sign.kind != Kind::Sign
        {
            return;
        }
        let (name, text) = (name.text.to_string(), text.text.to_string());
        match sign.text.as_ref() {
            "=" => {
                self.texts.insert(name, text);
            }
            "+=" => {
                let whole = self.texts.entry(name).or_default();
                if whole.len() + text.len() <= LONGEST {
                    whole.push_str(&text);
                }
            }
            _ => (),
        }
    }

    /// Remembers `name = ['a', 'b']`.
    fn learn_list(&mut self) {
        let mut list = Vec::new();
        let mut n = 2;
        loop {
            let Some(token) = self.back(n) else { return };
            match token.kind {
                Kind::Text => list.push(token.text.to_string()),
                Kind::Sign if token.text == "," => (),
                Kind::Sign if token.text == "[" => break,
                _ => return,
            }
            n += 1;
            if n > MEMBERS {
                return;
            }
        }
        let named = self.back(n + 1).is_some_and(|it| it.text == "=");
        if let Some(name) = self.back(n + 2).filter(|it| named && it.kind == Kind::Name) {
            let name = name.text.to_string();
            list.reverse();
            self.lists.insert(name, list);
        }
    }
}

/// A number as written in code.
fn number(text: &str) -> Option<u32> {
    match text.strip_prefix("0x").or(text.strip_prefix("0X")) {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 64
        && text
            .chars()
            .all(|it| it.is_alphanumeric() || it == '_' || it == '$')
}
