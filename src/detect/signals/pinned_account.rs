//! A bank account that stood on the page in all recent looks is gone, and another one stands for it.

use crate::{
    detect::{
        Detector, Found, View,
        pins::{Swap, swaps},
    },
    diff::pins::Fact,
};

/// Strength 1.0 in the old place, between the same texts; 0.6 where one of them is left, as in an appeal for another cause;
/// 0.4 elsewhere.
pub struct PinnedAccount;

impl Detector for PinnedAccount {
    fn name(&self) -> &'static str {
        "pinned-account"
    }

    fn look(&self, view: &View) -> Option<Found> {
        let all = swaps(view, Fact::Account);
        let worst = all
            .iter()
            .max_by(|a, b| strength(a).total_cmp(&strength(b)))?;
        let say = worst.say("signal-pinned-account");
        Some(Found::new(strength(worst), say, &worst.shown()))
    }
}

fn strength(swap: &Swap) -> f64 {
    if swap.words < 0.5 {
        0.4
    } else if swap.place >= 0.6 {
        1.0
    } else if swap.place > 0.0 {
        0.6
    } else {
        0.4
    }
}
