//! New code that writes another page or another title in the place of the portal's.

use crate::{
    detect::{Detector, Found, View},
    model::Localized,
    page::{
        capability::{Capability, Done},
        fold::fold,
        script::hosts_in,
    },
};

/// Strength 1.0 for a page, and for targets that code gives the page's links, forms and pictures; 0.9 for a title without a word of the known ones. Only beside a baseline.
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
        let mut rewritten = view.newly_done(Capability::RewritesTargets);
        if let Some((_, done)) = rewritten.find(|it| is_strange(view, it.1)) {
            let say = Localized::new("signal-takes-page-targets");
            let shown = format!("{} → {}", done.with.join(" "), done.shown);
            return Some(Found::new(1.0, say, &shown));
        }
        let (_, done) = view
            .newly_done(Capability::SetsTitle)
            .find(|(_, done)| !done.with.iter().any(|it| is_own(view, it)))?;
        let say = Localized::new("signal-takes-page-title");
        Some(Found::new(0.9, say, &done.with.join(" … ")))
    }
}

/// Whether a target is digits, a file of the portal's own, or lies on a strange host.
fn is_strange(view: &View, done: &Done) -> bool {
    let mut hosts = done.with.iter().flat_map(|it| hosts_in(it)).peekable();
    hosts.peek().is_none() || hosts.any(|it| view.is_strange(&it))
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
