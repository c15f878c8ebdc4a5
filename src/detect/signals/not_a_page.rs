//! An image or a binary where a page should be.

use crate::{
    detect::{Detector, Found, View},
    model::Say,
    page::Kind,
};

pub struct NotAPage;

impl Detector for NotAPage {
    fn name(&self) -> &'static str {
        "not-a-page"
    }

    fn look(&self, view: &View) -> Option<Found> {
        let was_page = view.norm.looks == 0 || view.norm.elements > 10;
        let kind = match view.page.kind {
            Kind::Image => "image",
            Kind::Binary => "binary",
            _ => return None,
        };
        was_page.then(|| Found::new(1.0, Say::new("signal-not-a-page").with("kind", kind), kind))
    }
}
