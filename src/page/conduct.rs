//! What a page's elements do, ask for and claim: handlers, buttons, inputs, relations, tricks.

use std::collections::HashSet;

use super::{Form, Page, Relation, Script, links::resolve, patience};
use crate::model::digest::key;

/// Handlers that name another place, unpack something or write to the page are code like any other; the thousands
/// that open a menu are not worth keeping. `known` holds the hashes of the handlers kept so far.
pub(super) fn handler(page: &mut Page, known: &mut HashSet<u64>, code: &str) {
    const TELLING: &[&str] = &[
        "//",
        "atob",
        "eval",
        "unescape",
        "fromCharCode",
        "document.write",
        "innerHTML",
        "textContent",
        "innerText",
        "\\x",
    ];
    if code.len() < 16 || !TELLING.iter().any(|it| code.contains(it)) {
        return;
    }
    patience::step(code.len());
    // the same handler on every row says nothing new
    if known.len() >= HANDLERS || !known.insert(key(code)) {
        return;
    }
    page.scripts.push(Script {
        src: None,
        host: String::new(),
        code: code.to_owned(),
        key: 0,
        runs: true,
        handler: true,
    });
}

/// Different handlers that are kept.
const HANDLERS: usize = 200;

/// A button may send its form elsewhere than the form says.
pub(super) fn formaction(page: &mut Page, action: &str) {
    if action.is_empty() {
        return;
    }
    let password = page.forms.last().is_some_and(|it| it.password);
    let (action, host) = resolve(&page.url, action);
    page.forms.push(Form {
        action,
        host,
        password,
    });
}

/// What an input of that name asks for, where it is something to steal.
pub(super) fn secret(name: &str) -> Option<&'static str> {
    const NAMES: &[(&str, &[&str])] = &[
        (
            "identity",
            &[
                "cccd",
                "cmnd",
                "cmt",
                "socccd",
                "citizenid",
                "ssn",
                "nik",
                "identitynumber",
                "passport",
            ],
        ),
        (
            "card",
            &[
                "cardnumber",
                "card_number",
                "ccnum",
                "cvv",
                "cvc",
                "sothe",
                "taikhoannganhang",
                "bankaccount",
            ],
        ),
        (
            "code",
            &["otp", "maotp", "pin", "smscode", "seedphrase", "mnemonic"],
        ),
    ];
    let name = name.to_ascii_lowercase();
    NAMES
        .iter()
        .find(|(_, names)| names.contains(&name.as_str()))
        .map(|it| it.0)
}

pub(super) fn relation(page: &mut Page, rel: &str, href: &str) {
    let known = ["canonical", "alternate", "amphtml"];
    let told = |name: &&&str| {
        rel.split_whitespace()
            .any(|it| it.eq_ignore_ascii_case(name))
    };
    if let Some(rel) = known.iter().find(told) {
        let (url, host) = resolve(&page.url, href);
        page.relations.push(Relation { rel, url, host });
    }
}

/// Code that takes the context menu, selecting or the developer's keys away.
pub(super) fn is_locking(code: &str) -> bool {
    code.contains("contextmenu")
        && (code.contains("return false") || code.contains("preventDefault"))
        || code.contains("event.button") && code.contains("return false")
        || code.contains("document.onselectstart") && code.contains("false")
}

/// Code that writes letter by letter.
pub(super) fn is_typing(script: &Script) -> bool {
    let code = &script.code;
    let named = |it: &str| {
        it.contains("typed.js") || it.contains("typed.min.js") || it.contains("typewriter")
    };
    script.src.as_deref().is_some_and(named)
        || named(code)
        || code.contains("charAt") && code.contains("setTimeout") && code.contains("innerHTML")
}
