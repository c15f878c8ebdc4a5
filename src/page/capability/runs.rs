//! Code that runs what stands nowhere in the page: what a server answers, or what it deciphers.

use super::{
    Kind, Plain, Sign,
    flow::{Flow, Source},
    leaves,
};

/// Functions that run text.
const RUNNERS: &[&str] = &[
    "eval",
    "Function",
    "execScript",
    "globalEval",
    "importScripts",
];

/// Objects through which `eval` stays the browser's own.
const GLOBALS: &[&str] = &[
    "top",
    "parent",
    "this",
    "frames",
    "contentWindow",
    "defaultView",
    "$",
    "jQuery",
];

/// A place where an expression, from one token to another, is run.
struct Sink {
    at: usize,
    from: usize,
    to: usize,
    kind: SinkKind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum SinkKind {
    /// Runs the text.
    Runs,
    /// Loads code from the address.
    Loads,
    /// Leads to the address.
    Leads,
    /// Writes markup, with the scripts in it.
    Writes,
}

fn sinks(plain: &Plain) -> Vec<Sink> {
    let scripts = elements(plain, &["script"]);
    let loaders = elements(plain, &["script", "iframe", "object", "embed"]);
    let mut out = Vec::new();
    for at in 0..plain.len() {
        let call = |kind, open: usize| Sink {
            at,
            from: open + 1,
            to: plain.close(open),
            kind,
        };
        if RUNNERS.iter().any(|it| plain.is(at, it))
            && is_global(plain, at)
            && !is_declared(plain, at)
        {
            // `(0, eval)(x)`
            if plain.is(at + 1, "(") {
                out.push(call(SinkKind::Runs, at + 1));
            } else if plain.runs_as(at + 1, &[")", "("]) {
                out.push(call(SinkKind::Runs, at + 2));
            }
        } else if plain.runs_as(at, &[".", "constructor", "("]) {
            out.push(call(SinkKind::Runs, at + 2));
        } else if plain.is_any(at, &["setTimeout", "setInterval"]) && plain.is(at + 1, "(") {
            out.extend(timer(plain, at));
        } else if plain.runs_as(at, &["import", "("])
            || plain.runs_as(at, &["createContextualFragment", "("])
        {
            out.push(call(SinkKind::Runs, at + 1));
        } else if plain.runs_as(at, &["document", ".", "write", "("])
            || plain.runs_as(at, &["document", ".", "writeln", "("])
        {
            out.push(call(SinkKind::Writes, at + 3));
        } else if plain.is(at, ".") && plain.is(at + 2, "=") {
            let object = at
                .checked_sub(1)
                .and_then(|it| plain.name(it))
                .unwrap_or_default();
            let assigned = |kind| Sink {
                at,
                from: at + 3,
                to: plain.end(at + 3),
                kind,
            };
            match plain.name(at + 1).unwrap_or_default() {
                "text" | "textContent" | "innerHTML" | "innerText" if scripts.contains(&object) => {
                    out.push(assigned(SinkKind::Runs));
                }
                "src" | "data" | "srcdoc" if loaders.contains(&object) => {
                    let mut sink = assigned(SinkKind::Loads);
                    // an address made of text runs that text
                    if (sink.from..sink.to).any(|it| plain.is(it, "createObjectURL")) {
                        sink.kind = SinkKind::Runs;
                    }
                    out.push(sink);
                }
                _ => (),
            }
        } else if plain.is(at, "appendChild")
            && let Some(object) = at.checked_sub(2).and_then(|it| plain.name(it))
            && scripts.contains(&object)
        {
            out.push(call(SinkKind::Runs, at + 1));
        }
    }
    out.extend(
        leaves::places(plain)
            .into_iter()
            .map(|(at, from, to)| Sink {
                at,
                from,
                to,
                kind: SinkKind::Leads,
            }),
    );
    out
}

/// `setTimeout(text, 9)`, but not `setTimeout(function…` and `setTimeout(run, 9)` with a function's name.
fn timer(plain: &Plain, at: usize) -> Option<Sink> {
    let (from, to) = (at + 2, plain.end(at + 2));
    let first = plain.tokens.get(from)?;
    let declared = |name: &str| {
        plain.named(name).take(64).any(|it| {
            it > 0 && plain.is(it - 1, "function")
                || plain.runs_as(it + 1, &["=", "function"])
                || plain.runs_as(it + 1, &["=", "async"])
                || plain.runs_as(it + 1, &["=", "("]) && plain.is(plain.close(it + 2) + 1, "=>")
                || plain.is(it + 1, "=") && plain.is(it + 3, "=>")
        })
    };
    let is_function = plain.is(from, "function")
        || to == from + 1 && plain.name(from).is_some_and(declared)
        || (from..to.min(from + 8)).any(|it| plain.is(it, "=>"));
    (!is_function && first.kind != Kind::Sign).then_some(Sink {
        at,
        from,
        to,
        kind: SinkKind::Runs,
    })
}

fn is_global(plain: &Plain, at: usize) -> bool {
    let Some(dot) = at.checked_sub(1).filter(|it| plain.is(*it, ".")) else {
        return true;
    };
    dot > 0 && GLOBALS.iter().any(|it| plain.is(dot - 1, it))
}

fn is_declared(plain: &Plain, at: usize) -> bool {
    at > 0 && plain.is(at - 1, "function")
}

/// Names that are given an element made by the code.
fn elements<'p>(plain: &'p Plain, tags: &[&str]) -> Vec<&'p str> {
    let made = plain.named("createElement").filter(|at| {
        let tag = plain.text(at + 2);
        tag.is_some_and(|it| tags.iter().any(|tag| it.eq_ignore_ascii_case(tag)))
    });
    made.take(32)
        .filter_map(|at| {
            // s = document.createElement('script')
            let equals =
                (2..6).find(|it| at.checked_sub(*it).is_some_and(|it| plain.is(it, "=")))?;
            plain.name(at.checked_sub(equals + 1)?)
        })
        .collect()
}

/// An answer in any form; in that of an object or of bytes it is seldom meant to be run.
fn is_any_answer(plain: &Plain, at: usize) -> bool {
    is_answer(plain, at)
        || plain.is(at, ".") && plain.is_any(at + 1, BODIES) && plain.runs_as(at + 2, &["(", ")"])
        || plain.runs_as(at, &[".", "getImageData", "("])
}

/// Methods that give the body of an answer.
const BODIES: &[&str] = &["text", "json", "blob", "arrayBuffer", "bytes"];

/// What the page, its address or the browser's store carries as text.
fn is_carried(plain: &Plain, at: usize) -> bool {
    let property = at > 0 && plain.is(at - 1, ".");
    property && plain.is_any(at, &["dataset", "getItem", "getAttribute"])
        || plain.runs_as(at, &["location", ".", "hash"])
        || plain.runs_as(at, &["location", ".", "search"])
        || plain.runs_as(at, &["document", ".", "cookie"])
}

fn is_answer(plain: &Plain, at: usize) -> bool {
    plain.is(at, "responseText")
        || plain.is(at, "response") && at > 0 && plain.is(at - 1, ".")
        || plain.runs_as(at, &[".", "text", "(", ")"])
        || plain.runs_as(at, &[".", "data"])
            && at > 0
            && plain.name(at - 1).is_some_and(|it| it.len() < 8)
            && socket(plain)
}

/// Whether messages come in from elsewhere.
fn socket(plain: &Plain) -> bool {
    plain.has_any(&["WebSocket", "EventSource", "onmessage", "postMessage"])
}

/// Calls that hand an answer to the callback in their brackets, given by the bracket.
fn hands_answer(plain: &Plain, at: usize) -> bool {
    hands(plain, at, BODIES)
}

/// Such calls that hand over text.
fn hands_text(plain: &Plain, at: usize) -> bool {
    hands(plain, at, &["text"])
}

fn hands(plain: &Plain, at: usize, bodies: &[&str]) -> bool {
    if !plain.is(at, "(") || at < 2 {
        return false;
    }
    let text_before = || {
        let from = at.saturating_sub(14);
        (from..at).any(|it| {
            plain.is(it, ".") && plain.is_any(it + 1, bodies) && plain.runs_as(it + 2, &["(", ")"])
        })
    };
    let Some(name) = plain.name(at - 1) else {
        return false;
    };
    match name {
        "then" => text_before(),
        "get" | "post" | "ajax" | "load" => {
            plain.is(at - 2, ".")
                && (plain.is(at.wrapping_sub(3), "$") || plain.is(at.wrapping_sub(3), "jQuery"))
        }
        _ => false,
    }
}

pub(super) fn answers(plain: &Plain) -> Option<Sign> {
    let asks = [
        "fetch",
        "XMLHttpRequest",
        "WebSocket",
        "EventSource",
        "ajax",
        "get",
        "post",
        "ActiveXObject",
        "getImageData",
    ];
    if !plain.has_any(&asks) {
        return None;
    }
    let asked = leaves::asked(plain);
    // `.then(eval)`
    if let Some(at) = plain.named("then").find(|at| {
        plain.is(at + 1, "(")
            && plain.is(at + 3, ")")
            && (plain.is(at + 2, "eval") || plain.is(at + 2, "Function"))
    }) {
        return Some((at, asked));
    }
    let chooses = leaves::chooses(plain).is_some();
    let mut sinks = sinks(plain);
    sinks.retain(|it| match it.kind {
        SinkKind::Runs => !is_json(plain, it),
        SinkKind::Loads | SinkKind::Leads => chooses,
        SinkKind::Writes => false,
    });
    let flow = Flow::of(plain, is_answer, hands_text);
    if let Some(found) = sinks.iter().find(|it| flow.holds(it.from, it.to)) {
        return Some((found.at, asked));
    }
    sinks.retain(|it| it.kind == SinkKind::Runs && runs_text(plain, it));
    // long code asks for objects everywhere
    if sinks.is_empty() || plain.len() > SHORT {
        return None;
    }
    let flow = Flow::of(plain, is_any_answer, hands_answer);
    let found = sinks.iter().find(|it| flow.holds(it.from, it.to))?;
    Some((found.at, asked))
}

/// Whether text itself is run: modules are loaded by names that a server lists, and markup is built from what it answers.
fn runs_text(plain: &Plain, sink: &Sink) -> bool {
    let made = || {
        (sink.from..sink.to)
            .take(40)
            .any(|it| plain.is(it, "createObjectURL"))
    };
    !plain.is(sink.at, "createContextualFragment") && (!plain.is(sink.at, "import") || made())
}

/// `eval('(' + answer + ')')` is how JSON was read before browsers knew it.
fn is_json(plain: &Plain, sink: &Sink) -> bool {
    (sink.from..sink.to)
        .take(40)
        .any(|it| plain.is(it, "stringify"))
        || plain.text(sink.from) == Some("(")
        || plain
            .text(sink.from)
            .is_some_and(|it| it.trim() == "return")
}

/// Whether the code tells the address in plain text, up to its query.
fn is_told(plain: &Plain, sink: &Sink) -> bool {
    let text = plain.text(sink.from);
    text.is_some_and(|it| it.contains("//") && it.len() > 8 || it.starts_with(['/', '?', '#']))
}

/// Whether a token begins an expression that undoes a cipher.
fn is_cipher(plain: &Plain, at: usize) -> bool {
    if plain.runs_as(at, &["fromCharCode", "("]) || plain.runs_as(at, &["fromCodePoint", "("]) {
        let end = plain.close(at + 1).min(at + 60);
        let within = || at + 2..end;
        let reads = within().any(|it| {
            plain.is(it, "charCodeAt")
                || plain.is(it, "[")
                || plain.is(it, "parseInt")
                || plain.is(it, "codePointAt")
        });
        let shifts = within().any(|it| ["-", "+", "%"].iter().any(|sign| plain.is(it, sign)));
        // a name alone may hold what was read before
        return within().any(|it| plain.is(it, "^")) || reads && shifts;
    }
    if plain.is(at, "^=") || plain.is(at, "^") {
        // bytes of a key: list[i] ^ key, x ^ 23 in a map
        let from = at.saturating_sub(10);
        return (from..at).any(|it| {
            plain.is(it, "]")
                || plain.is(it, "=>")
                || plain.is(it, "charCodeAt")
                || plain.is(it, "return")
        }) && (plain.has("TextDecoder") || plain.has("fromCharCode"));
    }
    let decodes = plain.is_any(at, &["atob", "unescape"])
        && plain.is(at + 1, "(")
        && plain.text(at + 2).is_none();
    let opens = ["decrypt", "inflate", "decompress", "DecompressionStream"]
        .iter()
        .any(|it| plain.is(at, it))
        && at > 0
        && (plain.is(at - 1, ".") || plain.is(at - 1, "new"));
    let turns = plain.runs_as(at, &[".", "reverse", "(", ")", ".", "join"]);
    decodes || opens || turns
}

fn hands_nothing(_: &Plain, _: usize) -> bool {
    false
}

/// Most tokens of code that may run what it carries: longer code reads such texts for much else.
const SHORT: usize = 1500;

/// Text of an attribute, of the address or of the browser's store is run.
fn carried(plain: &Plain) -> Option<Sign> {
    const SIGNS: &[&str] = &["dataset", "getItem", "getAttribute", "location", "cookie"];
    if plain.len() > SHORT || !plain.has_any(SIGNS) {
        return None;
    }
    let mut sinks = sinks(plain);
    sinks.retain(|it| it.kind == SinkKind::Runs && !is_json(plain, it) && runs_text(plain, it));
    if sinks.is_empty() {
        return None;
    }
    let flow = Flow::of(plain, is_carried, hands_nothing);
    let found = sinks.iter().find(|it| flow.holds(it.from, it.to))?;
    Some((found.at, Vec::new()))
}

pub(super) fn deciphered(plain: &Plain) -> Option<Sign> {
    undone(plain).or_else(|| carried(plain))
}

fn undone(plain: &Plain) -> Option<Sign> {
    const SIGNS: &[&str] = &[
        "fromCharCode",
        "fromCodePoint",
        "^",
        "^=",
        "atob",
        "unescape",
        "decrypt",
        "inflate",
        "decompress",
        "DecompressionStream",
        "reverse",
    ];
    if !plain.has_any(SIGNS) || !(0..plain.len()).any(|at| is_cipher(plain, at)) {
        return None;
    }
    let flow = Flow::of(plain, is_cipher as Source, hands_nothing);
    // addresses of mail are protected in this way, too
    let mail = plain.says(|it| it.contains("mailto:") || it.contains('@'));
    let found = sinks(plain).into_iter().find(|it| {
        let counts = match it.kind {
            SinkKind::Runs => true,
            SinkKind::Loads => !is_told(plain, it),
            SinkKind::Writes => !mail,
            SinkKind::Leads => !mail && !is_told(plain, it),
        };
        counts && flow.holds(it.from, it.to)
    })?;
    Some((found.at, Vec::new()))
}
