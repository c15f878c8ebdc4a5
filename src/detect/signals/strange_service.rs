//! A new link promises a public service, and leads behind a short address, into a messenger, or to a stranger.

use crate::{
    detect::{Detector, Found, Role, View, hosts, pins::strangeness},
    diff::pins::{bare, promises_service},
    model::{Localized, excerpt},
    page::{Link, place},
};

/// Strength 0.9 where anybody publishes or hides what follows, and for strange hosts; 0.6 for messengers and answers to forms, which
/// agencies use, too. Only beside a baseline, in a page that is kept.
pub struct StrangeService;

/// Share of the page that is kept, below which a new page has new links.
const KEPT: f64 = 0.75;
/// Most words of a link that is a button and no news.
const WORDS: usize = 9;
/// Most new links that are read.
const MOST: usize = 200;
/// Strengths.
const HIDDEN: f64 = 0.9;
const STRANGE: f64 = 0.85;
const USED: f64 = 0.6;

impl Detector for StrangeService {
    fn name(&self) -> &'static str {
        "strange-service"
    }

    fn look(&self, view: &View) -> Option<Found> {
        view.change.as_ref().filter(|_| view.kept() >= KEPT)?;
        let (strength, worst) = view
            .links()
            .into_iter()
            .take(MOST)
            .filter(|it| it.hidden.is_none() && is_button(view, it))
            .map(|it| (strength(view, it), it))
            .filter(|it| it.0 > 0.0)
            .max_by(|a, b| a.0.total_cmp(&b.0))?;
        let say = Localized::new("signal-strange-service")
            .with("label", excerpt::excerpt(&worst.text, 60))
            .with("host", excerpt::defang(&worst.host));
        Some(Found::new(
            strength,
            say,
            &format!("{} → {}", worst.text, worst.url),
        ))
    }
}

/// Whether the link is a new one with few words that promise a service. A known text that leads elsewhere is a swapped link.
fn is_button(view: &View, link: &Link) -> bool {
    let is_short = link.text.split_whitespace().count() <= WORDS;
    let own = crate::model::digest::key(&link.text);
    is_short && !view.norm.own_link_texts.contains(&own) && promises_service(&bare(&link.text))
}

fn strength(view: &View, link: &Link) -> f64 {
    let host = link.host.as_str();
    if view.is_own(&crate::page::registrable(host)) {
        return 0.0;
    }
    if !place::is_shared(host) {
        let leads_on = leads_on(&link.url) && !hosts::is_public_body(host);
        let strange = strangeness(view, host) >= 1.0 && view.is_strange_at(&link.url, Role::Any);
        return match (leads_on, strange) {
            (true, _) => HIDDEN,
            (_, true) => STRANGE,
            _ => 0.0,
        };
    }
    if view
        .norm
        .holds(crate::page::Usage::Link, place::of(&link.url, host).name())
    {
        return 0.0;
    }
    if place::is_used_by_offices(host) {
        USED
    } else {
        HIDDEN
    }
}

/// Whether the address holds another one, to which its host leads on.
fn leads_on(url: &str) -> bool {
    let query = url
        .split_once('?')
        .map_or("", |it| it.1)
        .to_ascii_lowercase();
    let mut values = query.split('&').filter_map(|it| it.split_once('='));
    values.any(|(_, value)| value.starts_with("http") || value.starts_with("%68%74%74%70"))
}
