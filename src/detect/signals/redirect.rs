//! A refresh or a script that leads visitors away, all of them or those who come from a search engine.

use std::sync::LazyLock;

use regex::Regex;
use url::Url;

use crate::{
    detect::{Detector, Found, View},
    model::{Say, excerpt},
};

pub struct Redirect;

/// Ways to send a browser elsewhere.
static LEADS_AWAY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?:location(?:\.href)?\s*=[^=]|location\.(?:replace|assign)\s*\(|window\.open\s*\()"#,
    )
    .ok()
});
static TARGET: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"["'`]((?:https?:)?\\?/\\?/[^"'`\s]{3,200})["'`]"#).ok());

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
        let say = Say::new("signal-redirect").with("host", excerpt::defang(host));
        view.is_strange(host).then(|| Found::new(1.0, say, to))
    })
}

fn script(view: &View) -> Option<Found> {
    let scripts = view.scripts();
    for script in scripts.iter().filter(|it| it.runs && !it.code.is_empty()) {
        let code = &script.code;
        let Some(leads) = LEADS_AWAY.as_ref().and_then(|it| it.find(code)) else {
            continue;
        };
        let hosts = TARGET.as_ref()?.captures_iter(code).filter_map(|it| {
            let text = it.get(1)?.as_str().replace('\\', "");
            let text = if text.starts_with("//") {
                format!("https:{text}")
            } else {
                text
            };
            Url::parse(&text).ok()?.host_str().map(str::to_owned)
        });
        let Some(host) = hosts.into_iter().find(|it| view.is_strange(it)) else {
            continue;
        };
        let sly = code.contains("referrer") || code.contains("userAgent") || code.len() < 600;
        let from = leads.start().saturating_sub(60);
        let shown: String = code
            .chars()
            .skip(code[..floor(code, from)].chars().count())
            .take(200)
            .collect();
        let say = Say::new("signal-redirect").with("host", excerpt::defang(&host));
        let strength = match (sly, view.change.is_some()) {
            (true, true) => 1.0,
            (false, true) => 0.4,
            // code that was never compared with an earlier look leads to many places
            (_, false) => 0.3,
        };
        return Some(Found::new(strength, say, &shown));
    }
    None
}

fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
