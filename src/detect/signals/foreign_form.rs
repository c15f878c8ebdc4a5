//! A form that sends what visitors type to a foreign host.

use crate::{
    detect::{Detector, Found, Role, View},
    model::{Localized, excerpt},
};

/// Strength 1.0 for a form that asks for a password, else 0.9; half of it on a public body's host. Without a baseline all forms count as new.
pub struct ForeignForm;

impl Detector for ForeignForm {
    fn name(&self) -> &'static str {
        "foreign-form"
    }

    fn look(&self, view: &View) -> Option<Found> {
        let forms = view.forms();
        let (strength, worst) = forms
            .iter()
            .map(|it| {
                let kind = if it.password { 1.0 } else { 0.9 };
                // a new site has new searches
                let anew = view.change.is_some() && view.kept() < 0.6 && !it.password;
                let kind = if anew { kind * 0.4 } else { kind };
                (kind * view.doubt(&it.action, Role::Form), it)
            })
            .filter(|it| it.0 > 0.0)
            .max_by(|a, b| a.0.total_cmp(&b.0))?;
        let say = Localized::new("signal-foreign-form").with("host", excerpt::defang(&worst.host));
        Some(Found::new(strength, say, &worst.action))
    }
}
