//! The page no longer links into its own portal.

use crate::{
    detect::{Detector, Found, View},
    diff::features::own_links,
    model::Localized,
    page::registrable,
};

/// Strength 1.0 if no own link is left and the page uses other hosts; 0.4 if it uses none. Only beside a baseline.
pub struct Uprooted;

/// Fewest links into the portal on known looks: the loss of fewer means nothing.
const HAD: usize = 6;

impl Detector for Uprooted {
    fn name(&self) -> &'static str {
        "uprooted"
    }

    fn look(&self, view: &View) -> Option<Found> {
        let kept_links = view.change.as_ref()?.kept_links.unwrap_or(0.0);
        let had = view.norm.own_links;
        // a portal may spell its own addresses with another of its domains
        let known = view
            .page
            .links
            .iter()
            .filter(|it| view.norm.link_domains.contains(&registrable(&it.host)))
            .count();
        let has = own_links(view.page).max(known);
        if had < HAD || has * 10 > had || kept_links > 0.1 {
            return None;
        }
        // a page without any links is a shell or a notice; one that links to or loads from other hosts is a stranger's
        // page
        let page = view.page;
        let elsewhere = page.links.iter().any(|it| view.is_strange(&it.host))
            || page.images.iter().any(|it| view.is_foreign(&it.host))
            || page.frames.iter().any(|it| view.is_strange(&it.host))
            || page.scripts.iter().any(|it| view.is_strange(&it.host));
        let strength = match (has == 0, elsewhere) {
            (true, true) => 1.0,
            (false, true) => 0.8,
            (_, false) => 0.4,
        };
        let say = Localized::new("signal-uprooted")
            .with("had", had)
            .with("has", has);
        let shown = view
            .page
            .visible()
            .map(|it| it.text.as_str())
            .take(3)
            .collect::<Vec<_>>()
            .join(" · ");
        Some(Found::new(strength, say, &shown))
    }
}
