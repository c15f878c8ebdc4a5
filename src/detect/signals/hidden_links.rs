//! Hidden links to strange hosts.

use crate::{
    detect::{Detector, Found, Role, View, hosts},
    model::Localized,
    page::{Hiding, Link},
};

/// Strength 1.0 for links that advertise trade or for five links, else 0.25 a link (0.1 to the front
/// page of a `.vn` host); a fifth of that without a baseline.
pub struct HiddenLinks;

impl Detector for HiddenLinks {
    fn name(&self) -> &'static str {
        "hidden-links"
    }

    fn look(&self, view: &View) -> Option<Found> {
        let links = view.links();
        let is_deep = |it: &Link| {
            !hosts::is_registered_in_vietnam(&it.host) || super::foreign_links::has_path(&it.url)
        };
        // a list of partners that scripts unfold is hidden by a style sheet
        let by_sheets = view.concealed().into_iter().filter(|it| is_deep(it.0));
        let hidden = links.iter().filter_map(|it| Some((*it, it.hidden?)));
        let strange: Vec<(&Link, Hiding)> = hidden
            .chain(by_sheets)
            .filter(|it| view.is_strange_at(&it.0.url, Role::Covert))
            .collect();
        let (_, how) = strange.first()?;
        let strange: Vec<&Link> = strange.iter().map(|it| it.0).collect();
        let spam = strange
            .iter()
            .any(|it| super::foreign_links::sells(it) || hosts::is_risky(&it.host));
        // menus and consent boxes are hidden, too: one or two links there are ordinary, and so is a list of partners at
        // home, by their front pages
        let (deep, front): (Vec<&Link>, Vec<&Link>) =
            strange.iter().copied().partition(|it| is_deep(it));
        let strength = if spam || deep.len() >= 5 {
            1.0
        } else {
            0.25 * deep.len() as f64 + 0.1 * front.len() as f64
        };
        let strength = if view.norm.looks == 0 && !spam {
            strength * 0.2
        } else {
            strength
        };
        let say = Localized::new("signal-hidden-links")
            .with("count", strange.len())
            .with("how", how.as_str());
        let shown = strange
            .iter()
            .take(3)
            .map(|it| format!("{} → {}", it.text, it.host))
            .collect::<Vec<_>>()
            .join("; ");
        Some(Found::new(strength, say, &shown))
    }
}
