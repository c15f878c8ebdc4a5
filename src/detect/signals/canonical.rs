//! The page tells search engines that it is really another one, on a foreign host.

use crate::{
    detect::{Detector, Found, View},
    model::{Say, excerpt},
};

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
        let say = Say::new("signal-canonical")
            .with("rel", worst.rel)
            .with("host", excerpt::defang(&worst.host));
        Some(Found::new(strength, say, &worst.url))
    }
}
