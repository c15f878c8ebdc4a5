//! Masks: where the bytes of a page vary from look to look, and within what bounds. A look that differs nowhere else is
//! decided without a tree.
//!
//! A page is a sequence of fixed runs of bytes with slots between them; each run has a digest. A slot holds a number, a
//! token, or markup that stood there as a whole in a look judged normal. Numbers and tokens may vary only where they
//! are not displayed as words, do not run as code and are no part of an address (see `place`): an attacker cannot write
//! a word, an address, an element or code into a slot. Matching is one pass over the bytes.

mod learn;
mod pieces;
mod place;
mod slot;

use jiff::Timestamp;

use crate::{
    model::{
        Digest,
        mask::{Mask, Slot, Variant},
    },
    page::cancel,
};

/// Most slots of a page with a mask; a page with more is parsed at each look.
const MOST_STEPS: usize = 200;
/// Most variants kept for one slot.
const MOST_VARIANTS: usize = 64;
/// Most pieces in one slot: of all looks together, and of one variant.
const MOST_INSIDE: usize = 4000;
/// Largest page with a mask, in bytes; a larger one is parsed at each look. So is a page with zero bytes: it may be in
/// UTF-16, where `//` is not two adjacent bytes.
const LARGEST: usize = 1 << 20;

impl Mask {
    /// Learns from the bodies of looks judged normal, oldest first. A variant seen in one look only teaches nothing
    /// that its digest does not tell. A page that is too costly to align has no variant, and is parsed at each look.
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

    /// A mask that fits no page, for pages from which nothing can be learnt.
    pub fn blank(of: Digest, approved: Option<Timestamp>) -> Self {
        Self {
            of,
            approved,
            faces: Vec::new(),
        }
    }

    /// Takes over the variants of slots from an earlier mask of this baseline, if these slots still exist.
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
            // a slot is identified by the piece after it: two earlier slots with one such piece identify none
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

    /// Whether `body` differs from a learnt variant only inside its slots. One pass over the body for each variant.
    pub fn fits(&self, body: &[u8]) -> bool {
        Self::takes(body) && self.faces.iter().any(|it| it.fits(body))
    }

    /// Widens the slots for a body that was judged normal without any signal. Returns whether the mask changed.
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

impl Variant {
    fn fits(&self, body: &[u8]) -> bool {
        self.walk(body, |_, slot, rest| slot.length(rest))
    }

    /// This variant with slots wide enough for `body`; `None` if its fixed bytes differ, or if it fits already.
    fn grown(&self, body: &[u8]) -> Option<Self> {
        let mut wider = self.clone();
        let fits = self.walk(body, |n, _, rest| wider.steps[n].slot.widen(rest));
        (fits && wider != *self).then_some(wider)
    }

    /// Matches `body`. `length` returns how many of the remaining bytes belong to a slot, or `None` if the slot does
    /// not fit.
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
            cancel::step(run.len());
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
