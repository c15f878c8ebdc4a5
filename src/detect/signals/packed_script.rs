//! New inline code that unpacks itself before it runs, or hides what it calls.

use std::sync::LazyLock;

use regex::Regex;

use crate::{
    detect::{Code, Detector, Found, Role, View},
    model::Localized,
};

/// Strength 1.0; 0.7 for long code that only looks like a packed library; 0.2 for a new build of a known bundle which
/// can do no more than that, and names other hosts.
pub struct PackedScript;

/// Least length in bytes of a bundle that may be built anew with other hosts.
const BUNDLE: usize = 1500;

/// Ways to run text directly after it is decoded.
static UNPACKS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?x)
        (?:eval|Function|setTimeout|setInterval|execScript)\s*\(\s*
            (?:window\s*\.\s*|self\s*\.\s*)?(?:atob|unescape|decodeURIComponent|String\s*\.\s*fromCharCode|function\s*\(\s*p\s*,\s*a\s*,\s*c\s*,\s*k|_0x[0-9a-f]*|\[\s*\x22\\x)
        | document\s*\.\s*write(?:ln)?\s*\(\s*(?:window\s*\.\s*)?(?:atob|_0x[0-9a-f]*|String\s*\.\s*fromCharCode)
        | _0x[0-9a-f]*\s*=\s*(?:atob|unescape)\s*\(
        | Function\s*\(\s*_0x[0-9a-f]*
        | (?:\\x[0-9a-fA-F]{2}){20}
        | \]\s*\[\s*.constructor.\s*\]
        ",
    )
    .ok()
});

/// Names that code spells in pieces or escapes only to hide their use.
const HIDDEN_NAMES: &[&str] = &[
    "eval",
    "atob",
    "constructor",
    "Function",
    "fromCharCode",
    "unescape",
    "location",
];

/// Ways to run text as code.
const RUNS: &[&str] = &[
    "Function(",
    "setTimeout('",
    "setTimeout(\"",
    "setInterval('",
    "setInterval(\"",
    "document.write",
    "createElement",
    ".text",
    "insertAdjacentHTML",
    "innerHTML",
    "import(",
    "srcdoc",
    ".src",
    "data:text/javascript",
];

/// Names of functions that do; "Karneval" is none of them.
const RUN_NAMES: &[&str] = &["eval", "constructor", "execScript"];

/// Statements of an unpacked load when it runs.
const LOADS: &[&str] = &[
    "location",
    "<script",
    "<iframe",
    "document.",
    "window.",
    "eval(",
    "fetch(",
    "http://",
    "https://",
];

impl Detector for PackedScript {
    fn name(&self) -> &'static str {
        "packed-script"
    }

    fn look(&self, view: &View) -> Option<Found> {
        let mut best: Option<(f64, &str)> = None;
        for code in view.codes().iter().filter(|it| it.script.runs) {
            if let Some((strength, shown)) = packed(view, code)
                && best.is_none_or(|it| it.0 < strength)
            {
                best = Some((strength, shown));
            }
        }
        let (strength, shown) = best?;
        Some(Found::new(
            strength,
            Localized::new("signal-packed-script"),
            shown,
        ))
    }
}

/// Whether a word stands in a text with no letter or digit beside it.
fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    })
}

fn packed<'c>(view: &View, code: &'c Code<'_>) -> Option<(f64, &'c str)> {
    let raw = code.script.code.as_str();
    let disguised = || {
        code.layers
            .iter()
            .filter(|it| it.disguised)
            .map(|it| it.text.as_str())
    };
    let load = disguised().find(|it| it.len() >= 8 && LOADS.iter().any(|mark| it.contains(mark)));
    let texts = || std::iter::once(raw).chain(code.layers.iter().map(|it| it.text.as_str()));
    let runs = RUNS.iter().any(|it| code.holds(it))
        || RUN_NAMES
            .iter()
            .any(|name| texts().any(|it| has_word(it, name)));
    let strange = code
        .hosts()
        .any(|it| view.is_strange_as(&it, Role::Reached) && !code.always_named(&it));
    if code.is_rebuilt() && (!strange || load.is_none() && raw.len() >= BUNDLE) {
        return strange.then_some((0.2, raw));
    }
    if let Some(load) = load
        && runs
        && (strange
            || load.contains("location=")
            || load.contains("location.")
            || load.contains("eval("))
    {
        return Some((1.0, raw));
    }
    let hides = HIDDEN_NAMES
        .iter()
        .any(|name| !raw.contains(name) && disguised().any(|it| it == *name));
    if hides {
        return Some((1.0, raw));
    }
    let found = UNPACKS.as_ref()?.find(raw)?;
    // old libraries are packed in this way, too, but their code contacts no other host
    let strength = if strange || load.is_some() || raw.len() < 4000 {
        1.0
    } else {
        0.7
    };
    Some((strength, &raw[found.start()..]))
}
