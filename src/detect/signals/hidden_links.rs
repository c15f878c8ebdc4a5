//! Hidden links to strange hosts.

use crate::{
    detect::{Detector, Found, Role, View, hosts},
    model::Localized,
    page::Link,
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
        let strange: Vec<&&Link> = links
            .iter()
            .filter(|it| it.hidden.is_some() && view.is_strange_at(&it.url, Role::Covert))
            .collect();
        let first = strange.first()?;
        let spam = strange
            .iter()
            .any(|it| super::foreign_links::sells(it) || hosts::is_risky(&it.host));
        // menus and consent boxes are hidden, too: one or two links there are ordinary, and so is a list of partners at
        // home, by their front pages
        let (deep, front): (Vec<&Link>, Vec<&Link>) =
            strange.iter().map(|it| **it).partition(|it| {
                !hosts::is_registered_in_vietnam(&it.host)
                    || super::foreign_links::has_path(&it.url)
            });
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
        let how = first.hidden.map(|it| it.as_str()).unwrap_or_default();
        let say = Localized::new("signal-hidden-links")
            .with("count", strange.len())
            .with("how", how);
        let shown = strange
            .iter()
            .take(3)
            .map(|it| format!("{} → {}", it.text, it.host))
            .collect::<Vec<_>>()
            .join("; ");
        Some(Found::new(strength, say, &shown))
    }
}
