//! The page names an address on a foreign host as its own to search engines.

use crate::{
    detect::{Detector, Found, Role, View},
    model::{Localized, excerpt},
};

/// Strength 1.0; for `alternate` 0.9 in an otherwise unchanged page, else 0.7. Only beside a baseline.
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
            .filter(|it| view.is_strange_at(&it.url, Role::Relation));
        let worst = strange.max_by_key(|it| it.rel != "alternate")?;
        let strength = match (worst.rel, view.kept()) {
            ("alternate", kept) if kept > 0.9 => 0.9,
            ("alternate", _) => 0.7,
            _ => 1.0,
        };
        let say = Localized::new("signal-canonical")
            .with("rel", worst.rel)
            .with("host", excerpt::defang(&worst.host));
        Some(Found::new(strength, say, &worst.url))
    }
}
