//! Learns the variants of a page from several bodies: bytes that all of them share are fixed, the stretches between are
//! slots.

use std::collections::HashSet;

use super::{
    MOST_INSIDE, MOST_STEPS, MOST_VARIANTS,
    pieces::{LONGEST_VARIED, align, key, key_of, pieces},
    place::Markup,
};
use crate::{
    model::{
        Digest,
        mask::{Alphabet, Segment, Slot, Variant},
    },
    page::cancel::{self, Budget},
};

/// Two bodies are of one variant if at least this share of the larger one's bytes is in the other, too.
const SHARED: f64 = 0.6;
const MOST_SHAPES: usize = 3;
/// Most pieces of a page with a mask; a page of more is parsed at each look.
const MOST_PIECES: usize = 20_000;

/// Most steps to learn one mask: a fifth of a second of CPU. Ten looks at an honest page of 400 KB need a third of it.
const MOST_WORK: u64 = 100_000_000;

/// Groups the bodies (oldest first) into variants, and aligns each variant to its newest body. Returns none if that
/// takes more than [`MOST_WORK`] steps or is cancelled: such a page is parsed at each look.
pub fn faces(bodies: &[&[u8]]) -> Vec<Variant> {
    let work = Budget::of(MOST_WORK);
    let mut groups: Vec<Group> = Vec::new();
    for body in bodies.iter().rev() {
        if cancel::step(body.len()) || work.is_spent() {
            return Vec::new();
        }
        let parts: Vec<&[u8]> = pieces(body).take(MOST_PIECES + 1).collect();
        if parts.len() > MOST_PIECES {
            continue;
        }
        let joined = groups.iter_mut().any(|it| it.join(&parts, body.len()));
        if !joined && groups.len() < MOST_SHAPES {
            groups.push(Group::new(body, parts));
        }
    }
    let faces = groups.into_iter().filter_map(|it| it.face(&work)).collect();
    if work.is_spent() { Vec::new() } else { faces }
}

/// Bodies of one variant, cut into pieces and aligned to the first of them.
struct Group<'a> {
    body: &'a [u8],
    first: Vec<&'a [u8]>,
    others: Vec<Other<'a>>,
}

/// The pieces of another body, and for each piece of the first body its index among them.
type Other<'a> = (Vec<&'a [u8]>, Vec<Option<usize>>);

/// A stretch of a page: one piece that all looks share, or the pieces of each look that differ there.
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

    fn face(self, work: &Budget) -> Option<Variant> {
        if self.others.is_empty() {
            return None;
        }
        let parts = self.parts();
        let mut draft = Draft::default();
        let mut n = 0;
        while let Some(part) = parts.get(n) {
            if work.is_spent() {
                return None;
            }
            n += 1;
            match part {
                Part::Common(piece) => draft.fixed(piece),
                Part::Varied(varied) => {
                    if let Some(slots) = finely(varied) {
                        slots.into_iter().for_each(|it| draft.take(it));
                    } else {
                        n = draft.one_of(varied, &parts, n)?;
                    }
                }
            }
        }
        let face = draft.face();
        let all = self.others.iter().map(|it| it.0.concat());
        // a mask must fit every body from which it was learnt
        let sound = face.steps.len() <= MOST_STEPS
            && face.fits(self.body)
            && all.into_iter().all(|it| face.fits(&it));
        sound.then_some(face)
    }
}

/// Most pieces, such as closing tags, between two stretches of one list: they are learnt as one slot.
const STITCHES: usize = 4;

fn goes_on(parts: &[Part]) -> bool {
    parts
        .iter()
        .take(STITCHES + 1)
        .any(|it| matches!(it, Part::Varied(_)))
}

/// Fixed bytes, or a slot.
enum Bit<'a> {
    Fixed(&'a [u8]),
    Slot(Slot),
}

#[derive(Default)]
struct Draft {
    steps: Vec<Segment>,
    run: Vec<u8>,
}

impl Draft {
    fn fixed(&mut self, bytes: &[u8]) {
        self.run.extend_from_slice(bytes);
    }

    fn slot(&mut self, slot: Slot) {
        let run = std::mem::take(&mut self.run);
        self.steps.push(Segment {
            fixed: run.len(),
            key: Digest::of(&run).half(),
            slot,
        });
    }

    fn take(&mut self, bit: Bit) {
        match bit {
            Bit::Fixed(bytes) => self.fixed(bytes),
            Bit::Slot(slot) => self.slot(slot),
        }
    }

    /// Adds a slot for the pieces of each look here and in the parts from `n` on, up to a piece that none of these
    /// looks contains. Returns the index of the part after the slot, or `None` if the slot would be too large.
    fn one_of<'a>(
        &mut self,
        varied: &[Vec<&'a [u8]>],
        parts: &[Part<'a>],
        mut n: usize,
    ) -> Option<usize> {
        let mut looks: Vec<Vec<&[u8]>> = varied.to_vec();
        let mut inside: HashSet<u128> = HashSet::new();
        let mut count = 0;
        let mut add = |pieces: &[&[u8]], inside: &mut HashSet<u128>| {
            count += pieces.len();
            inside.extend(pieces.iter().map(|it| key(it)));
            count <= MOST_INSIDE
        };
        for it in varied {
            if !add(it, &mut inside) {
                return None;
            }
        }
        let mut stop = None;
        while let Some(part) = parts.get(n) {
            match part {
                Part::Varied(more) => {
                    for (look, more) in looks.iter_mut().zip(more) {
                        look.extend(more);
                        if !add(more, &mut inside) {
                            return None;
                        }
                    }
                }
                Part::Common(piece) => {
                    let key = key(piece);
                    if !inside.contains(&key) && !goes_on(&parts[n..]) {
                        stop = Some(key);
                        break;
                    }
                    looks.iter_mut().for_each(|it| it.push(piece));
                    if !add(&[*piece], &mut inside) {
                        return None;
                    }
                }
            }
            n += 1;
        }
        let longest = looks
            .iter()
            .map(|it| it.iter().map(|it| it.len()).sum())
            .max();
        let mut known: Vec<u128> = looks.into_iter().map(key_of).collect();
        known.sort_unstable();
        known.dedup();
        if known.len() > MOST_VARIANTS {
            return None;
        }
        self.slot(Slot::OneOf {
            known,
            longest: longest.unwrap_or(0),
            stop,
        });
        Some(n)
    }

    fn face(self) -> Variant {
        Variant {
            steps: self.steps,
            tail: self.run.len(),
            tail_key: Digest::of(&self.run).half(),
        }
    }
}

/// Slots for numbers and tokens, if each look has equally many pieces here and they differ in nothing else.
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

/// Splits one piece, as several looks have it, into runs of an alphabet and the bytes between them.
fn within<'a>(of: Alphabet, seen: &[&'a [u8]]) -> Option<Vec<Bit<'a>>> {
    let first = *seen.first()?;
    if seen.iter().any(|it| it.len() > LONGEST_VARIED) {
        return None;
    }
    cancel::step(seen.iter().map(|it| it.len()).sum());
    let mut places: Vec<Markup> = seen.iter().map(|it| Markup::new(it)).collect();
    let cut: Vec<Vec<&[u8]>> = seen.iter().map(|it| runs(of, it)).collect();
    let count = cut.first()?.len();
    if cut.iter().any(|it| it.len() != count) {
        return None;
    }
    let varied: Vec<bool> = (0..count)
        .map(|n| cut.iter().any(|it| it[n] != cut[0][n]))
        .collect();
    let ticking = ticking(&cut[0], &varied);
    let mut out = Vec::new();
    let mut at = vec![0; seen.len()];
    for n in 0..count {
        let run = runs_at(&cut, n);
        let one = *run.first()?;
        let with_others = of == Alphabet::Digits && of.has(one[0]) && ticking[n];
        if !varied[n] {
            let slot = with_others
                .then(|| Slot::of(of, &mut places, &at, &run))
                .flatten();
            out.push(slot.map_or(Bit::Fixed(&first[at[0]..at[0] + one.len()]), Bit::Slot));
        } else if run
            .iter()
            .all(|it| it.first().is_some_and(|byte| of.has(*byte)))
        {
            out.push(Bit::Slot(Slot::of(of, &mut places, &at, &run)?));
        } else {
            return None;
        }
        at.iter_mut()
            .zip(&run)
            .for_each(|(at, run)| *at += run.len());
    }
    Some(out)
}

/// Marks the numbers of a time, date or count of which any number varied: after the minutes, the hour will vary, too.
fn ticking(runs: &[&[u8]], varied: &[bool]) -> Vec<bool> {
    let joint = |it: &[u8]| it.len() <= 3 && it.iter().all(|byte| b":/.,- ".contains(byte));
    let mut out = varied.to_vec();
    for n in 2..runs.len() {
        out[n] |= out[n - 2] && joint(runs[n - 1]);
    }
    for n in (2..runs.len()).rev() {
        out[n - 2] |= out[n] && joint(runs[n - 1]);
    }
    out
}

fn runs_at<'a>(cut: &[Vec<&'a [u8]>], n: usize) -> Vec<&'a [u8]> {
    cut.iter().map(|it| it[n]).collect()
}

fn runs(of: Alphabet, piece: &[u8]) -> Vec<&[u8]> {
    piece.chunk_by(|a, b| of.has(*a) == of.has(*b)).collect()
}
