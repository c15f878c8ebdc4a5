//! What a slot accepts: numbers and tokens within the bounds seen so far, and markup that was seen as a whole.

use super::{MOST_INSIDE, MOST_VARIANTS, pieces, place::Markup};
use crate::model::mask::{Alphabet, Slot};

/// Most digits of a varying number: no counter and no time stamp in nanoseconds is longer.
const LONGEST_NUMBER: usize = 20;
/// Least length of a token: a shorter run of letters is a word.
const SHORTEST_TOKEN: usize = 8;

impl Alphabet {
    /// Whether a byte belongs to the alphabet.
    pub(super) fn has(self, byte: u8) -> bool {
        match self {
            Self::Digits => byte.is_ascii_digit(),
            Self::Hex => byte.is_ascii_hexdigit(),
            Self::Alphanumeric => byte.is_ascii_alphanumeric(),
            Self::Name => byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'),
            Self::Base64 => byte.is_ascii_alphanumeric() || b"+/=-_%".contains(&byte),
        }
    }

    /// Length of the run of this alphabet at the beginning of `bytes`.
    fn run(self, bytes: &[u8]) -> usize {
        bytes
            .iter()
            .position(|it| !self.has(*it))
            .unwrap_or(bytes.len())
    }
}

impl Slot {
    /// The slot for one run of each piece, from `from[n]` on; `None` if the run must not vary there.
    pub(super) fn of(
        of: Alphabet,
        pieces: &mut [Markup],
        from: &[usize],
        seen: &[&[u8]],
    ) -> Option<Self> {
        let (least, most) = (
            seen.iter().map(|it| it.len()).min()?,
            seen.iter().map(|it| it.len()).max()?,
        );
        let all = |of: Alphabet| seen.iter().all(|it| it.iter().all(|byte| of.has(*byte)));
        let mut places = pieces.iter_mut().zip(from).zip(seen);
        if all(Alphabet::Digits) && least > 0 && most <= LONGEST_NUMBER {
            let counts = places.all(|((piece, from), it)| piece.may_count(*from, from + it.len()));
            let most = LONGEST_NUMBER.min(most + 1);
            return counts.then_some(Self::Number { most });
        }
        let hex = all(Alphabet::Hex);
        let of = if hex && of == Alphabet::Alphanumeric {
            Alphabet::Hex
        } else {
            of
        };
        let digits = |it: &[u8]| it.iter().filter(|byte| byte.is_ascii_digit()).count();
        let sum: usize = seen.iter().map(|it| digits(it)).sum();
        let bytes: usize = seen.iter().map(|it| it.len()).sum();
        let random = least >= SHORTEST_TOKEN && sum * 20 >= bytes;
        let path = of == Alphabet::Base64;
        let apart =
            places.all(|((piece, from), it)| piece.may_be_token(*from, from + it.len(), hex, path));
        (of != Alphabet::Digits && random && apart).then_some(Self::Token {
            of,
            least,
            most,
            // only hexadecimal tokens may be displayed; a word of the letters a to f has no digit
            digits: usize::from(hex),
        })
    }

    /// How many bytes of `rest` belong to the slot; `None` if the slot does not accept them.
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
            Self::OneOf {
                known,
                longest,
                stop,
            } => {
                let (bytes, key) = until(rest, *longest, *stop)?;
                known.binary_search(&key).is_ok().then_some(bytes)
            }
        }
    }

    /// Digest of the piece after the slot, if that identifies the slot.
    pub(super) fn stop(&self) -> Option<u128> {
        match self {
            Self::OneOf { stop, .. } => *stop,
            _ => None,
        }
    }

    /// Takes over the known variants of an earlier slot at this place.
    pub(super) fn join(&mut self, earlier: &Self) {
        if let (
            Self::OneOf { known, longest, .. },
            Self::OneOf {
                known: also,
                longest: as_long,
                ..
            },
        ) = (self, earlier)
        {
            for key in also {
                if known.len() < MOST_VARIANTS
                    && let Err(at) = known.binary_search(key)
                {
                    known.insert(at, *key);
                }
            }
            *longest = (*longest).max(*as_long);
        }
    }

    /// Like [`Self::length`], and accepts these bytes from now on. Only for pages without any signal.
    pub(super) fn widen(&mut self, rest: &[u8]) -> Option<usize> {
        let Self::OneOf {
            known,
            longest,
            stop,
        } = self
        else {
            return self.length(rest);
        };
        let (bytes, key) = until(rest, LONGEST_VARIANT.max(*longest), *stop)?;
        if let Err(at) = known.binary_search(&key) {
            if known.len() >= MOST_VARIANTS {
                return None;
            }
            known.insert(at, key);
        }
        *longest = (*longest).max(bytes);
        Some(bytes)
    }
}

/// Most bytes of a variant: a banner, a list, a box.
const LONGEST_VARIANT: usize = 64 << 10;

/// The bytes before the piece `stop`, or before the end of the page: their length and digest. `None` if they are much
/// longer than `longest`; they may be a little longer, since numbers in them gain digits.
fn until(rest: &[u8], longest: usize, stop: Option<u128>) -> Option<(usize, u128)> {
    let mut bytes = 0;
    let mut found = Vec::new();
    let near = longest + longest / 8 + 1024;
    for piece in pieces::pieces(rest).take(MOST_INSIDE + 1) {
        if bytes > near {
            break;
        }
        if stop.is_some() && Some(pieces::key(piece)) == stop {
            return Some((bytes, pieces::key_of(found)));
        }
        bytes += piece.len();
        found.push(piece);
    }
    (stop.is_none() && bytes == rest.len()).then(|| (bytes, pieces::key_of(found)))
}

/// Bounds of a token's length. A length that never varied is exact; otherwise the token may be a quarter shorter or
/// longer.
fn bounds(least: usize, most: usize) -> (usize, usize) {
    if least == most {
        (least, most)
    } else {
        (least - least / 4, most + most / 4)
    }
}
