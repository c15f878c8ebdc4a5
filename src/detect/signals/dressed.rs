//! A style sheet, or instructions that transform the page, that only its headers name; style text that loads style
//! sheets or fonts of a strange host.

use crate::{
    detect::{Delivery, Detector, Found, View},
    model::{Localized, excerpt},
    page::registrable,
};

/// Strength 1.0 for headers, 0.85 for style text in a page that is otherwise kept; 0.4 in a page that is not.
pub struct Dressed;

impl Detector for Dressed {
    fn name(&self) -> &'static str {
        "dressed"
    }

    fn look(&self, view: &View) -> Option<Found> {
        let mut delivered = view.expect.delivered.iter();
        if let Some((_, what)) = delivered.find(|it| it.0 == Delivery::Dressed) {
            let say = Localized::new("signal-dressed").with("what", excerpt::defang_text(what));
            return Some(Found::new(1.0, say, what));
        }
        let strange = |it: &&String| {
            !view.norm.style_domains.contains(&registrable(it)) && view.is_strange(it)
        };
        let host = view.page.style_hosts.iter().find(strange)?;
        let strength = if view.kept() > 0.5 { 0.85 } else { 0.4 };
        let say = Localized::new("signal-dressed-style").with("host", excerpt::defang(host));
        Some(Found::new(strength, say, host))
    }
}
