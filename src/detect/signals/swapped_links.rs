//! Links that led into the portal and now lead to strange hosts, under an unchanged text.

use std::collections::BTreeSet;

use crate::{
    detect::{
        Detector, Found, Role, View, hosts,
        pins::{led_elsewhere, strangeness},
    },
    diff::pins::{self, Fact},
    model::{Localized, digest::key},
    page::{Link, place},
};

/// Strength 0.34 for each link, 0.42 for several texts in an otherwise unchanged page, 0.3 for a headline that leads to a holder of a `.vn` name; 0.5
/// more if one advertises trade; 0.9 for a pinned service or file that is a link to a stranger now. Only beside a baseline.
pub struct SwappedLinks;

/// Strength for a text that was pinned.
const PINNED: f64 = 0.9;
/// Strength for each link to a company at home: partners and newspapers take over what a portal told itself.
const AT_HOME: f64 = 0.3;
/// Fewest words of a headline; a part of the portal has a shorter name.
const HEADLINE: usize = 5;
/// Most swapped links that are compared with what was pinned.
const MOST: usize = 40;

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
        let weigh = |it: &&&Link| {
            let is_headline = it.text.split_whitespace().count() >= HEADLINE;
            let at_home = is_headline
                && hosts::is_registered_in_vietnam(&it.host)
                && !place::is_shared(&it.host);
            if at_home { AT_HOME } else { each }
        };
        let links: f64 = swapped.iter().map(weigh).sum();
        let mut strength = links + if sold { 0.5 } else { 0.0 };
        if swapped.iter().take(MOST).any(|it| was_pinned(view, it)) {
            strength = strength.max(PINNED);
        }
        let say = Localized::new("signal-swapped-links").with("count", swapped.len());
        Some(Found::new(
            strength,
            say,
            &format!("{} → {}", first.text, first.host),
        ))
    }
}

/// Whether the text of the link stood under a service or file that people trust, and the link leads to a stranger.
fn was_pinned(view: &View, link: &Link) -> bool {
    let label = pins::bare(&link.text);
    let watched = view.known_pins().iter().filter(|it| it.is_watched);
    let mut known = watched
        .map(|it| &it.pin)
        .filter(|it| it.label == label.trim());
    let strangeness = strangeness(view, &link.host);
    known.any(|it| match it.kind {
        Fact::Service => strangeness >= 1.0,
        // no portal hands its programs to a store of files for anybody
        Fact::Download => strangeness >= 1.0 || place::is_shared(&link.host),
        _ => false,
    })
}
