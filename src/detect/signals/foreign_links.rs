//! A block of new links to strange hosts.

use std::collections::BTreeSet;

use crate::{
    detect::{Detector, Found, View, hosts, phrases::SPAM},
    model::Say,
    page::{Link, fold::fold, links::registrable},
};

pub struct ForeignLinks;

/// Links to so many strange domains at once, in a page that is otherwise as it was, are no news.
const BLOCK: usize = 6;

impl Detector for ForeignLinks {
    fn name(&self) -> &'static str {
        "foreign-links"
    }

    fn look(&self, view: &View) -> Option<Found> {
        let links = view.links();
        let strange: Vec<&&Link> = links
            .iter()
            .filter(|it| view.is_strange(&it.host))
            .collect();
        let bad = strange
            .iter()
            .filter(|it| {
                hosts::is_risky(&it.host)
                    || SPAM.any(&fold(&it.text))
                    || SPAM.any(&fold(&it.host.replace(['.', '-'], " ")))
            })
            .count();
        let domains: BTreeSet<String> = strange.iter().map(|it| registrable(&it.host)).collect();
        let block = view.change.is_some() && domains.len() >= BLOCK && view.kept() > 0.9;
        if bad == 0 && !block {
            return None;
        }
        let strength = if block {
            1.0
        } else {
            (bad as f64 / 3.0).min(1.0)
        };
        let say = Say::new("signal-foreign-links")
            .with("count", strange.len())
            .with("hosts", domains.len());
        let shown = strange
            .iter()
            .take(3)
            .map(|it| format!("{} → {}", it.text, it.host))
            .collect::<Vec<_>>()
            .join("; ");
        Some(Found::new(strength, say, &shown))
    }
}
