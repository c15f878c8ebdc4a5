//! Hardly a word is left, and an image or a film stands in place of the text.

use crate::{
    detect::{Detector, Found, View},
    model::Localized,
    page::registrable,
};

/// Strength 1.0 if the page shows a picture, film or foreign frame instead, 0.75 if nothing; less for a page that
/// scripts fill.
pub struct Emptied;

/// Most visible words of such a page: half of the defacements have fewer than 25.
const POSTER: usize = 30;

/// Bytes of inline code from which a page is a program that fills itself.
const APPLICATION: usize = 20_000;

impl Detector for Emptied {
    fn name(&self) -> &'static str {
        "emptied"
    }

    fn look(&self, view: &View) -> Option<Found> {
        let page = view.page;
        if !page.kind.is_text() || view.words > POSTER {
            return None;
        }
        if view.norm.looks > 0 {
            let lost_words = view.norm.words >= 2 * view.words.max(15);
            let lost_parts =
                view.words * 3 <= view.norm.words && page.elements * 4 <= view.norm.elements;
            if view.kept() > 0.5 || !(lost_words || lost_parts) {
                return None;
            }
        }
        let own = page.domain();
        let elsewhere = |host: &str| !host.is_empty() && registrable(host) != own;
        // a frame of the portal's own shows its own page
        let framed = page.frames.iter().any(|it| elsewhere(&it.host));
        let shows = framed || page.images.len() + page.media > 0;
        // a shell that the portal's own scripts fill is still the portal
        let shell = page
            .scripts
            .iter()
            .any(|it| it.src.is_some() && !view.is_foreign(&it.host))
            && !shows;
        let own = crate::diff::features::own_links(page) > 2;
        let code: usize = page.scripts.iter().map(|it| it.code.len()).sum();
        let shell = shell || view.words <= 5 && code > APPLICATION && !page.dark;
        let strength = match (shows, shell || own) {
            (true, false) => 1.0,
            (true, true) => 0.5,
            (false, false) => 0.75,
            (false, true) => 0.2,
        };
        // a short notice in the portal's own words, without a picture in its place
        let is_own = view.norm.looks > 0 && !shows && !page.dark && view.familiar().speaks();
        let strength = if is_own { strength * 0.5 } else { strength };
        let first = page
            .images
            .first()
            .map(|it| it.src.clone())
            .unwrap_or_default();
        let say = Localized::new("signal-emptied").with("words", view.words);
        Some(Found::new(strength, say, &first))
    }
}
