//! The page asks for a password, a card, a code or an identity number, and did not before.

use crate::{
    detect::{Detector, Found, View},
    model::Localized,
};

/// Strength 0.3 for one new kind of secret, 0.55 for a password, 1.0 for a password and another. Only beside a
/// baseline.
pub struct AsksSecrets;

impl Detector for AsksSecrets {
    fn name(&self) -> &'static str {
        "asks-secrets"
    }

    fn look(&self, view: &View) -> Option<Found> {
        view.change.as_ref()?;
        let new: Vec<&str> = view
            .page
            .asks
            .iter()
            .filter(|it| !view.norm.asks.contains(*it))
            .map(String::as_str)
            .collect();
        let first = new.first()?;
        let password = new.contains(&"password");
        let strength = match (password, new.len()) {
            (true, 2..) => 1.0,
            (true, _) => 0.55,
            (false, 2..) => 0.6,
            (false, _) => 0.3,
        };
        let say = Localized::new("signal-asks-secrets").with("what", first);
        Some(Found::new(strength, say, &new.join(", ")))
    }
}
