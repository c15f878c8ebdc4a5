//! The logo that stood on the page in all recent looks is gone, and another picture stands for it.

use crate::{
    detect::{
        Detector, Found, View,
        pins::{strangeness, swaps},
    },
    diff::pins::Fact,
};

/// Strength 1.0 for a picture of a strange host, 0.1 for another one of the portal, or where other pictures moved to that host, too.
/// Only in a page that kept the rest.
pub struct PinnedLogo;

/// Pictures on one host from which the portal keeps its pictures there now.
const MOVED: usize = 3;

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
        let together = view.page.images.iter().filter(|it| it.host == image.host);
        let is_alone = together.count() < MOVED;
        let strength = if is_alone && strangeness(view, &image.host) > 0.5 {
            1.0
        } else {
            0.1
        };
        let say = swap.say("signal-pinned-logo");
        Some(Found::new(strength, say, &swap.shown()))
    }
}
