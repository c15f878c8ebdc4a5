//! The page's headers name a style sheet, or instructions that transform the page.

use crate::{
    detect::{Delivery, Detector, Found, View},
    model::{Localized, excerpt},
};

/// Strength 1.0.
pub struct Dressed;

impl Detector for Dressed {
    fn name(&self) -> &'static str {
        "dressed"
    }

    fn look(&self, view: &View) -> Option<Found> {
        let mut delivered = view.expect.delivered.iter();
        let (_, what) = delivered.find(|it| it.0 == Delivery::Dressed)?;
        let say = Localized::new("signal-dressed").with("what", excerpt::defang_text(what));
        Some(Found::new(1.0, say, what))
    }
}
