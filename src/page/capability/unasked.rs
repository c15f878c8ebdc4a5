//! What code does by itself as the page loads: it hands out programs, and leads to another page.

use super::{Plain, Sign, leaves, owned};

/// Endings of programs, and of archives and images of discs in which programs are sent.
const PROGRAMS: &[&str] = &[
    "exe", "msi", "msix", "appx", "scr", "hta", "vbs", "jse", "wsf", "lnk", "bat", "cmd", "ps1",
    "jar", "apk", "xapk", "dmg", "pkg", "deb", "iso", "img", "vhd", "zip", "rar", "7z", "cab",
    "docm", "xlsm", "pif", "chm", "msc", "xll",
];
/// Most statements that are looked at.
const PLACES: usize = 8;
/// Least length of a program that stands in the code, in bytes.
const LONG: usize = 24;

pub(super) fn pushes_program(plain: &Plain) -> Option<Sign> {
    if waits(plain) {
        return None;
    }
    let clicks = || {
        plain
            .named("click")
            .find(|at| *at > 0 && plain.is(at - 1, ".") && plain.runs_as(at + 1, &["(", ")"]))
            .or_else(|| plain.named("dispatchEvent").next())
    };
    let inside = |it: &str| it.len() >= LONG && (it.starts_with("MZ") || it.starts_with("TVqQ"));
    let names = ["download", "href", "setAttribute"];
    if let Some(at) = clicks()
        && plain.has_any(&names)
        && let Some(text) =
            (0..plain.len()).find_map(|it| plain.text(it).filter(|it| is_program(it) || inside(it)))
    {
        let shown = text.chars().take(80).collect();
        return Some((at, vec![shown]));
    }
    // the browser saves what it cannot show
    let framed = plain
        .named("src")
        .filter(|at| *at > 0 && plain.is(at - 1, ".") && plain.is(at + 1, "="))
        .map(|at| (at, at + 2, plain.end(at + 2)));
    let mut places = leaves::places(plain).into_iter().chain(framed);
    places.find_map(|(at, from, to)| {
        let texts = plain.texts_in(from, to);
        let program = texts.into_iter().find(|it| is_program(it))?;
        Some((at, vec![program.to_owned()]))
    })
}

fn path(text: &str) -> String {
    let path = text.split(['?', '#']).next().unwrap_or_default();
    path.to_ascii_lowercase()
}

fn is_program(text: &str) -> bool {
    if text.len() > 300 || text.contains('\n') {
        return false;
    }
    let path = path(text);
    path.rsplit_once('.')
        .is_some_and(|(name, ending)| !name.is_empty() && PROGRAMS.contains(&ending))
}

/// Whether the code does anything only when a visitor has pressed or sent something of its own, or another piece of code
/// calls it.
fn waits(plain: &Plain) -> bool {
    let heard = |at: usize| matches!(plain.text(at), Some("click" | "submit" | "change"));
    let anywhere = |at: usize| {
        // a listener of the whole page waits for no button
        at > 3 && plain.is(at - 2, "addEventListener") && {
            plain.is(at - 3, ".") && plain.is_any(at - 4, &["document", "body", "window"])
                || !plain.is(at - 3, ".")
        }
    };
    let listens = (0..plain.len()).any(|at| heard(at) && !anywhere(at));
    let assigned = plain
        .any_of(&["onclick", "onsubmit", "onchange"])
        .any(|at| plain.is(at + 1, "="));
    let given = plain
        .any_of(&["click", "submit"])
        .any(|at| plain.is(at + 1, "(") && !plain.is(at + 2, ")"));
    let called = || {
        let named = plain
            .named("function")
            .any(|at| plain.name(at + 1).is_some());
        let starts = plain.has_any(&["setTimeout", "setInterval", "onload", "addEventListener"]);
        named && !starts
    };
    listens || assigned || given || called()
}

/// Statements that lead to a path as soon as the code runs, whatever the visitor.
pub(super) fn leads_on(plain: &Plain) -> Option<Sign> {
    let places = leaves::places(plain).into_iter().take(PLACES);
    let mut found = places.filter(|(at, ..)| plain.is(*at, "location") && at_once(plain, *at));
    found.find_map(|(at, from, to)| {
        let texts = plain.texts_in(from, to);
        let own = texts.first().is_some_and(|it| {
            it.starts_with('/') && !it.starts_with("//") && it.len() > 1 && !it.starts_with("/\\")
        });
        let alone = own && plain.text(from).is_some();
        alone.then(|| (at, owned(texts)))
    })
}

/// Whether the statement runs by itself: no condition, no event of a visitor and no named function stands around it.
fn at_once(plain: &Plain, at: usize) -> bool {
    let mut begin = at;
    while begin > 1
        && plain.is(begin - 1, ".")
        && plain.is_any(begin - 2, &["document", "top", "parent", "window"])
    {
        begin -= 2;
    }
    if begin > 0 && !plain.is_any(begin - 1, &[";", "{", "}", "=>"]) {
        return false;
    }
    // `if (…) return;` before it is a condition
    if plain.named("return").any(|it| it < at) {
        return false;
    }
    (0..begin)
        .filter(|it| plain.is_any(*it, &["(", "{", "["]) && plain.close(*it) > at)
        .all(|it| goes_on(plain, it))
}

/// Whether code behind the bracket at `open` runs as soon as what is before it does.
fn goes_on(plain: &Plain, open: usize) -> bool {
    const TIMERS: &[&str] = &[
        "setTimeout",
        "setInterval",
        "requestAnimationFrame",
        "queueMicrotask",
        "$",
        "jQuery",
        "ready",
        "requestIdleCallback",
    ];
    let Some(before) = open.checked_sub(1) else {
        return plain.is(open, "(") || plain.is(open, "{");
    };
    if plain.is(open, "(") {
        let loads = || {
            let event = plain.text(open + 1);
            matches!(event, Some("load" | "DOMContentLoaded" | "pageshow"))
        };
        return plain.is_any(before, TIMERS)
            || plain.is_any(before, &["addEventListener", "on"]) && loads()
            || plain.is_any(before, &[";", "}", "!", "(", "void"]);
    }
    if !plain.is(open, "{") {
        return false;
    }
    if plain.is(before, "try") {
        return true;
    }
    let arrow = plain.is(before, "=>");
    let end = if arrow {
        before.saturating_sub(1)
    } else {
        before
    };
    let from = plain.open(end);
    let head = if arrow {
        from
    } else if from > 0 && from < end && plain.is(from - 1, "function") {
        from - 1
    } else {
        return false;
    };
    let Some(mut outer) = head.checked_sub(1) else {
        return true;
    };
    if plain.is(outer, "async") {
        outer = outer.saturating_sub(1);
    }
    plain.is_any(outer, &["(", ",", "!", ";", "void"])
        || plain.is(outer, "=") && outer > 0 && plain.is_any(outer - 1, &["onload", "onpageshow"])
}
