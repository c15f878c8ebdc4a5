//! Code that gathers what is typed anywhere in the page, and sends it wherever: forms of a portal send their own fields.

use super::{
    Plain, Sign,
    sends::{is_input, sent},
};

/// Events at which something has been typed.
const TYPED: &[&str] = &[
    "input", "change", "keyup", "keydown", "keypress", "blur", "focusout", "paste",
];
/// What listeners that hear the whole page are added to.
const WHOLE: &[&str] = &[
    "document",
    "window",
    "body",
    "documentElement",
    "self",
    "top",
];
/// Calls and members by which code picks one field among all.
const PICKS: &[&str] = &[
    "matches",
    "closest",
    "classList",
    "getElementById",
    "hasClass",
];
/// Selectors of all fields.
const FIELDS: &[&str] = &["input", "textarea", "select", ":input", "*"];

pub(super) fn inputs(plain: &Plain) -> Option<Sign> {
    let everywhere = hears_all(plain) || takes_all_fields(plain) || takes_all_forms(plain);
    if !everywhere {
        return None;
    }
    sent(plain, is_input, None)
}

/// A listener of the whole page that does not ask which field it was.
fn hears_all(plain: &Plain) -> bool {
    if plain.has_any(PICKS) {
        return false;
    }
    let asks = plain
        .any_of(&["id", "name", "tagName", "nodeName", "type"])
        .any(|at| plain.is_any(at + 1, &["===", "==", "!==", "!="]));
    let hears = |at: usize| {
        let whole = match at.checked_sub(1).filter(|it| plain.is(*it, ".")) {
            Some(dot) => dot > 0 && plain.is_any(dot - 1, WHOLE),
            None => true,
        };
        whole && plain.text(at + 2).is_some_and(|it| TYPED.contains(&it))
    };
    !asks && plain.named("addEventListener").any(hears)
}

/// All fields of the page, and what they are called.
fn takes_all_fields(plain: &Plain) -> bool {
    let told = ["name", "id", "placeholder", "type"]
        .iter()
        .any(|it| plain.named(it).any(|at| at > 0 && plain.is(at - 1, ".")));
    selected(plain).any(|it| {
        let all = parts(it).any(|it| FIELDS.contains(&it));
        let secret = it.contains("[type") && it.contains("password");
        all && told || secret
    })
}

/// All forms of the page, which are sent in the usual way besides.
fn takes_all_forms(plain: &Plain) -> bool {
    let sent_besides = !plain.has("preventDefault")
        && !plain.named("return").any(|at| plain.is(at + 1, "false"))
        || plain
            .named("submit")
            .any(|at| at > 0 && plain.is(at - 1, ".") && plain.runs_as(at + 1, &["(", ")"]));
    let listed = plain.named("forms").any(|at| {
        at > 1
            && plain.is(at - 2, "document")
            && (plain.is_any(at + 1, &[")", "]", ",", ";"])
                || plain.is(at + 1, ".") && plain.is_any(at + 2, &["forEach", "length"]))
    });
    let listens = plain.has("onsubmit") || plain.says(|it| it == "submit") || plain.has("submit");
    sent_besides
        && listens
        && (listed || selected(plain).any(|it| parts(it).any(|it| it == "form")))
}

fn parts(selector: &str) -> impl Iterator<Item = &str> {
    selector.split(',').map(str::trim)
}

/// Selectors by which the code takes parts of the whole page.
fn selected<'p>(plain: &'p Plain) -> impl Iterator<Item = &'p str> {
    const TAKERS: &[&str] = &["querySelectorAll", "getElementsByTagName", "$", "jQuery"];
    plain.any_of(TAKERS).filter_map(|at| {
        let object = at.checked_sub(1).filter(|it| plain.is(*it, "."));
        let whole = object.is_none_or(|dot| dot > 0 && plain.is(dot - 1, "document"));
        if !whole || !plain.is(at + 1, "(") || !plain.is_any(at + 3, &[")"]) {
            return None;
        }
        plain.text(at + 2)
    })
}
