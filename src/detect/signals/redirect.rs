//! A refresh or a script that sends visitors to a strange host: all of them, or those from a search engine.

use std::sync::LazyLock;

use regex::Regex;
use url::Url;

use crate::{
    detect::{Code, Detector, Found, Role, View},
    model::{Localized, excerpt},
    page::{capability::Capability, script::hosts_in},
};

/// Strength 1.0 for a refresh and for new code that selects visitors or is short; 0.6 for other new code that leads to a
/// strange host, 0.4 if it only names one; 0.3 without a baseline; 0.2 for new builds of known code.
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
        refresh(view).or_else(|| script(view))
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
