//! Code that gives many links, forms or pictures one address, or puts its own digits in the place of what visitors read
//! or copy.

use super::{Kind, Plain, Sign};

/// Most statements that are looked at.
const PLACES: usize = 64;
/// Least number of digits of an account or a telephone number.
const DIGITS: usize = 8;

pub(super) fn targets(plain: &Plain) -> Option<Sign> {
    digits_copied(plain)
        .or_else(|| digits_shown(plain))
        .or_else(|| pictures(plain))
        .or_else(|| links(plain))
}

fn is_number(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    digits >= DIGITS && digits * 10 >= text.trim().len() * 6
}

/// What is copied becomes a number of the code's own.
fn digits_copied(plain: &Plain) -> Option<Sign> {
    let hears = plain.has("oncopy") || plain.says(|it| it == "copy" || it == "cut");
    if !hears || plain.has_any(&["getSelection", "getRangeAt"]) {
        return None;
    }
    let at = plain.named("setData").next()?;
    let text = plain.texts_in(at + 2, plain.close(at + 1));
    let number = text.into_iter().find(|it| is_number(it))?;
    Some((at, vec![number.to_owned()]))
}

/// A pattern of digits is replaced by a number in the page's texts.
fn digits_shown(plain: &Plain) -> Option<Sign> {
    if !plain.has_any(&[
        "innerHTML",
        "textContent",
        "nodeValue",
        "innerText",
        "data",
        "html",
    ]) {
        return None;
    }
    let replaces = plain.any_of(&["replace", "replaceAll"]);
    replaces.take(PLACES).find_map(|at| {
        if !plain.is(at + 1, "(") {
            return None;
        }
        let pattern = plain.tokens.get(at + 2)?;
        let of_digits = match pattern.kind {
            Kind::Pattern => pattern.text.contains("\\d") || pattern.text.contains("[0-9"),
            Kind::Text => is_number(&pattern.text),
            _ => false,
        };
        let texts = plain.texts_in(at + 3, plain.close(at + 1));
        let number = texts.into_iter().find(|it| is_number(it))?;
        of_digits.then(|| (at, vec![number.to_owned()]))
    })
}

/// Pictures that look like payment codes get another source.
fn pictures(plain: &Plain) -> Option<Sign> {
    let code = |text: &str| {
        let text = text.to_ascii_lowercase();
        text.split(|it: char| !it.is_ascii_alphanumeric())
            .any(|it| matches!(it, "qr" | "vietqr" | "qrcode" | "maqr"))
    };
    let chosen = plain
        .tokens
        .iter()
        .any(|it| it.kind != Kind::Name && it.text.len() < 200 && code(&it.text));
    if !chosen {
        return None;
    }
    let assigned = plain
        .named("src")
        .filter(|at| *at > 0 && plain.is(at + 1, "="));
    assigned.take(PLACES).find_map(|at| {
        let object = plain.name(at.checked_sub(2)?)?;
        let made = plain.named("Image").next().is_some() || plain.has("createElement");
        let text = plain.text(at + 2)?;
        let whole = plain.end(at + 2) == at + 3;
        let given = whole && !made && is_each(plain, object);
        given.then(|| (at, vec![text.to_owned()]))
    })
}

/// Links and forms get an address with a host.
fn links(plain: &Plain) -> Option<Sign> {
    let assigned = plain
        .any_of(&["href", "action"])
        .filter(|at| *at > 1 && plain.is(at - 1, ".") && plain.is(at + 1, "="));
    let by_name = plain
        .any_of(&["setAttribute", "attr"])
        .filter(|at| matches!(plain.text(at + 2), Some("href" | "action")));
    let found = assigned
        .map(|at| (at, at + 2))
        .chain(by_name.map(|at| (at, at + 4)));
    found.take(PLACES).find_map(|(at, from)| {
        let object = at.checked_sub(2)?;
        let each = plain.name(object).is_some_and(|it| is_each(plain, it))
            || plain.is(object, ")") && takes_many(plain, plain.open(object).checked_sub(1)?);
        let text = plain.text(from)?;
        let abroad = text.contains("://") || text.starts_with("//");
        (each && abroad).then(|| (at, vec![text.to_owned()]))
    })
}

fn takes_many(plain: &Plain, at: usize) -> bool {
    plain.is_any(at, &["$", "jQuery"]) && plain.text(at + 2).is_some_and(|it| !it.contains('<'))
}

/// Whether a name stands for each of the page's own elements in turn.
fn is_each(plain: &Plain, name: &str) -> bool {
    if !plain.has_any(&[
        "querySelectorAll",
        "getElementsByTagName",
        "links",
        "images",
        "forms",
        "$",
    ]) {
        return false;
    }
    plain.named(name).take(PLACES).any(|at| {
        let arrow = plain.is(at + 1, "=>") || plain.is(at + 1, ")") && plain.is(at + 2, "=>");
        let parameter = at > 1 && plain.is(at - 1, "(") && plain.is(at - 2, "function");
        let looped = plain.is(at + 1, "of");
        arrow || parameter || looped || plain.is(at, "this")
    })
}
