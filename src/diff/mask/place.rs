//! Where a number or a token may vary: not where it is a word to read, code to run, or part of where something leads.

/// Numbers in a list of more than this are data or character codes.
const LIST: usize = 3;

/// Where in a piece something stands.
enum Spot<'a> {
    /// Between tags: text, or the lines of a script or a style sheet.
    Text,
    /// In the quoted value of an attribute, after these bytes of it.
    Value { name: Vec<u8>, before: &'a [u8] },
    /// In a tag, and not in a quoted value.
    Tag,
}

/// Follows quotes from the beginning of the piece, as a browser does.
fn spot(piece: &[u8], at: usize) -> Spot<'_> {
    if piece.first() != Some(&b'<') {
        return Spot::Text;
    }
    let mut quote: Option<(u8, usize)> = None;
    for (n, byte) in piece[..at].iter().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Spot::Text,
            (None, b'"' | b'\'') => quote = Some((*byte, n)),
            (Some((open, _)), byte) if open == *byte => quote = None,
            _ => (),
        }
    }
    let Some((_, open)) = quote else {
        return Spot::Tag;
    };
    let Some(head) = piece[..open].trim_ascii_end().strip_suffix(b"=") else {
        return Spot::Tag;
    };
    let name = head
        .trim_ascii_end()
        .rsplit(|it| !(it.is_ascii_alphanumeric() || matches!(it, b'-' | b'_' | b':')))
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    Spot::Value {
        name,
        before: &piece[open + 1..at],
    }
}

fn lower(piece: &[u8]) -> Vec<u8> {
    piece.to_ascii_lowercase()
}

fn holds(piece: &[u8], word: &[u8]) -> bool {
    piece.windows(word.len()).any(|it| it == word)
}

/// Whether the attribute's value is kept by the page and never shown or followed: hidden inputs, tokens in meta elements.
fn is_kept_only(piece: &[u8], name: &[u8]) -> bool {
    let piece = lower(piece);
    let hidden = piece.starts_with(b"<input") && holds(&piece, b"hidden");
    let token = [b"csrf".as_slice(), b"token", b"nonce", b"request-id"]
        .iter()
        .any(|it| holds(&piece, it));
    match name {
        b"value" => hidden,
        b"content" => piece.starts_with(b"<meta") && token,
        b"nonce" => true,
        _ => false,
    }
}

/// In the query of an address of this portal or another, behind its host and path; not in data or code.
fn is_in_query(name: &[u8], before: &[u8]) -> bool {
    let leads = matches!(
        name,
        b"href" | b"src" | b"action" | b"content" | b"data-src"
    );
    let value = lower(before);
    let scheme = value.iter().position(|it| *it == b':');
    let query = value.iter().position(|it| *it == b'?');
    let good = scheme.is_none_or(|at| {
        matches!(&value[..at], b"http" | b"https") || query.is_some_and(|it| it < at)
    });
    leads && good && (query.is_some() || holds(&value, b";jsessionid="))
}

/// Whether the digits `piece[from..to]` only count something: a time, a visitor, a version in a query.
pub fn may_count(piece: &[u8], from: usize, to: usize) -> bool {
    let (before, after) = (&piece[..from], &piece[to..]);
    let (last, next) = (before.last().copied(), after.first().copied());
    // 10h30 is a time
    let hour = |it: Option<u8>| it.is_some_and(|it| b"hHgG".contains(&it));
    let digit = |it: Option<&u8>| it.is_some_and(u8::is_ascii_digit);
    let beside =
        |it: Option<u8>| it.is_some_and(|it| it.is_ascii_alphabetic() || b"_-\\%&#@".contains(&it));
    if beside(last) && !(hour(last) && digit(before.iter().nth_back(1))) && !is_date(before, true) {
        return false;
    }
    if beside(next) && !(hour(next)) && !is_date(after, false) {
        return false;
    }
    // a host's name goes on, or an address of numbers
    if next == Some(b'.') && after.get(1).is_some_and(u8::is_ascii_alphabetic) {
        return false;
    }
    if next == Some(b'/') && !digit(after.get(1)) && !after.is_empty() && after.get(1).is_some() {
        return false;
    }
    if dots(piece, from, to) == 3 || in_list(before, after) {
        return false;
    }
    match spot(piece, from) {
        Spot::Text => {
            let code = piece.starts_with(b"<style")
                || piece.iter().any(|it| matches!(it, b'{' | b'}' | b';'));
            let named = before.trim_ascii_end().strip_suffix(b":");
            let property = named.is_some_and(|it| {
                it.last()
                    .is_some_and(|it| it.is_ascii_alphabetic() || *it == b'-')
            });
            !(names_a_host(before) || code && property)
        }
        Spot::Value { name, before } => {
            let query = is_in_query(&name, before);
            let plain = matches!(name.as_slice(), b"datetime" | b"title" | b"alt")
                || is_kept_only(piece, &name);
            query || plain
        }
        Spot::Tag => false,
    }
}

/// `-` between two numbers: a date.
fn is_date(bytes: &[u8], backwards: bool) -> bool {
    let two = if backwards {
        bytes.iter().rev().take(2).copied().collect::<Vec<u8>>()
    } else {
        bytes.iter().take(2).copied().collect()
    };
    matches!(two.as_slice(), [b'-', digit] if digit.is_ascii_digit())
}

/// Dots in the run of digits, dots and colons around.
fn dots(piece: &[u8], from: usize, to: usize) -> usize {
    let inside = |it: &&u8| it.is_ascii_digit() || matches!(it, b'.' | b':');
    let count = |it: &u8| usize::from(*it == b'.');
    let before: usize = piece[..from]
        .iter()
        .rev()
        .take(24)
        .take_while(inside)
        .map(count)
        .sum();
    let after: usize = piece[to..]
        .iter()
        .take(24)
        .take_while(inside)
        .map(count)
        .sum();
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

/// Whether a token may stand at `piece[from..to]`: kept by the page, in a query, or a whole string of hexadecimal digits.
pub fn may_be_token(piece: &[u8], from: usize, to: usize, hex: bool, path: bool) -> bool {
    match spot(piece, from) {
        Spot::Value { name, before } => {
            is_kept_only(piece, &name) || (!path && is_in_query(&name, before))
        }
        Spot::Text => {
            let (last, next) = (piece[..from].last(), piece.get(to));
            let quoted = matches!(last, Some(b'"' | b'\'')) && last == next;
            hex && quoted && to - from <= 64
        }
        Spot::Tag => false,
    }
}

/// The bytes before a slot are looked at so far back.
const NEAR: usize = 300;

/// Whether a host's name stands here: whoever may change it leads visitors away.
fn names_a_host(before: &[u8]) -> bool {
    let near: Vec<u8> = before[before.len().saturating_sub(NEAR)..]
        .iter()
        .copied()
        .filter(|it| *it != b'\\')
        .collect();
    let Some(at) = near.windows(2).rposition(|it| it == b"//") else {
        return false;
    };
    !near[at + 2..]
        .iter()
        .any(|it| it.is_ascii_whitespace() || b"/?#\"'<>&;,)".contains(it))
}
