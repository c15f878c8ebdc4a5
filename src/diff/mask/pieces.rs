//! Cuts a body into pieces of markup, and aligns the equal pieces of two bodies.

use std::collections::HashMap;

use super::place::Markup;
use crate::{model::Digest, page::cancel};

/// Cuts before each `<` and after each line break.
pub fn pieces(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        if bytes.is_empty() {
            return None;
        }
        let (piece, rest) = bytes.split_at(first(bytes));
        bytes = rest;
        Some(piece)
    })
}

/// Length of the first piece, in bytes.
pub fn first(bytes: &[u8]) -> usize {
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'<' if at > 0 => return at,
            b'\n' => return at + 1,
            _ => (),
        }
    }
    bytes.len()
}

/// Longest piece in which numbers may vary, in bytes. A longer one is compared by the digest of all its bytes: such
/// pieces are data and code, in which numbers have meaning; text between two tags is shorter.
pub const LONGEST_VARIED: usize = 16 << 10;

/// Digest of a piece. Numbers that only count something are left out of it.
pub fn key(piece: &[u8]) -> u128 {
    cancel::step(piece.len());
    if piece.len() > LONGEST_VARIED {
        return Digest::of(piece).half();
    }
    Digest::of(&plain(piece)).half()
}

/// Digest of several pieces in order.
pub fn key_of<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> u128 {
    let plain: Vec<Vec<u8>> = pieces.into_iter().map(plain).collect();
    Digest::of_parts(plain.iter().map(Vec::as_slice)).half()
}

/// Digits of the milliseconds since 1970: no counter is longer.
const LONGEST: usize = 13;

fn plain(piece: &[u8]) -> Vec<u8> {
    if piece.len() > LONGEST_VARIED {
        return piece.to_vec();
    }
    let mut out = Vec::with_capacity(piece.len());
    let mut places = Markup::new(piece);
    let mut at = 0;
    for run in piece.chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit()) {
        let end = at + run.len();
        if run[0].is_ascii_digit() && run.len() <= LONGEST && places.may_count(at, end) {
            // no page with a mask contains this byte
            out.push(0);
        } else {
            out.extend_from_slice(run);
        }
        at = end;
    }
    out
}

/// For each piece of `a`, the index of its equal in `b`, in rising order and each once. Starts from pieces that occur
/// once in both and extends from there. Linear, except for one sort.
pub fn align(a: &[&[u8]], b: &[&[u8]]) -> Vec<Option<usize>> {
    cancel::step(a.len() + b.len());
    let (once_a, once_b) = (once(a), once(b));
    let mut pairs: Vec<(usize, usize)> = once_a
        .into_iter()
        .filter_map(|(hash, at)| {
            let there = *once_b.get(&hash)?;
            (a[at] == b[there]).then_some((at, there))
        })
        .collect();
    pairs.sort_unstable();
    let anchors = rising(&pairs);
    let mut out = vec![None; a.len()];
    let (mut from_a, mut from_b) = (0, 0);
    for (to_a, to_b) in anchors.into_iter().chain([(a.len(), b.len())]) {
        between(a, b, (from_a, to_a), (from_b, to_b), &mut out);
        if to_a < a.len() {
            out[to_a] = Some(to_b);
        }
        (from_a, from_b) = (to_a + 1, to_b + 1);
    }
    out
}

/// Aligns the equal pieces at both ends of a stretch between two anchors.
fn between(
    a: &[&[u8]],
    b: &[&[u8]],
    (mut from_a, mut to_a): (usize, usize),
    (mut from_b, mut to_b): (usize, usize),
    out: &mut [Option<usize>],
) {
    while from_a < to_a && from_b < to_b && a[from_a] == b[from_b] {
        out[from_a] = Some(from_b);
        (from_a, from_b) = (from_a + 1, from_b + 1);
    }
    while from_a < to_a && from_b < to_b && a[to_a - 1] == b[to_b - 1] {
        (to_a, to_b) = (to_a - 1, to_b - 1);
        out[to_a] = Some(to_b);
    }
}

/// Pieces that occur once, by hash. The caller compares the bytes before it relies on a match.
fn once(pieces: &[&[u8]]) -> HashMap<u64, usize> {
    let mut seen: HashMap<u64, Option<usize>> = HashMap::with_capacity(pieces.len());
    for (at, piece) in pieces.iter().enumerate() {
        seen.entry(rough(piece))
            .and_modify(|it| *it = None)
            .or_insert(Some(at));
    }
    seen.into_iter()
        .filter_map(|(hash, at)| Some((hash, at?)))
        .collect()
}

/// A quick hash (the multiplication of FxHash, eight bytes at a time). A collision gains an attacker nothing.
fn rough(piece: &[u8]) -> u64 {
    cancel::step(piece.len() / 8);
    const FACTOR: u64 = 0x51_7c_c1_b7_27_22_0a_95;
    let mix = |sum: u64, word: u64| (sum.rotate_left(5) ^ word).wrapping_mul(FACTOR);
    let (words, rest) = piece.as_chunks::<8>();
    let sum = words.iter().fold(piece.len() as u64, |sum, word| {
        mix(sum, u64::from_le_bytes(*word))
    });
    rest.iter()
        .fold(sum, |sum, byte| mix(sum, u64::from(*byte)))
}

/// The longest sequence of `pairs` (ascending by the first number) with rising second numbers (patience sorting).
fn rising(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let mut tops: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = vec![None; pairs.len()];
    for (n, pair) in pairs.iter().enumerate() {
        let pile = tops.partition_point(|it| pairs[*it].1 < pair.1);
        before[n] = pile.checked_sub(1).map(|it| tops[it]);
        match tops.get_mut(pile) {
            Some(top) => *top = n,
            None => tops.push(n),
        }
    }
    let mut out = Vec::new();
    let mut at = tops.last().copied();
    while let Some(n) = at {
        out.push(pairs[n]);
        at = before[n];
    }
    out.reverse();
    out
}
