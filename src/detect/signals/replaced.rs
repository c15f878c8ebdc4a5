//! The stable skeleton of the page is gone.

use std::collections::HashSet;

use crate::{
    detect::{Detector, Found, View},
    model::Localized,
    page::fold::fold,
};

/// Strength rises from 0 at 35 % kept to 1.0 at nothing kept; a redesign and a page with familiar words get less.
pub struct Replaced;

/// Share kept below which the page counts as replaced. Honest versions of one template keep more, measured on sequences
/// of changes of real portals.
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
        let own = crate::diff::features::own_links(view.page);
        // a redesign links to its own pages and has as much text as before; a replacement does neither
        let rich = own * 3 >= view.norm.own_links.max(6) && view.words * 3 >= view.norm.words;
        let mut strength = (GONE_BELOW - kept) / GONE_BELOW * if rich { 0.35 } else { 1.0 };
        if is_familiar(view) || !view.page.dark && view.familiar().speaks() {
            strength *= 0.5;
        }
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
            Localized::new("signal-replaced").with("percent", lost),
            &now,
        ))
    }
}

/// Fewest words by which a page can be recognized, and the share of them that known looks had, too.
const WORDS: usize = 40;
const FAMILIAR: f64 = 0.6;

/// Whether the page uses the words of its known looks: an emergency page or a move to another system, not a stranger's
/// page.
pub fn is_familiar(view: &View) -> bool {
    let known: HashSet<&str> = view.norm.folded.split_whitespace().collect();
    let (mut all, mut same) = (0, 0);
    for text in view.page.visible() {
        for word in fold(&text.text)
            .split(' ')
            .filter(|it| it.chars().count() >= 4)
        {
            all += 1;
            same += usize::from(known.contains(word));
        }
    }
    all >= WORDS && same as f64 >= FAMILIAR * all as f64
}
