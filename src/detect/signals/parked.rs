//! The domain is for sale, or has expired: not an attack, and yet somebody must be woken before a stranger buys it.

use crate::{
    detect::{Detector, Found, View, phrases::PARKED},
    model::Say,
};

pub struct Parked;

/// Such pages are short; a registry's own pages speak of parked domains too.
const SHORT: usize = 160;

impl Detector for Parked {
    fn name(&self) -> &'static str {
        "parked"
    }

    fn look(&self, view: &View) -> Option<Found> {
        if view.words > SHORT || view.change.is_some() && view.kept() > 0.6 {
            return None;
        }
        let (text, hit) = view
            .texts
            .iter()
            .find_map(|text| PARKED.find(&text.folded).next().map(|hit| (text, hit)))?;
        let say = Say::new("signal-parked").with("phrase", hit.phrase);
        Some(Found::new(1.0, say, &text.raw))
    }
}
