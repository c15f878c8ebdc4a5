//! A form that sends what visitors type to a foreign host.

use crate::{
    detect::{Detector, Found, Role, View},
    model::{Localized, excerpt},
};

/// Strength 1.0 for a form that asks for a password, else 0.8. Without a baseline all forms count as new.
pub struct ForeignForm;

impl Detector for ForeignForm {
    fn name(&self) -> &'static str {
        "foreign-form"
    }

    fn look(&self, view: &View) -> Option<Found> {
        let forms = view.forms();
        let strange = || {
            forms
                .iter()
                .filter(|it| view.is_strange_as(&it.host, Role::Form))
        };
        let worst = strange()
            .find(|it| it.password)
            .or_else(|| strange().next())?;
        let say = Localized::new("signal-foreign-form").with("host", excerpt::defang(&worst.host));
        Some(Found::new(
            if worst.password { 1.0 } else { 0.8 },
            say,
            &worst.action,
        ))
    }
}
