//! A new link to a program on a strange host.

use crate::{
    detect::{Detector, Found, Role, View, hosts, programs},
    model::{Localized, excerpt},
};

/// Strength 1.0, or 0.75 on a `.vn` host. Only beside a baseline.
pub struct Download;

impl Detector for Download {
    fn name(&self) -> &'static str {
        "download"
    }

    fn look(&self, view: &View) -> Option<Found> {
        view.change.as_ref()?;
        let links = view.links();
        let worst = links.iter().find(|it| {
            programs::is_program(&it.url) && view.is_strange_at(&it.url, Role::Download)
        })?;
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
