//! A new link to a program on a strange host.

use crate::{
    detect::{Detector, Found, Role, View, hosts},
    model::{Localized, excerpt},
};

/// Strength 1.0, or 0.75 on a `.vn` host. Only beside a baseline.
pub struct Download;

/// Endings of files that run as programs.
const RUNS: &[&str] = &[
    ".apk",
    ".exe",
    ".msi",
    ".scr",
    ".bat",
    ".cmd",
    ".jar",
    ".ipa",
    ".dmg",
    ".vbs",
    ".ps1",
    ".hta",
    ".iso",
    ".xapk",
    ".msix",
    ".appx",
    ".lnk",
    ".wsf",
    ".img",
    ".pkg",
    ".deb",
    ".mobileconfig",
];

/// Whether the path of an address, or a value of its query, is named like a program.
fn is_program(url: &str) -> bool {
    let url = url
        .split('#')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    let (path, query) = url.split_once('?').unwrap_or((&url, ""));
    let runs = |name: &str| RUNS.iter().any(|end| name.ends_with(end));
    runs(path) || query.split('&').any(runs)
}

impl Detector for Download {
    fn name(&self) -> &'static str {
        "download"
    }

    fn look(&self, view: &View) -> Option<Found> {
        view.change.as_ref()?;
        let links = view.links();
        let worst = links
            .iter()
            .find(|it| is_program(&it.url) && view.is_strange_at(&it.url, Role::Download))?;
        // companies at home publish tools for signing and declaring
        let strength = if hosts::is_registered_in_vietnam(&worst.host) {
            0.75
        } else {
            1.0
        };
        let say = Localized::new("signal-download").with("host", excerpt::defang(&worst.host));
        Some(Found::new(
            strength,
            say,
            &format!("{} → {}", worst.text, worst.url),
        ))
    }
}
