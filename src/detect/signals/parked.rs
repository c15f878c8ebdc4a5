//! The domain is for sale or has expired. That is no attack, but an officer must act before a stranger buys it.

use crate::{
    detect::{Detector, Found, View, phrases::PARKED},
    model::Localized,
};

/// Strength 1.0, on a short page that is not the known one.
pub struct Parked;

/// Most visible words: parking pages are short, and a registry's own pages mention parked domains, too.
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
        let say = Localized::new("signal-parked").with("phrase", hit.phrase);
        Some(Found::new(1.0, say, &text.raw))
    }
}
