//! One portal seen by several visitors: the gravest look counts, and what only some visitors are shown is cloaked.

use jiff::Timestamp;

use super::Look;
use crate::{
    detect::ReferenceKind,
    model::{Localized, Signal, Standing},
};

/// Whether the other visitors should look, too, after the first: a portal that is silent to the first visitor costs each
/// of the others a whole time limit.
pub fn goes_on(first: &Look) -> bool {
    !first.class.may_be_our_fault()
}

/// The look that counts, of the first visitor's and those of the others so far.
#[derive(Clone, Debug)]
pub struct Gravest {
    look: Look,
    is_first_calm: bool,
    /// The decision rests on the baseline of the target, which is the first visitor's.
    baseline_at: Option<Timestamp>,
}

impl Gravest {
    /// Begins with the first visitor's look: it is the portal's availability.
    pub fn of(first: Look) -> Self {
        Self {
            is_first_calm: first.class.standing() == Standing::Up,
            baseline_at: first.baseline_at,
            look: first,
        }
    }

    /// Takes the look of another visitor, which counts only if it shows tampering, and more of it.
    pub fn add(&mut self, mut look: Look) {
        if look.class.standing() != Standing::Tampered {
            return;
        }
        let signals = &mut look.verdict.signals;
        let cloaked = ReferenceKind::FirstProfile.as_str();
        if self.is_first_calm && !signals.iter().any(|it| it.name == cloaked) {
            let profile = look.observation.profile.as_str();
            signals.push(Signal {
                name: cloaked.to_owned(),
                weight: 0.0,
                say: Localized::new("signal-cloaked").with("profile", profile),
                excerpt: profile.to_owned(),
            });
        }
        let gravity = |it: &Look| (it.verdict.level, it.verdict.score);
        let is_first_of_its_kind = self.look.class.standing() != Standing::Tampered;
        if is_first_of_its_kind || gravity(&look) > gravity(&self.look) {
            look.baseline_at = self.baseline_at;
            self.look = look;
        }
    }

    pub fn into_look(self) -> Look {
        self.look
    }
}
