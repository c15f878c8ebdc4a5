//! The page names an address on a foreign host as its own to search engines.

use crate::{
    detect::{Detector, Found, View},
    model::{Localized, excerpt},
};

/// Strength 1.0, or 0.7 for `alternate`. Only beside a baseline.
pub struct Canonical;

impl Detector for Canonical {
    fn name(&self) -> &'static str {
        "canonical"
    }

    fn look(&self, view: &View) -> Option<Found> {
        let change = view.change.as_ref()?;
        let strange = change
            .relations
            .iter()
            .filter(|it| view.is_strange(&it.host));
        let worst = strange.max_by_key(|it| it.rel == "canonical")?;
        let strength = if worst.rel == "alternate" { 0.7 } else { 1.0 };
        let say = Localized::new("signal-canonical")
            .with("rel", worst.rel)
            .with("host", excerpt::defang(&worst.host));
        Some(Found::new(strength, say, &worst.url))
    }
}
