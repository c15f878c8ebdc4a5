//! Links that led into the portal and now lead to strange hosts, under an unchanged text.

use std::collections::BTreeSet;

use crate::{
    detect::{Detector, Found, Role, View, hosts, pins::led_elsewhere},
    diff::pins::Fact,
    model::{Localized, digest::key},
    page::Link,
};

/// Strength 0.34 for each link, 0.42 for several texts in an otherwise unchanged page, and 0.5 more if one advertises trade. Only beside a baseline.
pub struct SwappedLinks;

impl Detector for SwappedLinks {
    fn name(&self) -> &'static str {
        "swapped-links"
    }

    fn look(&self, view: &View) -> Option<Found> {
        let change = view.change.as_ref()?;
        // an exchange is one fact: that of a pinned link is weighed as such
        let pinned: Vec<&str> = [Fact::Service, Fact::Download]
            .into_iter()
            .flat_map(|it| led_elsewhere(view, it))
            .map(|it| it.after.shown.as_str())
            .collect();
        let swapped: Vec<&&Link> = change
            .links
            .iter()
            .filter(|it| !pinned.contains(&it.url.as_str()))
            .filter(|it| !it.text.is_empty() && view.is_strange_at(&it.url, Role::Covert))
            .filter(|it| view.norm.own_link_texts.contains(&key(&it.text)))
            .collect();
        let first = swapped.first()?;
        // one link may have moved to a partner; a shop under a familiar text is an attack
        let sold = swapped
            .iter()
            .any(|it| hosts::is_risky(&it.host) || super::foreign_links::sells(it));
        let texts: BTreeSet<&str> = swapped.iter().map(|it| it.text.as_str()).collect();
        let each = if texts.len() >= 2 && view.kept() > 0.8 {
            0.42
        } else {
            0.34
        };
        let strength = swapped.len() as f64 * each + if sold { 0.5 } else { 0.0 };
        let say = Localized::new("signal-swapped-links").with("count", swapped.len());
        Some(Found::new(
            strength,
            say,
            &format!("{} → {}", first.text, first.host),
        ))
    }
}
