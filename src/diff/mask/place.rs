//! Where a number or a token may vary: not in a displayed word, in code, or in the part of an address that decides its
//! target.

use crate::page::cancel;

/// A list of more numbers than this is data or character codes.
const LIST: usize = 3;

/// Bytes after `//` in which a number may belong to a host name; every host name has ended by then.
const NEAR: usize = 300;

/// The kind of place that the scan has reached.
enum Spot {
    /// Between tags: text, or the lines of a script or a style sheet.
    Text,
    /// Inside a tag, outside of quoted attribute values.
    Tag,
    Value(Value),
}

/// The quoted value of an attribute, up to the byte that the scan has reached.
struct Value {
    quote: u8,
    from: usize,
    /// Whether the attribute is text for people (`datetime`, `title`, `alt`), never an address that a browser follows.
    told: bool,
    /// Whether the value is neither shown nor followed: values of hidden inputs, tokens in meta elements.
    kept: bool,
    /// Whether the attribute may hold an address.
    leads: bool,
    /// Index of the colon after an address's scheme, and whether the scheme is one of the web; then the index of its
    /// query.
    colon: Option<(usize, bool)>,
    query: Option<usize>,
    session: bool,
}

impl Value {
    fn take(&mut self, piece: &[u8], at: usize) {
        match piece[at] {
            b':' if self.colon.is_none() => {
                let scheme = &piece[self.from..at];
                let web = [b"http".as_slice(), b"https"]
                    .iter()
                    .any(|it| scheme.eq_ignore_ascii_case(it));
                self.colon = Some((at, web));
            }
            b'?' if self.query.is_none() => self.query = Some(at),
            b'=' if !self.session => {
                const SESSION: &[u8] = b";jsessionid";
                let before = &piece[self.from..at];
                self.session = before
                    .len()
                    .checked_sub(SESSION.len())
                    .is_some_and(|it| before[it..].eq_ignore_ascii_case(SESSION));
            }
            _ => (),
        }
    }

    /// Whether the scan is in the query of an address, after host and path, and not in a `data:` or script URL.
    fn is_query(&self) -> bool {
        let good = self
            .colon
            .is_none_or(|(at, web)| web || self.query.is_some_and(|it| it < at));
        self.leads && good && (self.query.is_some() || self.session)
    }
}

/// A piece of markup that answers questions about places in ascending order. The scan passes each byte once, for any
/// number of questions.
pub struct Markup<'a> {
    bytes: &'a [u8],
    /// The scan has passed all bytes before this one.
    at: usize,
    spot: Spot,
    /// Index of the last `//`, if no byte has ended the host name since.
    host: Option<usize>,
    /// The last byte other than a backslash, and its index.
    last: Option<(u8, usize)>,
    /// Answers computed on demand: whether the piece is code, a hidden input, a meta element with a token.
    code: Option<bool>,
    hidden: Option<bool>,
    token: Option<bool>,
}

impl<'a> Markup<'a> {
    /// Starts the scan at the beginning of a piece.
    pub fn new(bytes: &'a [u8]) -> Self {
        let spot = match bytes.first() {
            Some(b'<') => Spot::Tag,
            _ => Spot::Text,
        };
        Self {
            bytes,
            at: 0,
            spot,
            host: None,
            last: None,
            code: None,
            hidden: None,
            token: None,
        }
    }

    /// Scans up to `to`, and follows quotes and host names as a browser does.
    fn advance(&mut self, to: usize) {
        if to < self.at {
            *self = Self::new(self.bytes);
        }
        cancel::step(to - self.at);
        for at in self.at..to {
            let byte = self.bytes[at];
            self.follow_host(byte, at);
            match &mut self.spot {
                Spot::Text => (),
                Spot::Value(value) if value.quote == byte => self.spot = Spot::Tag,
                Spot::Value(value) => value.take(self.bytes, at),
                Spot::Tag if byte == b'>' => self.spot = Spot::Text,
                Spot::Tag if matches!(byte, b'"' | b'\'') => self.spot = self.opened(byte, at),
                Spot::Tag => (),
            }
        }
        self.at = to;
    }

    fn follow_host(&mut self, byte: u8, at: usize) {
        if byte == b'\\' {
            return;
        }
        match self.last {
            Some((b'/', before)) if byte == b'/' => self.host = Some(before),
            _ if byte.is_ascii_whitespace() || b"/?#\"'<>&;,)".contains(&byte) => self.host = None,
            _ => (),
        }
        self.last = Some((byte, at));
    }

    /// The value that the quote at `at` opens. Without a `=` before it, nothing in the value may vary.
    fn opened(&mut self, quote: u8, at: usize) -> Spot {
        let head = self.bytes[..at].trim_ascii_end();
        let head = head.strip_suffix(b"=");
        let name = head
            .unwrap_or_default()
            .trim_ascii_end()
            .rsplit(|it| !(it.is_ascii_alphanumeric() || matches!(it, b'-' | b'_' | b':')))
            .next()
            .unwrap_or_default();
        let is = |names: &[&str]| {
            names
                .iter()
                .any(|it| name.eq_ignore_ascii_case(it.as_bytes()))
        };
        let kept = is(&["nonce"])
            || is(&["value"]) && self.is_hidden_input()
            || is(&["content"]) && self.is_token_meta();
        Spot::Value(Value {
            quote,
            from: at + 1,
            told: is(&["datetime", "title", "alt"]),
            kept,
            leads: is(&["href", "src", "action", "content", "data-src"]),
            colon: None,
            query: None,
            session: false,
        })
    }

    fn begins(&self, with: &[u8]) -> bool {
        self.bytes
            .get(..with.len())
            .is_some_and(|it| it.eq_ignore_ascii_case(with))
    }

    fn holds(&self, word: &[u8]) -> bool {
        cancel::step(self.bytes.len());
        let mut all = self.bytes.windows(word.len());
        all.any(|it| it.eq_ignore_ascii_case(word))
    }

    fn is_hidden_input(&mut self) -> bool {
        let known = self.hidden;
        let found = known.unwrap_or_else(|| self.begins(b"<input") && self.holds(b"hidden"));
        *self.hidden.insert(found)
    }

    fn is_token_meta(&mut self) -> bool {
        const TOKENS: [&[u8]; 4] = [b"csrf", b"token", b"nonce", b"request-id"];
        let known = self.token;
        let found = known
            .unwrap_or_else(|| self.begins(b"<meta") && TOKENS.iter().any(|it| self.holds(it)));
        *self.token.insert(found)
    }

    fn is_code(&mut self) -> bool {
        let bytes = self.bytes;
        *self.code.get_or_insert_with(|| {
            cancel::step(bytes.len());
            bytes.starts_with(b"<style") || bytes.iter().any(|it| matches!(it, b'{' | b'}' | b';'))
        })
    }

    /// Whether a host name may reach up to `at`: a number in it must not vary, since that would change where visitors
    /// go.
    fn names_a_host(&self, at: usize) -> bool {
        self.host.is_some_and(|it| it + NEAR >= at)
    }

    /// Whether the digits from `from` to `to` only count something: a time, a number of visitors, a version in a query.
    pub fn may_count(&mut self, from: usize, to: usize) -> bool {
        let (before, after) = (&self.bytes[..from], &self.bytes[to..]);
        let (last, next) = (before.last().copied(), after.first().copied());
        // 10h30 or 10g30 is a time in Vietnamese
        let hour = |it: Option<u8>| it.is_some_and(|it| b"hHgG".contains(&it));
        let digit = |it: Option<&u8>| it.is_some_and(u8::is_ascii_digit);
        let beside = |it: Option<u8>| {
            it.is_some_and(|it| it.is_ascii_alphabetic() || b"_-\\%&#@".contains(&it))
        };
        if beside(last)
            && !(hour(last) && digit(before.iter().nth_back(1)))
            && !is_date(before, true)
        {
            return false;
        }
        if beside(next) && !(hour(next)) && !is_date(after, false) {
            return false;
        }
        // part of a host name or of an IP address
        if next == Some(b'.') && after.get(1).is_some_and(u8::is_ascii_alphabetic) {
            return false;
        }
        if next == Some(b'/') && !digit(after.get(1)) && after.get(1).is_some() {
            return false;
        }
        if dots(before, after) == 3 || in_list(before, after) {
            return false;
        }
        self.advance(from);
        match &self.spot {
            Spot::Text => {
                let named = before.trim_ascii_end().strip_suffix(b":");
                let property = named.is_some_and(|it| {
                    it.last()
                        .is_some_and(|it| it.is_ascii_alphabetic() || *it == b'-')
                });
                !(self.names_a_host(from) || property && self.is_code())
            }
            Spot::Value(value) => value.is_query() || value.told || value.kept,
            Spot::Tag => false,
        }
    }

    /// Whether the bytes from `from` to `to` may be a token: in a value that is neither shown nor followed, in a query,
    /// or as a whole quoted string of hexadecimal digits.
    pub fn may_be_token(&mut self, from: usize, to: usize, hex: bool, path: bool) -> bool {
        self.advance(from);
        match &self.spot {
            Spot::Value(value) => value.kept || (!path && value.is_query()),
            Spot::Text => {
                let (last, next) = (self.bytes[..from].last(), self.bytes.get(to));
                let quoted = matches!(last, Some(b'"' | b'\'')) && last == next;
                hex && quoted && to - from <= 64
            }
            Spot::Tag => false,
        }
    }
}

/// Whether a `-` connects two numbers, as in a date.
fn is_date(bytes: &[u8], backwards: bool) -> bool {
    let two = match bytes {
        [.., second, first] if backwards => Some((first, second)),
        [first, second, ..] if !backwards => Some((first, second)),
        _ => None,
    };
    two.is_some_and(|(sign, digit)| *sign == b'-' && digit.is_ascii_digit())
}

/// Number of dots in the digits, dots and colons around a place.
fn dots(before: &[u8], after: &[u8]) -> usize {
    let inside = |it: &&u8| it.is_ascii_digit() || matches!(it, b'.' | b':');
    let count = |it: &u8| usize::from(*it == b'.');
    let before: usize = before
        .iter()
        .rev()
        .take(24)
        .take_while(inside)
        .map(count)
        .sum();
    let after: usize = after.iter().take(24).take_while(inside).map(count).sum();
    before + after
}

fn in_list(before: &[u8], after: &[u8]) -> bool {
    let inside = |it: &&u8| it.is_ascii_digit() || matches!(it, b',' | b' ');
    let count = |it: &u8| usize::from(*it == b',');
    let before: usize = before
        .iter()
        .rev()
        .take(60)
        .take_while(inside)
        .map(count)
        .sum();
    let after: usize = after.iter().take(60).take_while(inside).map(count).sum();
    before + after >= LIST
}
