//! Nothing on the page is the portal's own: not its template, links, words or name, and the page is no known state.

use crate::{
    detect::{Detector, Found, View, familiar::Familiar},
    model::Localized,
    page::Kind,
};

/// Strength 1.0. Only beside a baseline of a page with words; what the page says does not matter.
pub struct Unrecognised;

/// Share of the stable page, and of its links and texts, up to which nothing is kept.
const KEPT: f64 = 0.2;
const KEPT_PARTS: f64 = 0.1;
/// Fewest words and own links of known looks: a shell that scripts fill, or a part of a page, has nothing by which it can
/// be recognized.
const HAD: usize = 20;
const HAD_LINKS: usize = 4;

/// Times the words, and the links into the portal, of known looks: what stands there now is more than what was known.
const RICHER: (usize, usize) = (3, 2);

impl Detector for Unrecognised {
    fn name(&self) -> &'static str {
        "unrecognised"
    }

    fn look(&self, view: &View) -> Option<Found> {
        let change = view.change.as_ref()?;
        let part = |kept: Option<f64>| kept.unwrap_or(0.0) <= KEPT_PARTS;
        let is_gone = change.kept() < KEPT && part(change.kept_links) && part(change.kept_blocks);
        let had = view.norm.words >= HAD
            && view.norm.own_links >= HAD_LINKS
            && !view.norm.titles.is_empty();
        let is_page = view.page.kind == Kind::Html || view.page.kind == Kind::Text;
        if !is_gone || !had || !is_page {
            return None;
        }
        let familiar = view.familiar();
        if familiar.is_own() || is_richer(view, &familiar) {
            return None;
        }
        let mut shown = view.page.visible().map(|it| it.text.as_str()).take(4);
        let first = shown.next().or(view.page.title.as_deref());
        let text: Vec<&str> = first.into_iter().chain(shown).collect();
        let mut text = text.join(" · ");
        if text.is_empty() {
            let sources = view.page.scripts.iter().filter_map(|it| it.src.as_deref());
            let images = view.page.images.iter().map(|it| it.src.as_str());
            text = sources.chain(images).next().unwrap_or_default().to_owned();
        }
        Some(Found::new(
            1.0,
            Localized::new("signal-unrecognised"),
            &text,
        ))
    }
}

/// Whether a whole page stands in the place of a wall or a shell that was learnt: its portal has only now come to sight.
fn is_richer(view: &View, familiar: &Familiar) -> bool {
    let (words, links) = RICHER;
    view.words >= words * view.norm.words && familiar.own_links >= links * view.norm.own_links
}
