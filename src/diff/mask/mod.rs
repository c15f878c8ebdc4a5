//! Where the bytes of a page vary from look to look, and within what bounds: a look that differs nowhere else is decided
//! without a tree.
//!
//! A page is fixed runs of bytes with slots between them; each run has a digest. A slot holds a number, a token, or
//! markup that stood there as a whole in a look that was judged normal. Numbers and tokens are let through only where they
//! are neither shown as words, nor run, nor lead anywhere (see `place`): nobody can write a word, an address, an element or
//! code into a slot. Matching is one pass over the bytes.

mod learn;
mod pieces;
mod place;
mod slot;

use jiff::Timestamp;

use crate::{
    model::{
        Digest,
        mask::{Face, Mask, Slot},
    },
    page::patience,
};

/// More slots than this, and a page is read each time.
const MOST_STEPS: usize = 200;
/// Variants remembered of one place.
const MOST_VARIANTS: usize = 64;
/// Pieces in one place, of all looks together, and of a variant.
const MOST_INSIDE: usize = 4000;
/// A page that is larger is read each time, and so is one in two-byte letters, in which `//` is not two bytes.
const LARGEST: usize = 1 << 20;

impl Mask {
    /// Learns from the bodies of looks judged normal, oldest first. A face that was seen once teaches nothing: its digest
    /// says as much. Pages that are too costly to align have no face, and are read each time.
    pub fn learn(of: Digest, approved: Option<Timestamp>, bodies: &[&[u8]]) -> Self {
        let bodies: Vec<&[u8]> = bodies
            .iter()
            .copied()
            .filter(|it| Self::takes(it))
            .collect();
        Self {
            of,
            approved,
            faces: learn::faces(&bodies),
        }
    }

    /// A mask that lets no page through, for pages that nothing can be learnt of.
    pub fn blank(of: Digest, approved: Option<Timestamp>) -> Self {
        Self {
            of,
            approved,
            faces: Vec::new(),
        }
    }

    /// Takes over what an earlier mask of the same baseline knew of places that are still there.
    pub fn remember(&mut self, earlier: &Self) {
        if self.approved != earlier.approved {
            return;
        }
        let earlier: Vec<Slot> = earlier
            .faces
            .iter()
            .flat_map(|it| &it.steps)
            .map(|it| it.slot.clone())
            .collect();
        for step in self.faces.iter_mut().flat_map(|it| &mut it.steps) {
            // a place is known by what follows it: where two have the same, neither is
            let mut same = earlier
                .iter()
                .filter(|it| it.stop().is_some() && it.stop() == step.slot.stop());
            if let (Some(one), None) = (same.next(), same.next()) {
                step.slot.join(one);
            }
        }
    }

    /// Whether a page with this body can have a mask.
    pub fn takes(body: &[u8]) -> bool {
        body.len() <= LARGEST && !body.contains(&0)
    }

    /// Whether `body` differs from a learnt face only where that is known to vary. One pass over the body for each
    /// face.
    pub fn fits(&self, body: &[u8]) -> bool {
        Self::takes(body) && self.faces.iter().any(|it| it.fits(body))
    }

    /// Takes in a body that was judged normal with nothing to say against it; whether anything was learnt.
    pub fn grow(&mut self, body: &[u8]) -> bool {
        if !Self::takes(body) {
            return false;
        }
        for face in &mut self.faces {
            if let Some(wider) = face.grown(body) {
                *face = wider;
                return true;
            }
        }
        false
    }
}

impl Face {
    fn fits(&self, body: &[u8]) -> bool {
        self.walk(body, |_, slot, rest| slot.length(rest))
    }

    /// The same face with slots wide enough for `body`; `None` where its fixed bytes are others.
    fn grown(&self, body: &[u8]) -> Option<Self> {
        let mut wider = self.clone();
        let fits = self.walk(body, |n, _, rest| wider.steps[n].slot.widen(rest));
        (fits && wider != *self).then_some(wider)
    }

    /// `length` says how many bytes of the rest a slot takes.
    fn walk(
        &self,
        body: &[u8],
        mut length: impl FnMut(usize, &Slot, &[u8]) -> Option<usize>,
    ) -> bool {
        let mut rest = body;
        for (n, step) in self.steps.iter().enumerate() {
            let Some((run, after)) = rest.split_at_checked(step.fixed) else {
                return false;
            };
            patience::step(run.len());
            if Digest::of(run).half() != step.key {
                return false;
            }
            let Some(after) = length(n, &step.slot, after).and_then(|it| after.get(it..)) else {
                return false;
            };
            rest = after;
        }
        rest.len() == self.tail && Digest::of(rest).half() == self.tail_key
    }
}

#[cfg(test)]
mod tests;
