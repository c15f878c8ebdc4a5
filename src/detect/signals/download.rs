//! A new link to a program on a strange host.

use crate::{
    detect::{Detector, Found, View},
    model::{Localized, excerpt},
};

/// Strength 1.0. Only beside a baseline.
pub struct Download;

/// Endings of files that run as programs.
const RUNS: &[&str] = &[
    ".apk", ".exe", ".msi", ".scr", ".bat", ".cmd", ".jar", ".ipa", ".dmg", ".vbs", ".ps1", ".hta",
    ".iso", ".xapk",
];

impl Detector for Download {
    fn name(&self) -> &'static str {
        "download"
    }

    fn look(&self, view: &View) -> Option<Found> {
        view.change.as_ref()?;
        let links = view.links();
        let worst = links.iter().find(|it| {
            let path = it
                .url
                .split(['?', '#'])
                .next()
                .unwrap_or_default()
                .to_ascii_lowercase();
            RUNS.iter().any(|end| path.ends_with(end)) && view.is_strange(&it.host)
        })?;
        let say = Localized::new("signal-download").with("host", excerpt::defang(&worst.host));
        Some(Found::new(
            1.0,
            say,
            &format!("{} → {}", worst.text, worst.url),
        ))
    }
}
