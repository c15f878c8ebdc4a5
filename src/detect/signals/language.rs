//! The page is in another language than the latest known look.

use crate::{
    detect::{Detector, Found, View, language},
    model::Localized,
};

/// Strength 1.0, or 0.6 between Vietnamese and a language in Latin letters. Only beside a baseline.
pub struct Language;

impl Detector for Language {
    fn name(&self) -> &'static str {
        "language"
    }

    fn look(&self, view: &View) -> Option<Found> {
        view.change.as_ref()?;
        let before = language::of_texts(view.norm.lines.iter().map(|it| it.text.as_str()))?;
        let now = language::of_page(view.page)?;
        if before == now {
            return None;
        }
        let shown = view
            .page
            .visible()
            .map(|it| it.text.as_str())
            .max_by_key(|it| it.len())
            .unwrap_or_default();
        // Vietnamese portals have English versions; other scripts are unusual
        use crate::page::writing_system::WritingSystem::{Latin, Vietnamese};
        let strength = if matches!((before, now), (Vietnamese, Latin) | (Latin, Vietnamese)) {
            0.6
        } else {
            1.0
        };
        Some(Found::new(
            strength,
            Localized::new("signal-language"),
            shown,
        ))
    }
}
