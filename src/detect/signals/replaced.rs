//! The stable skeleton of the page is gone.

use crate::{
    detect::{Detector, Found, View},
    model::Say,
};

pub struct Replaced;

/// Honest versions of one template keep more; measured over change sequences of real portals.
const GONE_BELOW: f64 = 0.35;

impl Detector for Replaced {
    fn name(&self) -> &'static str {
        "replaced"
    }

    fn look(&self, view: &View) -> Option<Found> {
        let kept = view.change.as_ref()?.kept();
        if kept >= GONE_BELOW || view.norm.elements < 10 {
            return None;
        }
        let own = crate::diff::norm::own_links(view.page);
        // a redesign leads to its own pages and has as much to say as before; a replacement has neither
        let rich = own * 3 >= view.norm.own_links.max(6) && view.words * 3 >= view.norm.words;
        let strength = (GONE_BELOW - kept) / GONE_BELOW * if rich { 0.35 } else { 1.0 };
        let lost = format!("{:.0}", (1.0 - kept) * 100.0);
        let now = view
            .page
            .visible()
            .map(|it| it.text.as_str())
            .take(4)
            .collect::<Vec<_>>()
            .join(" · ");
        Some(Found::new(
            strength,
            Say::new("signal-replaced").with("percent", lost),
            &now,
        ))
    }
}
