//! From bodies to faces: what all of them have in common is fixed, what lies between is a slot.

use super::{
    MOST_PIECES, MOST_STEPS,
    pieces::{align, key, pieces},
};
use crate::model::{
    digest::Running,
    mask::{Alphabet, Face, Slot, Step},
};

/// Two bodies are one face if so much of the larger stands in the other, too.
const SHARED: f64 = 0.6;
const MOST_FACES: usize = 3;

/// Faces of the bodies, oldest first; the newest of each is what the others are laid beside.
pub fn faces(bodies: &[&[u8]]) -> Vec<Face> {
    let mut groups: Vec<Group> = Vec::new();
    for body in bodies.iter().rev() {
        let parts: Vec<&[u8]> = pieces(body).collect();
        let joined = groups.iter_mut().any(|it| it.join(&parts, body.len()));
        if !joined && groups.len() < MOST_FACES {
            groups.push(Group::new(body, parts));
        }
    }
    groups.into_iter().filter_map(Group::face).collect()
}

/// Bodies of one face. Each is pieces; `at` says for every piece of the first where it stands in another.
struct Group<'a> {
    body: &'a [u8],
    first: Vec<&'a [u8]>,
    others: Vec<(Vec<&'a [u8]>, Vec<Option<usize>>)>,
}

/// A stretch of a page: pieces that all looks have, or what each of them has there.
enum Part<'a> {
    Common(&'a [u8]),
    Varied(Vec<Vec<&'a [u8]>>),
}

impl<'a> Group<'a> {
    fn new(body: &'a [u8], first: Vec<&'a [u8]>) -> Self {
        Self {
            body,
            first,
            others: Vec::new(),
        }
    }

    fn join(&mut self, parts: &[&'a [u8]], bytes: usize) -> bool {
        let at = align(&self.first, parts);
        let shared: usize = self
            .first
            .iter()
            .zip(&at)
            .filter(|it| it.1.is_some())
            .map(|it| it.0.len())
            .sum();
        let one = shared as f64 >= SHARED * self.body.len().max(bytes) as f64;
        if one {
            self.others.push((parts.to_vec(), at));
        }
        one
    }

    fn parts(&self) -> Vec<Part<'a>> {
        let mut out = Vec::new();
        let mut from = 0;
        let mut froms = vec![0; self.others.len()];
        for n in 0..=self.first.len() {
            let end = n == self.first.len();
            let ends: Option<Vec<usize>> = self
                .others
                .iter()
                .map(|(parts, at)| if end { Some(parts.len()) } else { at[n] })
                .collect();
            let Some(ends) = ends else { continue };
            let moved = self.others.iter().zip(froms.iter().zip(&ends));
            let mut varied: Vec<Vec<&[u8]>> = moved
                .map(|((parts, _), (from, to))| parts[*from..*to].to_vec())
                .collect();
            varied.push(self.first[from..n].to_vec());
            if varied.iter().any(|it| !it.is_empty()) {
                out.push(Part::Varied(varied));
            }
            if !end {
                out.push(Part::Common(self.first[n]));
            }
            from = n + 1;
            froms = ends.into_iter().map(|it| it + 1).collect();
        }
        out
    }

    fn face(self) -> Option<Face> {
        if self.others.is_empty() {
            return None;
        }
        let parts = self.parts();
        let mut draft = Draft::default();
        let mut n = 0;
        while let Some(part) = parts.get(n) {
            n += 1;
            match part {
                Part::Common(piece) => draft.fixed(piece),
                Part::Varied(varied) => {
                    if let Some(slots) = finely(varied) {
                        slots.into_iter().for_each(|it| draft.take(it));
                    } else {
                        n = draft.any_of(varied, &parts, n)?;
                    }
                }
            }
        }
        let face = draft.face();
        let all = self.others.iter().map(|it| it.0.concat());
        // what was learnt must let through what it was learnt from
        let sound = face.steps.len() <= MOST_STEPS
            && face.fits(self.body)
            && all.into_iter().all(|it| face.fits(&it));
        sound.then_some(face)
    }
}

/// Closing tags and the like between two stretches that vary: a list is one stretch.
const STITCHES: usize = 4;

fn goes_on(parts: &[Part]) -> bool {
    parts
        .iter()
        .take(STITCHES + 1)
        .any(|it| matches!(it, Part::Varied(varied) if finely(varied).is_none()))
}

/// Fixed bytes, or a slot.
enum Bit<'a> {
    Fixed(&'a [u8]),
    Slot(Slot),
}

#[derive(Default)]
struct Draft {
    steps: Vec<Step>,
    run: usize,
    digest: Running,
}

impl Draft {
    fn fixed(&mut self, bytes: &[u8]) {
        self.run += bytes.len();
        self.digest.take(bytes);
    }

    fn slot(&mut self, slot: Slot) {
        let fixed = std::mem::take(&mut self.run);
        self.steps.push(Step { fixed, slot });
    }

    fn take(&mut self, bit: Bit) {
        match bit {
            Bit::Fixed(bytes) => self.fixed(bytes),
            Bit::Slot(slot) => self.slot(slot),
        }
    }

    /// A slot for the pieces of `varied` and of what follows from `n` on, as far as it cannot be told from them; returns
    /// where the page goes on. `None` where that is too much.
    fn any_of(&mut self, varied: &[Vec<&[u8]>], parts: &[Part], mut n: usize) -> Option<usize> {
        let mut known: Vec<u128> = Vec::new();
        let mut counts = vec![0; varied.len()];
        let mut add = |varied: &[Vec<&[u8]>], known: &mut Vec<u128>| {
            for (count, pieces) in counts.iter_mut().zip(varied) {
                *count += pieces.len();
                known.extend(pieces.iter().map(|it| key(it)));
            }
            known.sort_unstable();
            known.dedup();
        };
        add(varied, &mut known);
        let mut stop = None;
        while let Some(part) = parts.get(n) {
            match part {
                Part::Varied(more) => add(more, &mut known),
                Part::Common(piece) => {
                    let key = key(piece);
                    if known.binary_search(&key).is_err() && !goes_on(&parts[n..]) {
                        stop = Some(key);
                        break;
                    }
                    let everywhere: Vec<Vec<&[u8]>> = vec![vec![piece]; varied.len()];
                    add(&everywhere, &mut known);
                }
            }
            n += 1;
        }
        let most = counts.into_iter().max().unwrap_or(0);
        if known.len() > MOST_PIECES {
            return None;
        }
        self.slot(Slot::Pieces { known, most, stop });
        Some(n)
    }

    fn face(self) -> Face {
        Face {
            steps: self.steps,
            tail: self.run,
            digest: self.digest.digest(),
        }
    }
}

/// Where each look has as many pieces, and each differs in numbers and tokens only: exactly those.
fn finely<'a>(varied: &[Vec<&'a [u8]>]) -> Option<Vec<Bit<'a>>> {
    let count = varied.first()?.len();
    if varied.iter().any(|it| it.len() != count) {
        return None;
    }
    let mut out = Vec::new();
    for n in 0..count {
        let seen: Vec<&[u8]> = varied.iter().map(|it| it[n]).collect();
        let alphabets = [
            Alphabet::Digits,
            Alphabet::Alphanumeric,
            Alphabet::Name,
            Alphabet::Base64,
        ];
        out.extend(alphabets.into_iter().find_map(|it| within(it, &seen))?);
    }
    Some(out)
}

/// One piece as it stood in several looks, cut into runs of an alphabet and what is between them.
fn within<'a>(of: Alphabet, seen: &[&'a [u8]]) -> Option<Vec<Bit<'a>>> {
    let first = *seen.first()?;
    let cut: Vec<Vec<&[u8]>> = seen.iter().map(|it| runs(of, it)).collect();
    let count = cut.first()?.len();
    if cut.iter().any(|it| it.len() != count) {
        return None;
    }
    let varied: Vec<bool> = (0..count)
        .map(|n| cut.iter().any(|it| it[n] != cut[0][n]))
        .collect();
    let mut out = Vec::new();
    let mut at = 0;
    for n in 0..count {
        let run = runs_at(&cut, n);
        let one = *run.first()?;
        let with_others = of == Alphabet::Digits && of.has(one[0]) && ticks(&cut[0], &varied, n);
        if !varied[n] {
            let slot = Slot::of(of, &first[..at], &run).filter(|_| with_others);
            out.push(slot.map_or(Bit::Fixed(one_of(first, at, one.len())), Bit::Slot));
        } else if run
            .iter()
            .all(|it| it.first().is_some_and(|byte| of.has(*byte)))
        {
            out.push(Bit::Slot(Slot::of(of, &first[..at], &run)?));
        } else {
            return None;
        }
        at += one.len();
    }
    Some(out)
}

/// Whether the number at `n` is part of a time, a date or a count of which another part varied: the hour follows the
/// minutes.
fn ticks(runs: &[&[u8]], varied: &[bool], n: usize) -> bool {
    let joint = |it: &[u8]| it.len() <= 3 && it.iter().all(|byte| b":/.,- ".contains(byte));
    let after = (n..runs.len())
        .step_by(2)
        .take_while(|it| *it == n || joint(runs[it - 1]))
        .any(|it| varied[it]);
    let before = (0..=n)
        .rev()
        .step_by(2)
        .take_while(|it| *it == n || joint(runs[it + 1]))
        .any(|it| varied[it]);
    after || before
}

fn runs_at<'a>(cut: &[Vec<&'a [u8]>], n: usize) -> Vec<&'a [u8]> {
    cut.iter().map(|it| it[n]).collect()
}

fn one_of(body: &[u8], at: usize, length: usize) -> &[u8] {
    &body[at..at + length]
}

fn runs(of: Alphabet, piece: &[u8]) -> Vec<&[u8]> {
    piece.chunk_by(|a, b| of.has(*a) == of.has(*b)).collect()
}
