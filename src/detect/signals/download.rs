//! A new link to a program on a strange host, or to one among the uploads of a portal that offered none before; an instruction to let
//! a strange program in.

use crate::{
    detect::{Detector, Found, Role, View, hosts, pins::target, programs, texts::Text},
    diff::pins::{self, Fact},
    model::{Localized, excerpt},
    page::{
        Link,
        place::{self, Kept},
        registrable,
    },
};

/// Strength 1.0 on a strange host, 0.75 on a `.vn` host; among the portal's own uploads 0.9 for a telephone's program, 0.85 for
/// another one, 0.3 among documents; 0.9 for the instruction beside a new link. Only beside a baseline.
pub struct Download;

/// Words of an instruction to switch off what protects a telephone or computer, folded.
const LETS_IN: &[&str] = &[
    "play protect",
    "khong xac dinh",
    "unknown source",
    "nguon khong ro",
    "tat diet virus",
    "tat phan mem diet",
    "tat windows defender",
    "disable antivirus",
    "turn off defender",
];
/// Strengths.
const INSTRUCTED: f64 = 0.9;
const TELEPHONE: f64 = 0.9;
const COMPUTER: f64 = 0.85;
const MIXED: f64 = 0.3;

impl Detector for Download {
    fn name(&self) -> &'static str {
        "download"
    }

    fn look(&self, view: &View) -> Option<Found> {
        view.change.as_ref()?;
        let links = view.links();
        let worst = links.iter().find(|it| {
            (programs::is_program(&it.url) || it.url.starts_with("intent:"))
                && view.is_strange_at(&address(&it.url), Role::Download)
        });
        let Some(worst) = worst else {
            return instructed(view, &links).or_else(|| uploaded(view, &links));
        };
        // companies at home publish tools for signing and declaring
        let strength = if hosts::is_registered_in_vietnam(&worst.host) {
            0.75
        } else {
            1.0
        };
        let url = address(&worst.url);
        let say =
            Localized::new("signal-download").with("host", excerpt::defang(place::host(&url)));
        Some(Found::new(
            strength,
            say,
            &format!("{} → {}", worst.text, worst.url),
        ))
    }
}

/// The address of a link, and for one that opens an application on a telephone (`intent://HOST/…#Intent;…`) the address that it
/// names.
fn address(url: &str) -> String {
    match url.strip_prefix("intent:") {
        Some(rest) => format!("https:{rest}"),
        None => url.to_owned(),
    }
}

/// A program among the uploads of a portal that offered no program before.
fn uploaded(view: &View, links: &[&Link]) -> Option<Found> {
    let mut known = view.norm.pins.values();
    let offers = known.any(|(it, _)| it.kind == Fact::Download && pins::is_program(target(it).1));
    if offers {
        return None;
    }
    let programs = links
        .iter()
        .filter(|it| programs::is_program(&it.url) && view.is_own(&registrable(&it.host)));
    let weighed = programs.filter_map(|it| Some((in_uploads(&it.url)?, it)));
    let (strength, worst) = weighed.max_by(|a, b| a.0.total_cmp(&b.0))?;
    let path = place::path(&worst.url);
    let say = Localized::new("signal-download-own").with("path", excerpt::defang_text(path));
    let shown = format!("{} → {}", worst.text, worst.url);
    Some(Found::new(strength, say, &shown))
}

/// The strength for a program at an address; `None` where it is not among uploads.
fn in_uploads(url: &str) -> Option<f64> {
    let path = place::path(url).to_ascii_lowercase();
    match place::upload(&path)?.kept {
        Kept::Program => None,
        // a folder of documents may hold the portal's own application
        Kept::Mixed => Some(MIXED),
        Kept::Uploads if path.ends_with("apk") => Some(TELEPHONE),
        Kept::Uploads => Some(COMPUTER),
    }
}

/// The instruction to let a strange program in, beside a new link.
fn instructed(view: &View, links: &[&Link]) -> Option<Found> {
    if links.is_empty() || view.is_sober() {
        return None;
    }
    let new = |it: &&Text<'_>| !it.folded.is_empty() && it.raw.len() < 400;
    let mut texts = view.texts.iter().filter(new);
    let told = texts.find(|it| LETS_IN.iter().any(|word| it.folded.contains(word)))?;
    let say = Localized::new("signal-download-lets-in");
    Some(Found::new(INSTRUCTED, say, &told.raw))
}
