//! Learnt masks: the places where a page's bytes vary. `diff::mask` learns and applies them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Digest, record::Stored};

/// The mask of one target. A page may have several variants ("faces").
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mask {
    /// Digest of the looks that it was learnt from and of the operator's expectations: when either changes, the mask
    /// must be learnt again.
    pub of: Digest,
    /// Approval time of the baseline that these looks belong to.
    pub approved: Option<Timestamp>,
    pub faces: Vec<Variant>,
}

impl Mask {
    /// Memory that the mask takes, in bytes, approximately.
    pub fn bytes(&self) -> usize {
        let steps = self.faces.iter().flat_map(|it| &it.steps);
        let known = steps.map(|it| match &it.slot {
            Slot::OneOf { known, .. } => size_of::<Segment>() + known.len() * size_of::<u128>(),
            _ => size_of::<Segment>(),
        });
        size_of::<Self>() + known.sum::<usize>()
    }
}

/// Fixed runs of bytes with slots between them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variant {
    pub steps: Vec<Segment>,
    /// Number of bytes after the last slot, and their digest.
    pub tail: usize,
    pub tail_key: u128,
}

/// A fixed run of bytes and the slot after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    /// Number of bytes before the slot, and their digest.
    pub fixed: usize,
    pub key: u128,
    pub slot: Slot,
}

/// A place where the bytes may vary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Slot {
    /// A run of at most `most` digits.
    Number { most: usize },
    /// A run of characters of an alphabet: a session id, a nonce, a view state.
    Token {
        of: Alphabet,
        least: usize,
        most: usize,
        /// Least number of digits: random tokens contain some, words contain none.
        digits: usize,
    },
    /// Markup that stood there, as a whole, in an earlier look.
    OneOf {
        /// Digests of the known variants, ascending.
        known: Vec<u128>,
        /// Bytes of the longest variant.
        longest: usize,
        /// Digest of the bytes after the slot; `None` at the end of the page.
        stop: Option<u128>,
    },
}

/// The characters of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Alphabet {
    Digits,
    Hex,
    Alphanumeric,
    Name,
    Base64,
}

impl Stored for Mask {}
