//! A script from a host that is neither known on this page nor commonly embedded.

use crate::{
    detect::{Detector, Found, Role, View, hosts},
    model::{Localized, excerpt},
};

/// Strength 1.0 on a risky host; else 0.93 or 0.88 for a few in an otherwise unchanged page, 0.3 in a redesign. Only
/// beside a baseline.
pub struct ForeignScript;

impl Detector for ForeignScript {
    fn name(&self) -> &'static str {
        "foreign-script"
    }

    fn look(&self, view: &View) -> Option<Found> {
        let change = view.change.as_ref()?;
        let strange: Vec<_> = change
            .scripts
            .iter()
            .filter(|it| it.src.is_some() && view.is_strange_as(&it.host, Role::Script))
            .collect();
        let worst = strange
            .iter()
            .find(|it| hosts::is_risky(&it.host))
            .or(strange.first())?;
        // a redesign brings its own hosts; a single new host in an otherwise unchanged page was planted
        let strength = match (hosts::is_risky(&worst.host), view.kept()) {
            (true, _) => 1.0,
            (false, kept) if kept > 0.9 && strange.len() <= 2 => 0.93,
            (false, kept) if kept > 0.6 && strange.len() <= 3 => 0.88,
            (false, _) => 0.3,
        };
        let say =
            Localized::new("signal-foreign-script").with("host", excerpt::defang(&worst.host));
        Some(Found::new(
            strength,
            say,
            worst.src.as_deref().unwrap_or_default(),
        ))
    }
}
