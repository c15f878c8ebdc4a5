//! New code that writes another page or another title in the place of the portal's.

use crate::{
    detect::{Detector, Found, View},
    model::Localized,
    page::{capability::Capability, fold::fold},
};

/// Strength 1.0 for a page, 0.9 for a title without a word of the known ones. Only beside a baseline.
pub struct TakesPage;

impl Detector for TakesPage {
    fn name(&self) -> &'static str {
        "takes-page"
    }

    fn look(&self, view: &View) -> Option<Found> {
        view.change.as_ref()?;
        if let Some((code, done)) = view.newly_done(Capability::TakesPage).next() {
            let strength = if code.script.code.len() < LONG || code.rebuilt.is_some() {
                1.0
            } else {
                0.7
            };
            return Some(Found::new(
                strength,
                Localized::new("signal-takes-page"),
                &done.shown,
            ));
        }
        let (_, done) = view
            .newly_done(Capability::SetsTitle)
            .find(|(_, done)| !done.with.iter().any(|it| is_own(view, it)))?;
        let say = Localized::new("signal-takes-page-title");
        Some(Found::new(0.9, say, &done.with.join(" … ")))
    }
}

/// Bytes of code of which frameworks that build the whole page are seldom shorter.
const LONG: usize = 16 << 10;

/// Whether a title shares a word with the titles of this portal, or stands in its text.
fn is_own(view: &View, title: &str) -> bool {
    let folded = fold(title);
    let mut known: Vec<String> = view.norm.titles.iter().map(|it| fold(it)).collect();
    known.extend(view.page.title.iter().map(|it| fold(it)));
    let words: Vec<&str> = known.iter().flat_map(|it| it.split_whitespace()).collect();
    let shares = folded
        .split_whitespace()
        .any(|it| it.chars().count() > 1 && words.contains(&it));
    known.is_empty() || shares || view.knows(&folded)
}
