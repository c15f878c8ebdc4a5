//! Code that sends what visitors type.

use super::{
    Plain, Sign,
    flow::{Flow, Source},
    owned,
};

/// What is typed, and secrets that the browser keeps.
pub(super) fn is_input(plain: &Plain, at: usize) -> bool {
    let property = at > 0 && plain.is(at - 1, ".");
    property && (plain.is(at, "value") || plain.is(at, "elements"))
        || plain.runs_as(at, &["FormData", "("])
        || property
            && (plain.runs_as(at, &["serialize", "("])
                || plain.runs_as(at, &["serializeArray", "("])
                || plain.runs_as(at, &["val", "(", ")"]))
        || plain.runs_as(at, &["document", ".", "cookie"])
            && !plain.is(at + 3, "=")
            && !plain.is(at + 3, ".")
        || plain.runs_as(at, &["stringify", "(", "localStorage"])
}

fn is_key(plain: &Plain, at: usize) -> bool {
    let property = at > 0 && plain.is(at - 1, ".");
    property
        && ["key", "keyCode", "which", "charCode"]
            .iter()
            .any(|it| plain.is(at, it))
        && !compares(plain, at)
}

/// Whether what stands at `at` is only compared: `e.key === 'Enter'`.
fn compares(plain: &Plain, at: usize) -> bool {
    ["==", "===", "!=", "!==", "<", ">", "<=", ">="]
        .iter()
        .any(|it| plain.is(at + 1, it) || at > 3 && plain.is(at - 3, it))
}

fn hands_nothing(_: &Plain, _: usize) -> bool {
    false
}

/// An expression that leaves the page, from one token to another.
struct Exit {
    at: usize,
    from: usize,
    to: usize,
    /// Whether it is the address of a picture.
    picture: bool,
}

fn exits(plain: &Plain) -> Vec<Exit> {
    let mut out = Vec::new();
    if !plain.has_any(&[
        "fetch",
        "sendBeacon",
        "send",
        "post",
        "get",
        "ajax",
        "src",
        "attr",
        "open",
        "href",
        "backgroundImage",
    ]) {
        return out;
    }
    exits_by_address(plain, &mut out);
    let pictures = pictures(plain);
    for at in plain.any_of(&["fetch", "sendBeacon", "send", "post", "get", "ajax"]) {
        let method = at > 0 && plain.is(at - 1, ".");
        let object = |names: &[&str]| at > 1 && plain.is_any(at - 2, names);
        let sends = match plain.name(at).unwrap_or_default() {
            "fetch" => !method || object(&["top", "parent"]),
            "sendBeacon" | "send" => method,
            _ => method && object(&["$", "jQuery", "axios"]),
        };
        if sends && plain.is(at + 1, "(") {
            out.push(Exit {
                at,
                from: at + 2,
                to: plain.close(at + 1),
                picture: false,
            });
        }
    }
    for at in plain
        .named("src")
        .filter(|at| *at > 0 && plain.is(at + 1, "="))
    {
        if is_picture(plain, &pictures, at - 1) {
            out.push(Exit {
                at,
                from: at + 2,
                to: plain.end(at + 2),
                picture: true,
            });
        }
    }
    out
}

/// Addresses of requests, of style sheets that the code adds, and of pictures that it draws or makes with jQuery.
fn exits_by_address(plain: &Plain, out: &mut Vec<Exit>) {
    let call = |at: usize, open: usize, picture: bool| Exit {
        at,
        from: open + 1,
        to: plain.close(open),
        picture,
    };
    for at in plain
        .named("open")
        .filter(|at| *at > 0 && plain.is(at - 1, "."))
    {
        if plain.is(at + 1, "(") && matches!(plain.text(at + 2), Some("GET" | "POST" | "PUT")) {
            out.push(call(at, at + 1, false));
        }
    }
    let drawn = |at: usize| {
        let made = at > 2 && plain.is(at - 2, ")") && {
            let text = plain.text(at - 3);
            text.is_some_and(|it| it.starts_with("<img"))
        };
        made && plain.is(at + 1, "(") && plain.text(at + 2) == Some("src")
    };
    out.extend(
        plain
            .named("attr")
            .filter(|at| drawn(*at))
            .map(|at| call(at, at + 1, true)),
    );
    let mut made = plain.named("createElement");
    let makes_links = made.any(|it| plain.text(it + 2) == Some("link"));
    let sheets =
        |at: usize| plain.is(at + 1, "=") && (plain.is(at, "backgroundImage") || makes_links);
    let assigned = plain.any_of(&["href", "backgroundImage"]);
    let assigned = assigned.filter(|at| *at > 0 && plain.is(at - 1, ".") && sheets(*at));
    out.extend(assigned.map(|at| Exit {
        at,
        from: at + 2,
        to: plain.end(at + 2),
        picture: true,
    }));
}

/// Whether the object before the dot at `at` is a picture that the code made.
fn is_picture(plain: &Plain, pictures: &[&str], at: usize) -> bool {
    let Some(before) = at.checked_sub(1) else {
        return false;
    };
    // (new Image).src, new Image().src
    if plain.is(before, ")") && plain.is(plain.open(before).wrapping_sub(1), "Image")
        || plain.is(before.wrapping_sub(1), "Image")
    {
        return true;
    }
    plain.name(before).is_some_and(|it| pictures.contains(&it))
}

/// Names of pictures that the code made.
fn pictures<'p>(plain: &'p Plain) -> Vec<&'p str> {
    let images = plain
        .named("Image")
        .filter(|at| *at > 2 && plain.is(at - 1, "new"));
    let elements = plain
        .named("createElement")
        .filter(|at| *at > 4 && plain.text(at + 2) == Some("img"));
    let named = |at: usize| {
        let equals = (1..6).find(|it| at.checked_sub(*it).is_some_and(|it| plain.is(it, "=")))?;
        plain.name(at.checked_sub(equals + 1)?)
    };
    images.chain(elements).take(32).filter_map(named).collect()
}

/// Addresses that the code sends to: texts that look like one in the expression, else those that requests are opened
/// with.
fn targets(plain: &Plain, from: usize, to: usize) -> Vec<String> {
    let is_address = |it: &&str| {
        it.contains('/')
            && !it.contains(char::is_whitespace)
            && !it.starts_with("application/")
            && !it.starts_with("text/")
    };
    let mut out: Vec<&str> = plain
        .texts_in(from, to)
        .into_iter()
        .filter(is_address)
        .collect();
    if out.is_empty() {
        let opened = plain.named("open").chain(plain.named("WebSocket")).take(8);
        out = opened
            .flat_map(|at| plain.texts_in(at + 2, plain.close(at + 1)))
            .filter(is_address)
            .collect();
    }
    owned(out)
}

/// The first exit by which something from `source` leaves; `picture`: as the address of a picture or in another way.
pub(super) fn sent(plain: &Plain, source: Source, picture: Option<bool>) -> Option<Sign> {
    let mut exits = exits(plain);
    exits.retain(|it| picture.is_none_or(|picture| it.picture == picture));
    if exits.is_empty() || !(0..plain.len()).any(|at| source(plain, at)) {
        return None;
    }
    let flow = Flow::of(plain, source, hands_nothing);
    let exit = exits.into_iter().find(|it| flow.holds(it.from, it.to))?;
    Some((exit.at, targets(plain, exit.from, exit.to)))
}

pub(super) fn inputs(plain: &Plain) -> Option<Sign> {
    sent(plain, is_input, Some(false))
}

pub(super) fn in_picture(plain: &Plain) -> Option<Sign> {
    sent(plain, is_input, Some(true))
}

pub(super) fn keys(plain: &Plain) -> Option<Sign> {
    let listens = || {
        plain.has_any(&["onkeydown", "onkeyup", "onkeypress"])
            || plain.says(|it| matches!(it, "keydown" | "keyup" | "keypress"))
    };
    if !plain.has_any(&["key", "keyCode", "which", "charCode"]) || !listens() {
        return None;
    }
    sent(plain, is_key, None)
}
