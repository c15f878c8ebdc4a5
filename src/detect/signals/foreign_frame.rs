//! A new frame of a strange host.

use crate::{
    detect::{Detector, Found, Role, View, hosts},
    model::{Localized, excerpt},
    page::{Frame, place},
};

/// Strength 1.0 if the frame covers the page, is hidden or is on a risky host; in an otherwise unchanged page 0.75 where anybody
/// publishes, and 0.7 elsewhere; else 0.6. A visible one of a `.vn` host: 0.35.
pub struct ForeignFrame;

impl Detector for ForeignFrame {
    fn name(&self) -> &'static str {
        "foreign-frame"
    }

    fn look(&self, view: &View) -> Option<Found> {
        let frames = view.frames();
        let strength = |it: &Frame| -> f64 {
            if it.covers || it.hidden.is_some() || hosts::is_risky(&it.host) {
                1.0
            } else if hosts::is_registered_in_vietnam(&it.host) && !place::is_shared(&it.host) {
                // maps, prices and broadcasts of companies at home
                0.35
            } else if view.change.is_some() && view.kept() > 0.9 {
                // the only change of the page: a map, prices, a broadcast of a stranger, which the agency is asked about
                if place::is_shared(&it.host) {
                    0.75
                } else {
                    0.7
                }
            } else {
                0.6
            }
        };
        let worst = frames
            .iter()
            .filter(|it| view.is_strange_at(&it.src, Role::Frame))
            .max_by(|a, b| strength(a).total_cmp(&strength(b)))?;
        let say = Localized::new("signal-foreign-frame").with("host", excerpt::defang(&worst.host));
        Some(Found::new(strength(worst), say, &worst.src))
    }
}
