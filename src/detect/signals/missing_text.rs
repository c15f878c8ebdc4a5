//! Text that the operator said must be on the page is not.

use crate::{
    detect::{Detector, Found, View},
    model::Say,
    page::{charset::nfc, fold::fold},
};

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
            // pages are composed (NFC) when read; the text of older records may not be
            .find(|it| !all.contains(&fold(&nfc(it))))?;
        Some(Found::new(
            1.0,
            Say::new("signal-missing-text").with("text", missing),
            missing,
        ))
    }
}
