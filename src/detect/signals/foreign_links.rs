//! New links to strange hosts: a block of them, or links with names or words of gambling, loans, pills or essays.

use std::collections::{BTreeSet, HashSet};

use crate::{
    detect::{Detector, Found, Role, View, hosts, phrases::SPAM},
    model::Localized,
    page::{Link, fold::fold, registrable},
};

/// Strength 1.0 for a block, 0.65 for each link that advertises trade, 0.43 for each one on a risky host, 0.87 for a picture that leads
/// to one.
pub struct ForeignLinks;

/// Strength of each link to a host under a domain that attackers favour: two of them ring.
const RISKY: f64 = 0.43;
/// Strength of a picture without words that leads to one.
const BANNER: f64 = 0.87;

/// Least number of strange domains in a block: an editor does not link to more at once in an otherwise unchanged page.
const BLOCK: usize = 6;

impl Detector for ForeignLinks {
    fn name(&self) -> &'static str {
        "foreign-links"
    }

    fn look(&self, view: &View) -> Option<Found> {
        let links = view.links();
        let strange: Vec<&&Link> = links
            .iter()
            .filter(|it| view.is_strange_at(&it.url, Role::Any))
            .collect();
        let bad = strange.iter().filter(|it| sells(it)).count();
        let domains: BTreeSet<String> = strange.iter().map(|it| registrable(&it.host)).collect();
        let risky = strange
            .iter()
            .filter(|it| hosts::is_risky(&it.host))
            .count();
        let still = view.change.is_some() && view.kept() > 0.9;
        // a few shops many times, under different words
        let repeated = still && strange.len() >= 6 && strange.len() >= 2 * domains.len() && {
            let texts: BTreeSet<&str> = strange.iter().map(|it| it.text.as_str()).collect();
            texts.len() * 3 >= strange.len()
        };
        let block = still && domains.len() >= BLOCK;
        if bad + risky == 0 && !block && !repeated {
            return None;
        }
        let strength = if block && bad + risky == 0 {
            // a directory of partners uses their names and links to their front pages; links that advertise trade have
            // a path or search words
            let sold = strange
                .iter()
                .filter(|it| {
                    has_path(&it.url) || it.text.chars().next().is_some_and(char::is_lowercase)
                })
                .count();
            if sold * 2 >= strange.len() { 1.0 } else { 0.75 }
        } else if block {
            1.0
        } else {
            let repeated = if repeated { 0.6 } else { 0.0 };
            // honest pages hardly ever link to one such host, and never to two
            let risky = RISKY * risky.saturating_sub(bad) as f64;
            let banners = if still && bad == 0 && has_banner(view, &strange) {
                BANNER
            } else {
                0.0
            };
            0.65 * bad as f64 + risky.max(banners) + repeated
        };
        let say = Localized::new("signal-foreign-links")
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

/// Whether a picture without words leads to one of these links' hosts, which attackers favour.
fn has_banner(view: &View, strange: &[&&Link]) -> bool {
    let pictured: HashSet<usize> = view.page.images.iter().filter_map(|it| it.link).collect();
    let links = view.page.links.iter().enumerate();
    let mut banners = links.filter(|(at, it)| {
        pictured.contains(at) && it.text.trim().is_empty() && hosts::is_risky(&it.host)
    });
    banners.any(|(_, it)| strange.iter().any(|new| new.url == it.url))
}

pub(super) fn has_path(url: &str) -> bool {
    let rest = url.split_once("//").map_or(url, |it| it.1);
    rest.split_once('/')
        .is_some_and(|(_, path)| !path.is_empty())
}

/// Whether the host, the address or the text of a link advertises gambling, loans, pills or essays.
pub(super) fn sells(link: &Link) -> bool {
    hosts::is_trade(&link.host)
        || SPAM.any(&fold(&link.text))
        || SPAM.any(&fold(&link.url.replace(['.', '-', '_', '/'], " ")))
}
