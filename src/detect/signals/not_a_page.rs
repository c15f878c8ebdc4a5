//! An image or a binary in place of a page, or a page that its headers tell browsers not to show as one.

use crate::{
    detect::{Delivery, Detector, Found, View},
    model::{Localized, excerpt},
    page::Kind,
};

/// Strength 1.0.
pub struct NotAPage;

impl Detector for NotAPage {
    fn name(&self) -> &'static str {
        "not-a-page"
    }

    fn look(&self, view: &View) -> Option<Found> {
        let mut delivered = view.expect.delivered.iter();
        if let Some((how, what)) = delivered.find(|it| it.0 != Delivery::Dressed) {
            let key = match how {
                Delivery::Stored => "signal-not-shown-stored",
                Delivery::Blank => "signal-not-shown-blank",
                Delivery::Barred => "signal-not-shown-barred",
                _ => "signal-not-shown-type",
            };
            let say = Localized::new(key).with("what", excerpt::excerpt(what, 60));
            return Some(Found::new(1.0, say, what));
        }
        let was_page = view.norm.looks == 0 || view.norm.elements > 10;
        let kind = match view.page.kind {
            Kind::Image => "image",
            Kind::Binary => "binary",
            _ => return None,
        };
        was_page.then(|| {
            Found::new(
                1.0,
                Localized::new("signal-not-a-page").with("kind", kind),
                kind,
            )
        })
    }
}
