//! What a slot lets through: numbers and tokens within the bounds that were seen, pieces that were seen.

use super::{MOST_PIECES, pieces};
use crate::model::mask::{Alphabet, Slot};

/// Longer than any counter or time stamp in nanoseconds.
const LONGEST_NUMBER: usize = 20;
/// A run in an alphabet that is shorter than this is a word.
const SHORTEST_TOKEN: usize = 8;

impl Alphabet {
    pub(super) fn has(self, byte: u8) -> bool {
        match self {
            Self::Digits => byte.is_ascii_digit(),
            Self::Hex => byte.is_ascii_hexdigit(),
            Self::Alphanumeric => byte.is_ascii_alphanumeric(),
            Self::Name => byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'),
            Self::Base64 => byte.is_ascii_alphanumeric() || b"+/=-_%".contains(&byte),
        }
    }

    /// Length of the run at the beginning.
    fn run(self, bytes: &[u8]) -> usize {
        bytes
            .iter()
            .position(|it| !self.has(*it))
            .unwrap_or(bytes.len())
    }
}

impl Slot {
    /// A slot for what stood at one place after `before` in each look; `None` where it must not vary.
    pub(super) fn of(of: Alphabet, before: &[u8], seen: &[&[u8]]) -> Option<Self> {
        let (least, most) = (
            seen.iter().map(|it| it.len()).min()?,
            seen.iter().map(|it| it.len()).max()?,
        );
        let all = |of: Alphabet| seen.iter().all(|it| it.iter().all(|byte| of.has(*byte)));
        if names_a_host(before) {
            return None;
        }
        if all(Alphabet::Digits) && most <= LONGEST_NUMBER {
            let most = LONGEST_NUMBER.min(most + 1);
            return (least > 0).then_some(Self::Number { most });
        }
        let hex = all(Alphabet::Hex);
        let of = if hex && of == Alphabet::Alphanumeric {
            Alphabet::Hex
        } else {
            of
        };
        let digits = |it: &[u8]| it.iter().filter(|byte| byte.is_ascii_digit()).count();
        let fewest = seen.iter().map(|it| digits(it)).min()?;
        let sum: usize = seen.iter().map(|it| digits(it)).sum();
        let bytes: usize = seen.iter().map(|it| it.len()).sum();
        let random = least >= SHORTEST_TOKEN && sum * 20 >= bytes;
        let apart = hex || is_apart(before);
        (of != Alphabet::Digits && random && apart).then_some(Self::Token {
            of,
            least,
            most,
            digits: fewest / 2,
        })
    }

    /// How many bytes of `rest` belong to the slot; `None` where they are not what it lets through.
    pub(super) fn length(&self, rest: &[u8]) -> Option<usize> {
        match self {
            Self::Number { most } => {
                let n = Alphabet::Digits.run(&rest[..rest.len().min(most + 1)]);
                (1..=*most).contains(&n).then_some(n)
            }
            Self::Token {
                of,
                least,
                most,
                digits,
            } => {
                let (least, most) = bounds(*least, *most);
                let n = of.run(&rest[..rest.len().min(most + 1)]);
                let found = rest[..n].iter().filter(|it| it.is_ascii_digit()).count();
                ((least..=most).contains(&n) && found >= *digits).then_some(n)
            }
            Self::Pieces { known, most, .. } => {
                let mut taken = 0;
                for _ in 0..*most {
                    let next = &rest[taken..];
                    if next.is_empty() {
                        break;
                    }
                    let piece = &next[..pieces::first(next)];
                    if known.binary_search(&pieces::key(piece)).is_err() {
                        break;
                    }
                    taken += piece.len();
                }
                Some(taken)
            }
        }
    }

    /// Takes over pieces that were known before the same piece.
    pub(super) fn join(&mut self, earlier: &Self) {
        if let (
            Self::Pieces { known, most, stop },
            Self::Pieces {
                known: also,
                most: as_many,
                stop: same,
            },
        ) = (self, earlier)
            && stop == same
            && stop.is_some()
        {
            known.extend(also);
            known.sort_unstable();
            known.dedup();
            known.truncate(MOST_PIECES);
            *most = (*most).max(*as_many);
        }
    }

    /// The same, and lets through what is there from now on. Only for pages that nothing is said against.
    pub(super) fn widen(&mut self, rest: &[u8]) -> Option<usize> {
        let Self::Pieces { known, most, stop } = self else {
            return self.length(rest);
        };
        let (mut taken, mut count) = (0, 0);
        for piece in pieces::pieces(rest) {
            let key = pieces::key(piece);
            if Some(key) == *stop {
                break;
            }
            if let Err(at) = known.binary_search(&key) {
                if known.len() >= MOST_PIECES {
                    return None;
                }
                known.insert(at, key);
            }
            taken += piece.len();
            count += 1;
        }
        *most = (*most).max(count);
        Some(taken)
    }
}

/// A token whose length never varied has that length; another may be a quarter shorter or longer.
fn bounds(least: usize, most: usize) -> (usize, usize) {
    if least == most {
        (least, most)
    } else {
        (least - least / 4, most + most / 4)
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

/// Whether a token may stand here: within quotes, not in code or style, and in an address only where its query is.
fn is_apart(before: &[u8]) -> bool {
    let near = &before[before.len().saturating_sub(NEAR)..];
    let Some(open) = near
        .iter()
        .rposition(|it| matches!(it, b'"' | b'\'' | b'>'))
    else {
        return false;
    };
    if near[open] == b'>' {
        return false;
    }
    let head = near[..open].trim_ascii_end();
    let Some(head) = head.strip_suffix(b"=") else {
        // within a script, say: a string
        return true;
    };
    let name: Vec<u8> = head
        .trim_ascii_end()
        .rsplit(|it| !(it.is_ascii_alphanumeric() || matches!(it, b'-' | b'_' | b':')))
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    let value = &near[open + 1..];
    match name.as_slice() {
        b"style" | b"srcdoc" | b"class" | b"id" => false,
        b"href" | b"src" | b"action" | b"data" | b"srcset" | b"poster" | b"formaction" => {
            value.iter().any(|it| matches!(it, b'?' | b';'))
        }
        other => !other.starts_with(b"on"),
    }
}
