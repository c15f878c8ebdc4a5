//! A refresh or a script that sends visitors to a strange host: all of them, or those from a search engine.

use std::sync::LazyLock;

use regex::Regex;
use url::Url;

use crate::{
    detect::{Detector, Found, Role, View},
    model::{Localized, excerpt},
};

/// Strength 1.0 for a refresh and for new code that selects visitors or is short; 0.4 for other new code; 0.3 without a
/// baseline.
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
    for code in view.codes().iter().filter(|it| it.script.runs) {
        let texts = std::iter::once(code.script.code.as_str())
            .chain(code.layers.iter().map(|it| it.text.as_str()));
        let Some((text, leads)) = texts
            .into_iter()
            .find_map(|it| LEADS_AWAY.as_ref()?.find(it).map(|found| (it, found)))
        else {
            continue;
        };
        let Some(host) = code.hosts().find(|it| view.is_strange(it)) else {
            continue;
        };
        let sly = SLY.iter().any(|it| code.holds(it)) || code.script.code.len() < 600;
        let mut from = leads.start().saturating_sub(60);
        while !text.is_char_boundary(from) {
            from -= 1;
        }
        let say = Localized::new("signal-redirect").with("host", excerpt::defang(&host));
        let strength = match (sly, view.change.is_some()) {
            (true, true) => 1.0,
            (false, true) => 0.4,
            // without a baseline the code may be old, and long code contains many addresses
            (_, false) => 0.3,
        };
        return Some(Found::new(strength, say, &text[from..]));
    }
    None
}
