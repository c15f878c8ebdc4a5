//! A telephone or mail address that stood on the page in all recent looks is gone, and another one stands for it.

use crate::{
    detect::{
        Detector, Found, View,
        pins::{Swap, swaps},
    },
    diff::pins::Fact,
};

/// Strength 0.5 for one that was exchanged, 1.0 for several. Offices change their numbers: a drift that needs company.
pub struct PinnedContact;

impl Detector for PinnedContact {
    fn name(&self) -> &'static str {
        "pinned-contact"
    }

    fn look(&self, view: &View) -> Option<Found> {
        let mut all: Vec<Swap> = swaps(view, Fact::Phone);
        all.extend(swaps(view, Fact::Email));
        all.retain(|it| it.words >= 0.5);
        let first = all.first()?;
        let strength = if all.len() > 1 { 1.0 } else { 0.5 };
        let say = first.say("signal-pinned-contact");
        Some(Found::new(strength, say, &first.shown()))
    }
}
