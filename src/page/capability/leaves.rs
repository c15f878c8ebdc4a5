//! Code that leads elsewhere, reaches out to hosts, or chooses its visitors.

use std::collections::HashSet;

use super::{Plain, Sign, owned};

/// A statement that leads elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaving {
    /// Texts of its address.
    pub to: Vec<String>,
    /// Whether the address is certainly one of the portal: a path, or made of the page's own address.
    pub own: bool,
}

/// Statements that lead elsewhere: their token, and the tokens of the address.
pub(super) fn places(plain: &Plain) -> Vec<(usize, usize, usize)> {
    let mut out = Vec::new();
    if !plain.has_any(&[
        "location",
        "open",
        "navigation",
        "action",
        "href",
        "content",
    ]) {
        return out;
    }
    let submits = plain.has("submit");
    let clicked = clicked(plain);
    for at in 0..plain.len() {
        if plain.is(at, "location") {
            if plain.is(at + 1, "=") && !is_property_of_other(plain, at) {
                out.push((at, at + 2, plain.end(at + 2)));
            } else if plain.runs_as(at + 1, &[".", "href", "="]) {
                out.push((at, at + 4, plain.end(at + 4)));
            } else if (plain.runs_as(at + 1, &[".", "replace", "("])
                || plain.runs_as(at + 1, &[".", "assign", "("]))
                && at + 4 < plain.len()
            {
                out.push((at, at + 4, plain.close(at + 3)));
            }
        } else if plain.runs_as(at, &["open", "("])
            && (at == 0 || !plain.is(at - 1, "."))
            && !(at > 0 && plain.is(at - 1, "function"))
            || plain.runs_as(at, &["navigation", ".", "navigate", "("])
        {
            let open = if plain.is(at + 1, "(") {
                at + 1
            } else {
                at + 3
            };
            out.push((at, open + 1, plain.end(open + 1)));
        } else if plain.runs_as(at, &[".", "action", "="]) && submits
            || plain.runs_as(at, &[".", "href", "="])
                && at > 0
                && plain.name(at - 1).is_some_and(|it| clicked.contains(it))
        {
            out.push((at, at + 3, plain.end(at + 3)));
        } else if plain.is(at, "content")
            && plain
                .text(at + 2)
                .is_some_and(|it| it.to_ascii_lowercase().contains("url="))
        {
            out.push((at, at + 2, plain.end(at + 2)));
        }
    }
    out
}

/// `item.location = …` is a place of something else; `window.`, `document.`, `top.location` are the page's. Only those of
/// a page have a `href` and `replace`, by whatever name code calls the window.
fn is_property_of_other(plain: &Plain, at: usize) -> bool {
    let Some(dot) = at.checked_sub(1).filter(|it| plain.is(*it, ".")) else {
        return false;
    };
    !(dot > 0
        && [
            "document",
            "top",
            "parent",
            "opener",
            "frames",
            "this",
            "contentWindow",
        ]
        .iter()
        .any(|it| plain.is(dot - 1, it)))
}

/// Names of what the code clicks itself; clicks that save a file lead nowhere.
fn clicked<'p>(plain: &'p Plain) -> HashSet<&'p str> {
    if plain.has_any(&["download", "createObjectURL"]) {
        return HashSet::new();
    }
    let clicks = plain
        .named("click")
        .filter(|at| *at > 1 && plain.is(at - 1, ".") && plain.is(at + 1, "("));
    clicks.filter_map(|at| plain.name(at - 2)).collect()
}

/// All statements that lead elsewhere.
pub(super) fn all(plain: &Plain) -> Vec<Leaving> {
    let leaving = |(_, from, to): (usize, usize, usize)| {
        let texts = plain.texts_in(from, to);
        let path = |it: &str| {
            it.starts_with(['#', '?'])
                || it.starts_with('/') && !it.starts_with("//") && !it.starts_with("/\\")
        };
        let begins = plain
            .text(from)
            .or_else(|| texts.first().copied().filter(|_| to == from + 1));
        let here = plain.is(from, "location")
            || plain.runs_as(from, &["document", ".", "location"])
            || plain.runs_as(from, &["document", ".", "URL"]);
        Leaving {
            own: here || begins.is_some_and(path),
            to: owned(texts),
        }
    };
    places(plain).into_iter().map(leaving).collect()
}

pub(super) fn away(plain: &Plain) -> Option<Sign> {
    let place = places(plain)
        .into_iter()
        .zip(all(plain))
        .find(|it| !it.1.own)?;
    Some((place.0.0, place.1.to))
}

fn has_host(text: &str) -> bool {
    text.starts_with("//") || text.contains("://")
}

/// Loads or asks an address with a host.
pub(super) fn reaches(plain: &Plain) -> Option<Sign> {
    let reaches = [
        "createElement",
        "fetch",
        "XMLHttpRequest",
        "sendBeacon",
        "WebSocket",
        "importScripts",
        "getScript",
        "Image",
        "insertBefore",
        "innerHTML",
        "write",
        "ajax",
    ];
    if !plain.has_any(&reaches) {
        return None;
    }
    let at = (0..plain.len()).find(|at| plain.text(*at).is_some_and(has_host))?;
    Some((at, Vec::new()))
}

/// Addresses that the code asks.
pub(super) fn asked(plain: &Plain) -> Vec<String> {
    let calls = plain.any_of(&["fetch", "open", "get", "ajax", "load", "WebSocket"]);
    let calls = calls.filter(|at| plain.is(at + 1, "("));
    let texts = calls
        .take(16)
        .flat_map(|at| plain.texts_in(at + 2, plain.close(at + 1)));
    owned(texts.filter(|it| it.contains('/')).collect())
}

pub(super) fn chooses(plain: &Plain) -> Option<Sign> {
    let at = plain.any_of(&["document", "navigator"]).find(|at| {
        plain.runs_as(*at, &["document", ".", "referrer"])
            || plain.runs_as(*at, &["navigator", ".", "userAgent"])
            || plain.runs_as(*at, &["navigator", ".", "webdriver"])
            || plain.runs_as(*at, &["document", ".", "cookie", ".", "indexOf"])
            || plain.runs_as(*at, &["document", ".", "cookie", ".", "includes"])
    })?;
    Some((at, Vec::new()))
}
