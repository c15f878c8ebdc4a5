//! The page comes with a style sheet that only its headers name, or with instructions that transform it.

use crate::{
    detect::{Delivery, Detector, Found, View},
    model::{Say, excerpt},
};

pub struct Dressed;

impl Detector for Dressed {
    fn name(&self) -> &'static str {
        "dressed"
    }

    fn look(&self, view: &View) -> Option<Found> {
        let mut delivered = view.expect.delivered.iter();
        let (_, what) = delivered.find(|it| it.0 == Delivery::Dressed)?;
        let say = Say::new("signal-dressed").with("what", excerpt::defang_text(what));
        Some(Found::new(1.0, say, what))
    }
}
