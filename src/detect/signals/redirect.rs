//! A refresh or a script that sends visitors to a strange host: all of them, or those from a search engine.

use std::sync::LazyLock;

use regex::Regex;
use url::Url;

use crate::{
    detect::{Code, Detector, Found, Role, View},
    model::{Localized, digest::key, excerpt},
    page::{capability::Capability, noise, registrable, script::hosts_in},
};

/// Strength 1.0 for a refresh and for new code that selects visitors or is short; 0.6 for other new code that leads to a
/// strange host; 0.75 for an unknown page of the portal's own, from a page that is as it was; 0.4 if it only names one; 0.3 without a baseline; 0.2 for new builds of known code.
pub struct Redirect;

/// Ways to send a browser elsewhere.
static LEADS_AWAY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?:location(?:.\])?(?:\.href|\[.href.\])?\s*=[^=]|location(?:.\])?\s*(?:\.\s*|\[.)(?:replace|assign)|window\.open\s*\(|http-equiv=.?refresh|window\.navigate)"#,
    )
    .ok()
});

/// Marks of code that selects its visitors.
const SLY: &[&str] = &[
    "referrer",
    "userAgent",
    "googlebot",
    "history.length",
    "ontouchstart",
    "sessionStorage",
    "localStorage",
];

impl Detector for Redirect {
    fn name(&self) -> &'static str {
        "redirect"
    }

    fn look(&self, view: &View) -> Option<Found> {
        let found = refresh(view).or_else(|| script(view));
        match found {
            Some(found) if found.strength >= OWN => Some(found),
            found => own(view).or(found),
        }
    }
}

fn refresh(view: &View) -> Option<Found> {
    let new = match &view.change {
        Some(change) => change.refreshes.clone(),
        None => view.page.refreshes.iter().collect(),
    };
    new.into_iter().find_map(|to| {
        let url = Url::parse(to).ok()?;
        let host = url.host_str()?;
        let say = Localized::new("signal-redirect").with("host", excerpt::defang(host));
        let doubt = view.doubt(to, Role::Refresh);
        (doubt > 0.0).then(|| Found::new(doubt, say, to))
    })
}

/// Strength for a page of the portal that nothing in it links to.
const OWN: f64 = 0.75;
/// Share of the page kept above which it is not left for another.
const INTACT: f64 = 0.9;

/// A page that is as it was sends all its visitors on, to a page of the portal that no page linked to before.
fn own(view: &View) -> Option<Found> {
    let change = view.change.as_ref()?;
    if change.kept() <= INTACT {
        return None;
    }
    let unlinked = |url: &Url| {
        view.is_own(&registrable(url.host_str().unwrap_or_default()))
            && url.path() != view.page.url.path()
            && url.path().len() > 1
            && !is_known(view, url)
    };
    let refreshes = change.refreshes.iter().filter_map(|it| Url::parse(it).ok());
    let by_code = view.newly_done(Capability::LeadsOn);
    // a handler waits for a visitor
    let by_code = by_code.filter(|it| !it.0.script.handler);
    let by_code = by_code.filter_map(|it| view.page.url.join(it.1.with.first()?).ok());
    let url = refreshes.chain(by_code).find(unlinked)?;
    let say = Localized::new("signal-redirect-own").with("path", url.path());
    Some(Found::new(OWN, say, url.as_str()))
}

/// Whether any look linked to the page.
fn is_known(view: &View, url: &Url) -> bool {
    let listed = |it: &Url| {
        let known = &view.norm.links;
        known.contains_key(&key(&noise::normal_url(it.as_str())))
    };
    let mut bare = url.clone();
    bare.set_query(None);
    bare.set_fragment(None);
    listed(url) || listed(&bare)
}

fn script(view: &View) -> Option<Found> {
    let found = view.codes().iter().filter(|it| it.script.runs);
    let found = found.filter_map(|it| leads(view, it));
    found.max_by(|a, b| a.strength.total_cmp(&b.strength))
}

fn leads(view: &View, code: &Code) -> Option<Found> {
    let leavings = &code.reading.leavings;
    let strange = |it: &String| view.is_strange(it) && !code.always_named(it);
    let direct = leavings.iter().flat_map(|it| it.to.iter()).find_map(|it| {
        hosts_in(it)
            .into_iter()
            .find(strange)
            .map(|host| (host, it.as_str()))
    });
    let (host, shown) = match &direct {
        Some((host, text)) => (host.clone(), *text),
        None => {
            let texts = std::iter::once(code.script.code.as_str())
                .chain(code.layers.iter().map(|it| it.text.as_str()));
            let (text, at) = texts.into_iter().find_map(|it| {
                LEADS_AWAY
                    .as_ref()?
                    .find(it)
                    .map(|found| (it, found.start()))
            })?;
            // an advertisement blocker's detector names strange hosts and leads to a page of the portal
            if !leavings.is_empty() && leavings.iter().all(|it| it.own) {
                return None;
            }
            let mut from = at.saturating_sub(60);
            while !text.is_char_boundary(from) {
                from -= 1;
            }
            (code.hosts().find(strange)?, &text[from..])
        }
    };
    let len = code.script.code.len();
    let sly = len < SHORT || len < LONG && SLY.iter().any(|it| code.holds(it));
    let rebuilt = code.is_rebuilt() || code.always_did(Capability::Leaves);
    let strength = match (view.change.is_some(), direct.is_some()) {
        // without a baseline the code may be old, and long code contains many addresses
        (false, _) => 0.3,
        (true, _) if rebuilt && len >= SHORT => 0.2,
        (true, _) if sly => 1.0,
        (true, true) => 0.6,
        (true, false) => 0.4,
    };
    let say = Localized::new("signal-redirect").with("host", excerpt::defang(&host));
    Some(Found::new(strength, say, shown))
}

/// Bytes of code that does hardly anything else, and of code that is a bundle of many things.
const SHORT: usize = 600;
const LONG: usize = 8 << 10;
