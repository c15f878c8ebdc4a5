//! Code as a list of tokens in which constants are folded: joined and escaped strings are written out, `a['b']` is
//! `a.b`, and literals that `atob`, `fromCharCode` and the like decode are decoded. It runs nothing.

use std::collections::HashMap;

use super::lexer::{Kind, Lexer, Token};

/// Most tokens that are read of one piece of code: 64 KiB of minified code have some 25,000.
const TOKENS: usize = 40_000;
/// Most tokens of one expression that are looked at.
const REACH: usize = 400;

/// Folded code.
pub struct Plain<'a> {
    pub tokens: Vec<Token<'a>>,
    /// Index of the other bracket of each bracket; its own index for other tokens, and for brackets without partner.
    pair: Vec<usize>,
    /// Where each name stands, ascending; also the signs of exclusive or.
    places: HashMap<String, Vec<usize>>,
    pub(super) texts: HashMap<String, String>,
    pub(super) lists: HashMap<String, Vec<String>>,
}

impl<'a> Plain<'a> {
    /// Reads and folds code. The work is linear in its length.
    pub fn of(code: &'a str) -> Self {
        let mut plain = Self {
            tokens: Vec::new(),
            pair: Vec::new(),
            places: HashMap::new(),
            texts: HashMap::new(),
            lists: HashMap::new(),
        };
        for token in Lexer::new(code).take(TOKENS) {
            plain.push(token);
        }
        plain.pair = pairs(&plain.tokens);
        plain.places = places(&plain.tokens);
        plain
    }

    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Whether token `at` is this name or sign.
    pub fn is(&self, at: usize, text: &str) -> bool {
        self.tokens
            .get(at)
            .is_some_and(|it| it.kind != Kind::Text && it.text == text)
    }

    /// Whether the tokens from `at` on are these names and signs.
    pub fn runs_as(&self, at: usize, texts: &[&str]) -> bool {
        texts.iter().enumerate().all(|(n, it)| self.is(at + n, it))
    }

    /// The name at `at`.
    pub fn name(&self, at: usize) -> Option<&str> {
        let token = self.tokens.get(at)?;
        (token.kind == Kind::Name).then_some(token.text.as_ref())
    }

    /// The string literal at `at`.
    pub fn text(&self, at: usize) -> Option<&str> {
        let token = self.tokens.get(at)?;
        (token.kind == Kind::Text).then_some(token.text.as_ref())
    }

    /// Indices of the tokens that are this name, ascending.
    pub fn named(&self, name: &str) -> impl Iterator<Item = usize> {
        self.places.get(name).into_iter().flatten().copied()
    }

    /// Indices of the tokens that are one of these names, name by name.
    pub fn any_of(&self, names: &'static [&'static str]) -> impl Iterator<Item = usize> {
        names.iter().flat_map(|it| self.named(it))
    }

    /// Whether the code holds this name outside of strings.
    pub fn has(&self, name: &str) -> bool {
        self.places.contains_key(name)
    }

    /// Whether the code holds one of these names outside of strings.
    pub fn has_any(&self, names: &[&str]) -> bool {
        names.iter().any(|it| self.has(it))
    }

    /// Whether token `at` is one of these names and signs.
    pub fn is_any(&self, at: usize, texts: &[&str]) -> bool {
        texts.iter().any(|it| self.is(at, it))
    }

    /// Whether a string literal satisfies `test`.
    pub fn says(&self, test: impl Fn(&str) -> bool) -> bool {
        (0..self.len()).any(|it| self.text(it).is_some_and(&test))
    }

    /// The bracket that closes the one at `at`; the end of what is looked at if there is none.
    pub fn close(&self, at: usize) -> usize {
        match self.pair.get(at) {
            Some(to) if *to > at => *to,
            _ => (at + REACH).min(self.len()),
        }
    }

    /// The bracket that opens what the one at `at` closes; `at` itself if there is none.
    pub fn open(&self, at: usize) -> usize {
        self.pair.get(at).map_or(at, |it| (*it).min(at))
    }

    /// The end of the expression that begins at `at`: before `;`, `,` or the bracket that closes what it stands in.
    pub fn end(&self, at: usize) -> usize {
        let mut here = at;
        for _ in 0..REACH {
            let Some(token) = self.tokens.get(here) else {
                return self.len();
            };
            if token.kind == Kind::Sign {
                match token.text.as_ref() {
                    ";" | "," | ")" | "]" | "}" => return here,
                    "(" | "[" | "{" => here = self.close(here),
                    _ => (),
                }
            }
            here += 1;
        }
        here.min(self.len())
    }

    /// String literals between two tokens, and those that names there stand for.
    pub fn texts_in(&self, from: usize, to: usize) -> Vec<&str> {
        let mut out = Vec::new();
        for at in from..to.min(self.len()).min(from + REACH) {
            let name = self.name(at).filter(|_| at == 0 || !self.is(at - 1, "."));
            if let Some(text) = self
                .text(at)
                .or_else(|| self.texts.get(name?).map(String::as_str))
            {
                out.push(text);
            } else if let Some(list) = name.and_then(|it| self.lists.get(it)) {
                out.extend(list.iter().take(8).map(String::as_str));
            }
        }
        out
    }
}

fn places(tokens: &[Token]) -> HashMap<String, Vec<usize>> {
    let mut places: HashMap<String, Vec<usize>> = HashMap::new();
    for (at, token) in tokens.iter().enumerate() {
        if token.kind == Kind::Name || token.kind == Kind::Sign && token.text.starts_with('^') {
            match places.get_mut(token.text.as_ref()) {
                Some(known) => known.push(at),
                None => {
                    places.insert(token.text.to_string(), vec![at]);
                }
            }
        }
    }
    places
}

fn pairs(tokens: &[Token]) -> Vec<usize> {
    let mut pair: Vec<usize> = (0..tokens.len()).collect();
    let mut open = Vec::new();
    for (at, token) in tokens
        .iter()
        .enumerate()
        .filter(|it| it.1.kind == Kind::Sign)
    {
        match token.text.as_ref() {
            "(" | "[" | "{" => open.push(at),
            ")" | "]" | "}" => {
                if let Some(from) = open.pop() {
                    pair[from] = at;
                    pair[at] = from;
                }
            }
            _ => (),
        }
    }
    pair
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(code: &str) -> String {
        let plain = Plain::of(code);
        let texts = plain.tokens.iter().map(|it| match it.kind {
            Kind::Text => format!("'{}'", it.text),
            _ => it.text.to_string(),
        });
        texts.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn disguises_are_folded_away() {
        for (code, plain) in [
            ("window['ev'+'al'](\"\\x61\")", "eval ( 'a' )"),
            ("x = atob('cG93ZXJzaGVsbA==')", "x = 'powershell'"),
            ("var k='value';o[k]", "var k = 'value' ; o . value"),
            (
                "var _0x1=['eval','b'];window[_0x1[0]](c)",
                "var _0x1 = [ 'eval' , 'b' ] ; eval ( c )",
            ),
            ("['l','o','c'].join('')", "'loc'"),
            ("'lave'.split('').reverse().join('')", "'eval'"),
            ("f(String.fromCharCode(101,0x76,97,108))", "f ( 'eval' )"),
            ("'e-v'.split('-').join('')", "'ev'"),
            ("/* a */ a // b\n=/x\"y/.test(b)", "a = /x\"y/ . test ( b )"),
            ("`/a?${x.value}&b`", "'/a?' + ( x . value ) + '&b'"),
            ("a?.b", "a . b"),
        ] {
            assert_eq!(folded(code), plain, "{code}");
        }
    }

    #[test]
    fn broken_code_is_read_to_its_end() {
        for code in [
            "'",
            "`${",
            "((((",
            "))))",
            "/[",
            "a['",
            "\\",
            "String.fromCharCode(1",
            "].join('')",
        ] {
            let plain = Plain::of(code);
            for at in 0..plain.len() {
                assert!(plain.close(at) <= plain.len() && plain.end(at) <= plain.len());
            }
        }
    }
}
