//! Code that puts another page, or another title, in the place of the page.

use super::{Plain, Sign, owned};

/// Whether `document` at `at` is that of the page, and not that of a window which the code opened.
fn is_own(plain: &Plain, at: usize) -> bool {
    let Some(dot) = at.checked_sub(1).filter(|it| plain.is(*it, ".")) else {
        return true;
    };
    dot > 0 && ["top", "parent"].iter().any(|it| plain.is(dot - 1, it))
}

pub(super) fn page(plain: &Plain) -> Option<Sign> {
    // pages are taken apart for the printer, and put together again
    if plain.has("print") {
        return None;
    }
    let at = plain
        .named("document")
        .find(|at| is_own(plain, *at) && takes(plain, *at))
        .or_else(|| jquery(plain))?;
    let texts = plain.texts_in(at, plain.end(at));
    Some((at, owned(texts)))
}

fn takes(plain: &Plain, at: usize) -> bool {
    let opened = || {
        (at.saturating_sub(30)..at)
            .any(|it| plain.runs_as(it, &["document", ".", "open", "(", ")"]))
    };
    if plain.runs_as(at, &["document", ".", "write", "("])
        || plain.runs_as(at, &["document", ".", "writeln", "("])
    {
        let texts = plain.texts_in(at + 4, plain.close(at + 3));
        return opened() || texts.iter().any(|it| is_page(it));
    }
    let body = plain.is(at + 2, "body");
    let root = plain.is(at + 2, "documentElement");
    if !(body || root) || !plain.is(at + 3, ".") {
        return plain.runs_as(at, &["document", ".", "replaceChild", "("])
            || plain.runs_as(at, &["document", ".", "replaceChildren", "("]);
    }
    let assigns = plain.is(at + 5, "=")
        && ["innerHTML", "outerHTML", "textContent", "innerText"]
            .iter()
            .any(|it| plain.is(at + 4, it));
    if assigns {
        let end = plain.end(at + 6);
        // what is put together from the page itself is not another page
        let again = (at + 6..end)
            .any(|it| plain.is(it, "innerHTML") || plain.is(it, "replace") || plain.is(it, "body"));
        let texts = plain.texts_in(at + 6, end);
        let written = texts
            .iter()
            .any(|it| it.is_empty() || it.contains('<') || it.len() > 24);
        let fetched = ["fetch", "XMLHttpRequest", "atob"]
            .iter()
            .any(|it| plain.has(it));
        return !again && (root || written || fetched);
    }
    plain.is(at + 4, "replaceChildren") || plain.is(at + 4, "replaceWith")
}

/// `$('body').html(…)`.
fn jquery(plain: &Plain) -> Option<usize> {
    plain.any_of(&["$", "jQuery"]).find(|at| {
        plain.is(at + 1, "(")
            && plain
                .text(at + 2)
                .is_some_and(|it| matches!(it, "body" | "html"))
            && plain.runs_as(at + 3, &[")", "."])
            && (plain.is(at + 5, "replaceWith")
                || plain.is(at + 5, "empty")
                || plain.is(at + 5, "html") && !plain.is(at + 7, ")"))
    })
}

fn is_page(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    ["<html", "<body", "<!doctype", "<frameset", "<plaintext"]
        .iter()
        .any(|it| text.contains(it))
}

/// `document.title = 'text'`; a title to which only something is added stays the page's own.
pub(super) fn title(plain: &Plain) -> Option<Sign> {
    plain.named("document").find_map(|at| {
        if !is_own(plain, at) || !plain.runs_as(at, &["document", ".", "title", "="]) {
            return None;
        }
        let end = plain.end(at + 4);
        let own = (at + 4..end).any(|it| plain.is(it, "title") || plain.is(it, "replace"));
        let mut texts = owned(plain.texts_in(at + 4, end));
        // `['…', '…'][n++ % 2]` and names of lists
        texts.retain(|it| it.chars().filter(|it| it.is_alphabetic()).count() >= 4);
        (!own && !texts.is_empty()).then_some((at, texts))
    })
}
