//! Where the bytes of a page vary from look to look, and within what bounds: a look that differs nowhere else is decided
//! without a tree.
//!
//! A page is fixed runs of bytes with slots between them. All fixed bytes together have one digest; a slot holds a number,
//! a token, or pieces of markup that were seen there before. What is not learnt from looks that were judged normal is not
//! let through: nobody can write a word, an address or an element into a slot. Matching is one pass over the bytes.

mod learn;
mod pieces;
mod slot;

use jiff::Timestamp;

use crate::model::{
    Digest,
    digest::Running,
    mask::{Face, Mask, Slot},
};

/// More slots than this, and a page is read each time.
const MOST_STEPS: usize = 200;
/// Pieces remembered of one place.
const MOST_PIECES: usize = 128;

impl Mask {
    /// Learns from the bodies of looks judged normal, oldest first. A face that was seen once teaches nothing: its digest
    /// says as much.
    pub fn learn(of: Digest, approved: Option<Timestamp>, bodies: &[&[u8]]) -> Self {
        Self {
            of,
            approved,
            faces: learn::faces(bodies),
        }
    }

    /// Takes over what an earlier mask of the same baseline knew of places that are still there.
    pub fn remember(&mut self, earlier: &Self) {
        if self.approved != earlier.approved {
            return;
        }
        let steps = |mask: &Self| -> Vec<Slot> {
            let faces = mask.faces.iter().flat_map(|it| &it.steps);
            faces.map(|it| it.slot.clone()).collect()
        };
        let earlier = steps(earlier);
        for step in self.faces.iter_mut().flat_map(|it| &mut it.steps) {
            earlier.iter().for_each(|it| step.slot.join(it));
        }
    }

    /// Whether `body` differs from what was learnt in nothing but what is known to vary.
    pub fn fits(&self, body: &[u8]) -> bool {
        self.faces.iter().any(|it| it.fits(body))
    }

    /// Takes in a body that was judged normal with nothing to say against it; whether anything was learnt.
    pub fn grow(&mut self, body: &[u8]) -> bool {
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
        let mut fixed = Running::default();
        let mut rest = body;
        for (n, step) in self.steps.iter().enumerate() {
            let Some((run, after)) = rest.split_at_checked(step.fixed) else {
                return false;
            };
            fixed.take(run);
            let Some(after) = length(n, &step.slot, after).and_then(|it| after.get(it..)) else {
                return false;
            };
            rest = after;
        }
        if rest.len() != self.tail {
            return false;
        }
        fixed.take(rest);
        fixed.digest() == self.digest
    }
}

#[cfg(test)]
mod tests;
