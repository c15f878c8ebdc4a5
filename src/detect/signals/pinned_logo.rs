//! The logo that stood on the page in all recent looks is gone, and another picture stands for it.

use crate::{
    detect::{
        Detector, Found, View,
        pins::{strangeness, swaps},
    },
    diff::pins::Fact,
};

/// Strength 1.0 for a picture of a strange host, 0.2 for another one of the portal. Only in a page that kept the rest.
pub struct PinnedLogo;

impl Detector for PinnedLogo {
    fn name(&self) -> &'static str {
        "pinned-logo"
    }

    fn look(&self, view: &View) -> Option<Found> {
        let all = swaps(view, Fact::Logo);
        let swap = all.first().filter(|_| view.kept() > 0.75)?;
        let image = view
            .page
            .images
            .iter()
            .find(|it| it.src.starts_with(&swap.after.shown))?;
        let strength = if strangeness(view, &image.host) > 0.5 {
            1.0
        } else {
            0.2
        };
        let say = swap.say("signal-pinned-logo");
        Some(Found::new(strength, say, &swap.shown()))
    }
}
