//! New inline code that unpacks itself before it runs.

use std::sync::LazyLock;

use regex::Regex;

use crate::{
    detect::{Detector, Found, View},
    model::Say,
};

pub struct PackedScript;

/// Ways to run what was decoded a moment before.
static UNPACKS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?x)
        (?:eval|Function|setTimeout|setInterval|document\s*\.\s*write(?:ln)?|execScript)\s*\(\s*
            (?:window\s*\.\s*)?(?:atob|unescape|decodeURIComponent|String\s*\.\s*fromCharCode|function\s*\(\s*p\s*,\s*a\s*,\s*c\s*,\s*k|_0x[0-9a-f]*|\[\s*\x22\\x)
        | _0x[0-9a-f]*\s*=\s*(?:atob|unescape)\s*\(
        | Function\s*\(\s*_0x[0-9a-f]*
        | (?:\\x[0-9a-fA-F]{2}){20}
        | \]\s*\[\s*.constructor.\s*\]
        ",
    )
    .ok()
});

impl Detector for PackedScript {
    fn name(&self) -> &'static str {
        "packed-script"
    }

    fn look(&self, view: &View) -> Option<Found> {
        let scripts = view.scripts();
        let pattern = UNPACKS.as_ref()?;
        let (script, at) = scripts
            .iter()
            .filter(|it| it.runs && !it.code.is_empty())
            .find_map(|it| pattern.find(&it.code).map(|found| (it, found.start())))?;
        Some(Found::new(
            1.0,
            Say::new("signal-packed-script"),
            &script.code[at..],
        ))
    }
}
