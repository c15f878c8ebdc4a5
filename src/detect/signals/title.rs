//! The title shares no word with any known one, or is gone.

use std::collections::BTreeSet;

use crate::{
    detect::{Detector, Found, View},
    model::Localized,
    page::fold::fold,
};

/// Strength 1.0, or 0.8 for a missing title. Only beside a baseline, and on a page that kept at most 90 %.
pub struct Title;

impl Detector for Title {
    fn name(&self) -> &'static str {
        "title"
    }

    fn look(&self, view: &View) -> Option<Found> {
        if !view.change.as_ref()?.title || view.norm.titles.is_empty() {
            return None;
        }
        // in an untouched page, a new title is news; a hostile one has signals of its own
        if view.kept() > 0.9 {
            return None;
        }
        let Some(title) = &view.page.title else {
            return Some(Found::new(0.8, Localized::new("signal-title-gone"), ""));
        };
        let words = words(title);
        let known: BTreeSet<String> = view
            .norm
            .titles
            .iter()
            .flat_map(|it| self::words(it))
            .collect();
        if words.is_empty() || words.iter().any(|it| known.contains(it)) {
            return None;
        }
        Some(Found::new(1.0, Localized::new("signal-title"), title))
    }
}

fn words(title: &str) -> BTreeSet<String> {
    fold(title)
        .split(' ')
        .filter(|it| it.chars().count() > 2)
        .map(str::to_owned)
        .collect()
}
