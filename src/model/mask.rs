//! What is learnt of where a page's bytes vary (see `diff::mask`, which learns and asks).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Digest, record::Stored};

/// What is learnt of one target. A page may have several faces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mask {
    /// Of the looks that it was learnt from and of what was expected of them: with others it must be learnt anew.
    pub of: Digest,
    /// When the baseline was approved that they belong to.
    pub approved: Option<Timestamp>,
    pub faces: Vec<Face>,
}

impl Mask {
    /// Bytes of memory that the mask takes, nearly.
    pub fn bytes(&self) -> usize {
        let steps = self.faces.iter().flat_map(|it| &it.steps);
        let known = steps.map(|it| match &it.slot {
            Slot::OneOf { known, .. } => size_of::<Step>() + known.len() * size_of::<u128>(),
            _ => size_of::<Step>(),
        });
        size_of::<Self>() + known.sum::<usize>()
    }
}

/// Fixed runs of bytes with slots between them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Face {
    pub steps: Vec<Step>,
    /// Bytes after the last slot, and what they are known by.
    pub tail: usize,
    pub tail_key: u128,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Bytes before the slot, and what they are known by.
    pub fixed: usize,
    pub key: u128,
    pub slot: Slot,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Slot {
    /// One run of at most so many digits.
    Number { most: usize },
    /// One run of letters of an alphabet: a session, a nonce, a view state.
    Token {
        of: Alphabet,
        least: usize,
        most: usize,
        /// Digits in it at the least: what nobody wrote by hand has some.
        digits: usize,
    },
    /// Markup that stood there in a look, as a whole.
    OneOf {
        /// Keys of what is known, ascending.
        known: Vec<u128>,
        /// Bytes of the longest.
        longest: usize,
        /// The piece that follows; none at the end of the page.
        stop: Option<u128>,
    },
}

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
