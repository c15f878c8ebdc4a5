//! What a page's elements do, ask for and claim: event handlers, buttons, inputs, `link` relations, scripts that lock
//! the page.

use std::collections::HashSet;

use super::{Form, Page, Relation, Script, cancel, links::resolve};
use crate::model::digest::key;

/// Keeps an event handler as a script if it names another address, decodes text or writes to the page; the thousands of
/// handlers that open a menu are left out. `known` holds the hashes of the handlers kept so far.
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
        "clipboard",
        "execCommand",
        "fetch(",
        "XMLHttp",
        "sendBeacon",
        "ethereum",
        "Function",
        "import(",
        "createElement",
        "document.title",
        "requestPermission",
        "dataset",
        "serviceWorker",
        "Worker(",
    ];
    if code.len() >= 16 && TELLING.iter().any(|it| code.contains(it)) {
        attribute(page, known, code);
    }
}

/// Keeps code of an attribute as a script. `known` holds the hashes of those kept so far.
pub(super) fn attribute(page: &mut Page, known: &mut HashSet<u64>, code: &str) {
    cancel::step(code.len());
    // a handler that stands on every row is kept once
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

/// Most different event handlers that are kept of one page.
const HANDLERS: usize = 200;

/// Adds a form for a button's `formaction`: the button may send its form to an address that the form does not name.
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

/// The kind of secret that an input of this name asks for: `card`, `identity`, `code` and the like; `None` for anything
/// else.
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

/// Keeps a `link` element that declares another address of the page: `canonical`, `alternate` or `amphtml`.
pub(super) fn relation(page: &mut Page, rel: &str, href: &str) {
    let known = ["canonical", "alternate", "amphtml"];
    let told = |name: &&&str| {
        rel.split_whitespace()
            .any(|it| it.eq_ignore_ascii_case(name))
    };
    // `alternate stylesheet` is a style, and `android-app://…` no page
    if told(&&"stylesheet") {
        return;
    }
    if let Some(rel) = known.iter().find(told) {
        let (url, host) = resolve(&page.url, href);
        if !url.starts_with("http") {
            return;
        }
        page.relations.push(Relation { rel, url, host });
    }
}

/// Whether code blocks the context menu, selecting or the developer keys.
pub(super) fn is_locking(code: &str) -> bool {
    code.contains("contextmenu")
        && (code.contains("return false") || code.contains("preventDefault"))
        || code.contains("event.button") && code.contains("return false")
        || code.contains("document.onselectstart") && code.contains("false")
}

/// Whether code types text letter by letter (typed.js and the like).
pub(super) fn is_typing(script: &Script) -> bool {
    let code = &script.code;
    let named = |it: &str| {
        it.contains("typed.js") || it.contains("typed.min.js") || it.contains("typewriter")
    };
    script.src.as_deref().is_some_and(named)
        || named(code)
        || code.contains("charAt") && code.contains("setTimeout") && code.contains("innerHTML")
}
