//! The shape of code: builds of one piece of code are alike in it, however their names are shortened.

use serde::{Deserialize, Serialize};

use super::{Kind, Plain};
use crate::page::{noise, registrable};

/// Hashes kept of one piece of code: the least ones of all.
const KEPT: usize = 32;
/// Least number of different calls, members and literals by which code can be recognised.
const LEAST: usize = 12;
/// Most hosts that are remembered of one piece of code.
const HOSTS: usize = 64;
/// Longest literal that belongs to the shape, in bytes: longer ones are data.
const LITERAL: usize = 64;
/// Least length of a literal, in bytes, by which alone code can be recognised: packed code is hardly anything else. Most
/// of them that are read.
const PACKED: usize = 500;
const PACKS: usize = 4;

/// Shape and capabilities of one piece of code.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Build {
    /// The key of the script.
    pub key: u64,
    /// Length in bytes.
    pub size: u32,
    /// The capabilities as a set of [`Capability::bit`](super::Capability::bit)s.
    pub capabilities: u32,
    /// Hashes of the registrable domains that it names, ascending.
    pub hosts: Vec<u32>,
    /// Least hashes of its calls, members and literals, ascending; empty if there are too few to recognise it.
    pub sketch: Vec<u32>,
}

impl Build {
    pub(super) fn of(plain: &Plain, size: usize, capabilities: u32, hosts: &[String]) -> Self {
        let mut hosts: Vec<u32> = hosts
            .iter()
            .take(HOSTS)
            .map(|it| hash_of_host(it))
            .collect();
        hosts.sort_unstable();
        hosts.dedup();
        let mut hashes: Vec<u32> = (0..plain.len()).filter_map(|at| part(plain, at)).collect();
        let packed = plain
            .tokens
            .iter()
            .filter(|it| it.kind == Kind::Text && it.text.len() >= PACKED);
        for token in packed.take(PACKS) {
            let whole = hash(&token.text, b'\'');
            let parts = (0..LEAST as u32).map(|it| whole.rotate_left(it).wrapping_mul(0x9e37_79b1));
            hashes.extend(parts);
        }
        hashes.sort_unstable();
        hashes.dedup();
        if hashes.len() < LEAST {
            hashes.clear();
        }
        hashes.truncate(KEPT);
        Self {
            key: 0,
            size: size as u32,
            capabilities,
            hosts,
            sketch: hashes,
        }
    }

    /// Whether the code names a host of this registrable domain.
    pub fn names(&self, host: &str) -> bool {
        self.hosts.binary_search(&hash_of_host(host)).is_ok()
    }

    /// What either of two builds can do and names.
    pub fn joined(mut self, other: Self) -> Self {
        self.capabilities |= other.capabilities;
        self.hosts.extend(other.hosts);
        self.hosts.sort_unstable();
        self
    }

    /// Whether both are builds of one piece of code: at most twice as long, and alike in half of calls, members and
    /// literals.
    pub fn is_like(&self, other: &Self) -> bool {
        let (short, long) = (self.size.min(other.size), self.size.max(other.size));
        if self.sketch.is_empty() || other.sketch.is_empty() || long > short.saturating_mul(2) {
            return false;
        }
        let (mut a, mut b) = (
            self.sketch.iter().peekable(),
            other.sketch.iter().peekable(),
        );
        let (mut all, mut both) = (0, 0);
        // the least hashes of the union are a fair sample of it
        while all < KEPT {
            match (a.peek(), b.peek()) {
                (Some(x), Some(y)) => {
                    both += u32::from(x == y);
                    let (next_a, next_b) = (x <= y, y <= x);
                    if next_a {
                        a.next();
                    }
                    if next_b {
                        b.next();
                    }
                }
                _ if self.sketch.len() < KEPT || other.sketch.len() < KEPT => {
                    let rest = a.len() + b.len();
                    all += rest.min(KEPT - all);
                    break;
                }
                _ => break,
            }
            all += 1;
        }
        both as usize * 2 >= all
    }
}

/// The hash of a token that belongs to the shape.
fn part(plain: &Plain, at: usize) -> Option<u32> {
    let token = plain.tokens.get(at)?;
    match token.kind {
        Kind::Text if token.text.len() <= LITERAL && token.text.len() > 1 => {
            Some(hash(&noise::normal(&token.text), b'"'))
        }
        Kind::Name
            if token.text.len() > 2
                && (at > 0 && plain.is(at - 1, ".")
                    || plain.is(at + 1, "(")
                    || plain.is(at + 1, ":")) =>
        {
            Some(hash(&token.text, b'.'))
        }
        _ => None,
    }
}

fn hash_of_host(host: &str) -> u32 {
    hash(&registrable(host), b'/')
}

/// FNV-1a.
fn hash(text: &str, kind: u8) -> u32 {
    let step = |sum: u32, byte: u8| (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    text.bytes().fold(step(0x811c_9dc5, kind), step)
}
