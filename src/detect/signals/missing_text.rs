//! A text that the operator requires (`must_contain`) is not on the page.

use crate::{
    detect::{Detector, Found, View},
    model::Localized,
    page::{charset::nfc, fold::fold},
};

/// Strength 1.0; letters are compared folded.
pub struct MissingText;

impl Detector for MissingText {
    fn name(&self) -> &'static str {
        "missing-text"
    }

    fn look(&self, view: &View) -> Option<Found> {
        if view.expect.must_contain.is_empty() {
            return None;
        }
        let mut all = view.page.title.as_deref().map(fold).unwrap_or_default();
        for block in view.page.visible() {
            all.push(' ');
            all.push_str(&fold(&block.text));
        }
        let missing = view
            .expect
            .must_contain
            .iter()
            // pages are read in NFC; the text in older records may not be
            .find(|it| !all.contains(&fold(&nfc(it))))?;
        Some(Found::new(
            1.0,
            Localized::new("signal-missing-text").with("text", missing),
            missing,
        ))
    }
}
