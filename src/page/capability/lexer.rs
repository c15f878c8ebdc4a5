//! Splits code into names, texts, numbers and signs. Comments and blanks are left out.

use std::borrow::Cow;

use crate::page::script;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Name,
    /// A string literal, with its escapes undone.
    Text,
    Number,
    Sign,
    /// A regular expression, as written.
    Pattern,
}

#[derive(Clone, Debug)]
pub struct Token<'a> {
    pub kind: Kind,
    pub text: Cow<'a, str>,
    /// Offset in the code, in bytes.
    pub at: usize,
}

/// Signs of several characters, longest first.
const SIGNS: &[&str] = &[
    "===", "!==", "...", "=>", "==", "!=", "+=", "-=", "^=", "<=", ">=", "&&", "||", "??", "++",
    "--",
];
/// Most templates inside templates.
const DEEPEST: usize = 16;

/// The tokens of a piece of code. The holes of a template are given as code in brackets: `` `a${b}` `` is `'a' + (b)`.
pub struct Lexer<'a> {
    code: &'a str,
    at: usize,
    /// Whether a slash here begins a regular expression.
    operand: bool,
    /// Open braces inside each open hole of a template.
    holes: Vec<usize>,
    /// Tokens that are given next, last first.
    next: Vec<Token<'a>>,
}

impl<'a> Lexer<'a> {
    pub fn new(code: &'a str) -> Self {
        Self {
            code,
            at: 0,
            operand: true,
            holes: Vec::new(),
            next: Vec::new(),
        }
    }

    fn sign(&self, text: &'static str) -> Token<'a> {
        Token {
            kind: Kind::Sign,
            text: Cow::Borrowed(text),
            at: self.at,
        }
    }

    /// Skips blanks and comments.
    fn skip(&mut self) {
        loop {
            let rest = &self.code[self.at..];
            let bare = rest.trim_start();
            self.at += rest.len() - bare.len();
            let end = if bare.starts_with("//") || bare.starts_with("<!--") {
                bare.find('\n')
            } else if bare.starts_with("/*") {
                bare.find("*/").map(|it| it + 2)
            } else {
                return;
            };
            self.at += end.unwrap_or(bare.len());
        }
    }

    /// A literal up to `quote`, from behind its first quote; also ends at a hole if the quote is a backtick.
    fn literal(&mut self, quote: char) -> (Token<'a>, bool) {
        let from = self.at;
        let mut text = Cow::Borrowed("");
        let mut chars = self.code[from..].char_indices().peekable();
        let mut hole = false;
        let mut end = self.code.len();
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => {
                    script::escape(&mut chars, text.to_mut());
                }
                it if it == quote || it == '\n' && quote != '`' => {
                    end = from + at + it.len_utf8();
                    break;
                }
                '$' if quote == '`' && matches!(chars.peek(), Some((_, '{'))) => {
                    hole = true;
                    end = from + at + 2;
                    break;
                }
                it => match &mut text {
                    // a literal without escapes is borrowed from the code
                    Cow::Borrowed(plain) => {
                        let here = from + at + it.len_utf8();
                        if plain.len() == at {
                            *plain = &self.code[from..here];
                        }
                    }
                    Cow::Owned(text) => text.push(it),
                },
            }
        }
        self.at = end;
        self.operand = false;
        let kind = Kind::Text;
        (
            Token {
                kind,
                text,
                at: from,
            },
            hole,
        )
    }

    /// A template from behind its backtick, or from behind one of its holes.
    fn template(&mut self) -> Token<'a> {
        let (token, hole) = self.literal('`');
        if hole && self.holes.len() < DEEPEST {
            self.holes.push(0);
            self.operand = true;
            self.next = vec![self.sign("("), self.sign("+")];
        }
        token
    }

    fn pattern(&mut self) -> Token<'a> {
        let from = self.at;
        let mut class = false;
        let mut escaped = false;
        let mut end = self.code.len();
        for (at, c) in self.code[from..].char_indices().skip(1) {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '[' => class = true,
                ']' => class = false,
                '/' if !class => {
                    end = from + at + 1;
                    break;
                }
                '\n' => {
                    end = from + at;
                    break;
                }
                _ => (),
            }
        }
        let flags = self.code[end..].find(|it: char| !it.is_ascii_alphabetic());
        let flags = flags.unwrap_or(self.code.len() - end);
        self.at = end + flags;
        self.operand = false;
        Token {
            kind: Kind::Pattern,
            text: Cow::Borrowed(&self.code[from..end]),
            at: from,
        }
    }

    fn word(&mut self) -> Token<'a> {
        let from = self.at;
        let rest = &self.code[from..];
        let len = rest.find(|it| !is_letter(it)).unwrap_or(rest.len());
        self.at += len;
        let text = &rest[..len];
        let kind = if text.starts_with(|it: char| it.is_ascii_digit()) {
            Kind::Number
        } else {
            Kind::Name
        };
        self.operand = ["return", "typeof", "case", "in", "of", "else", "void"].contains(&text);
        Token {
            kind,
            text: Cow::Borrowed(text),
            at: from,
        }
    }
}

fn is_letter(it: char) -> bool {
    it.is_alphanumeric() || it == '_' || it == '$'
}

impl<'a> Iterator for Lexer<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        if let Some(token) = self.next.pop() {
            return Some(token);
        }
        let before = self.at;
        self.skip();
        let rest = &self.code[self.at..];
        let c = rest.chars().next()?;
        let from = self.at;
        // a line that begins with a name after a whole expression is a statement of its own
        if !self.operand && is_letter(c) && self.code[before..from].contains('\n') {
            self.operand = true;
            return Some(self.sign(";"));
        }
        match c {
            '"' | '\'' => {
                self.at += 1;
                return Some(self.literal(c).0);
            }
            '`' => {
                self.at += 1;
                return Some(self.template());
            }
            '/' if self.operand => return Some(self.pattern()),
            it if is_letter(it) => return Some(self.word()),
            '{' => {
                if let Some(open) = self.holes.last_mut() {
                    *open += 1;
                }
            }
            '}' => match self.holes.last_mut() {
                Some(0) => {
                    self.holes.pop();
                    self.at += 1;
                    let text = self.template();
                    self.next.push(text);
                    self.next.push(self.sign("+"));
                    return Some(self.sign(")"));
                }
                Some(open) => *open -= 1,
                None => (),
            },
            _ => (),
        }
        if rest.starts_with("?.") {
            self.at += 2;
            return Some(self.sign("."));
        }
        let len = SIGNS
            .iter()
            .find(|it| rest.starts_with(**it))
            .map_or(c.len_utf8(), |it| it.len());
        self.at += len;
        self.operand = !matches!(c, ')' | ']' | '}');
        Some(Token {
            kind: Kind::Sign,
            text: Cow::Borrowed(&rest[..len]),
            at: from,
        })
    }
}
