//! Which style sheets count as the portal's own.

use std::sync::Arc;

use url::Url;

use crate::{
    diff::{Norm, places},
    page::{Page, Sheets, StyleSheet, Usage, registrable},
};

/// Most style sheets of one portal.
pub const MOST: usize = 24;

/// Whether bytes that were served as a style sheet may be one: servers answer with a page where a file is missing, and
/// browsers refuse that.
pub fn is_style(bytes: &[u8], content_type: Option<&str>) -> bool {
    let kind = content_type.unwrap_or("text/css").trim_start();
    let kind = kind.get(..8).unwrap_or(kind).to_ascii_lowercase();
    let first = bytes.iter().find(|it| !it.is_ascii_whitespace());
    kind == "text/css" && first != Some(&b'<') && !bytes.iter().take(512).any(|it| *it == 0)
}

/// The style sheets among resources: those of the portal's own domain, and of hosts that an earlier page names. Other
/// addresses do not answer.
pub fn among<'a>(
    portal: &Url,
    resources: impl IntoIterator<Item = (&'a Url, &'a [u8])>,
    history: &[&[u8]],
) -> Sheets {
    let own = registrable(portal.host_str().unwrap_or_default());
    let is_named = |host: &str| {
        history
            .iter()
            .any(|it| String::from_utf8_lossy(it).contains(host))
    };
    let counts = |url: &Url| {
        let host = url.host_str().unwrap_or_default();
        registrable(host) == own || is_named(host)
    };
    let sheets = resources
        .into_iter()
        .filter(|(url, bytes)| is_style(bytes, None) && counts(url))
        .take(MOST)
        .map(|(url, bytes)| (url.to_string(), Arc::new(StyleSheet::read(bytes, url))));
    Sheets::of(sheets)
}

/// Addresses of the style sheets of a page that count as the portal's own, those that others of them import among them:
/// on its own domain, and at places from which the portal took style before.
pub(super) fn wanted(page: &Page, norm: &Norm, sheets: &Sheets) -> Vec<String> {
    let own = page.domain();
    let counts = |url: &str| {
        let parsed = Url::parse(url).ok();
        parsed.is_some_and(|it| {
            let host = it.host_str().unwrap_or_default();
            let place = places::name(Usage::Style, url, host, &own);
            matches!(it.scheme(), "http" | "https")
                && (registrable(host) == own || norm.holds(Usage::Style, &place))
        })
    };
    let mut out: Vec<String> = Vec::new();
    for url in &page.sheets {
        let imported = sheets.get(url).map(|it| it.imports().to_vec());
        for it in [url.clone()]
            .into_iter()
            .chain(imported.unwrap_or_default())
        {
            if out.len() < MOST && counts(&it) && !out.contains(&it) {
                out.push(it);
            }
        }
    }
    out
}
