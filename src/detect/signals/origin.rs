//! The certificate authority, the name in the certificate or the network differs from all known looks.

use crate::{
    detect::{Detector, Found, View},
    model::{Localized, excerpt},
};

/// Strength 0.4 for each part of the origin that differs. Only beside a baseline.
pub struct Origin;

impl Detector for Origin {
    fn name(&self) -> &'static str {
        "origin"
    }

    fn look(&self, view: &View) -> Option<Found> {
        view.change.as_ref()?;
        let moved = &view.expect.moved_origin;
        let (_, first) = moved.first()?;
        // certificates are renewed and servers moved every week: this counts only beside other signals
        let strength = 0.4 * moved.len() as f64;
        let what: Vec<&str> = moved.iter().map(|it| it.0).collect();
        let say = Localized::new("signal-origin").with("what", what.join(", "));
        Some(Found::new(strength, say, &excerpt::defang(first)))
    }
}
