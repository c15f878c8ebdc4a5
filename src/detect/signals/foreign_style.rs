//! A style sheet of a stranger: it decides what of the page is seen, and can write into it.

use crate::{
    detect::{Detector, Found, Role, View, hosts},
    model::{Localized, excerpt},
    page::{Usage, place},
};

/// Strength 1.0 where anybody publishes and on risky hosts, 0.95 elsewhere; 0.3 in a redesign. Only beside a baseline.
pub struct ForeignStyle;

impl Detector for ForeignStyle {
    fn name(&self) -> &'static str {
        "foreign-style"
    }

    fn look(&self, view: &View) -> Option<Found> {
        let change = view.change.as_ref()?;
        let mut strange = change
            .uses
            .iter()
            .filter(|it| it.usage == Usage::Style)
            .map(|it| (view.doubt(&it.url, Role::Style), it))
            .filter(|it| it.0 > 0.0);
        let (mut strength, worst) = strange.next()?;
        let few = strange.count() < 3;
        let anybody = place::is_shared(&worst.host) || hosts::is_risky(&worst.host);
        strength *= match view.kept() {
            kept if anybody && kept > 0.6 => 1.0,
            kept if kept > 0.9 && few => 0.95,
            kept if kept > 0.6 => 0.7,
            _ => 0.3,
        };
        if super::foreign_script::moved_house(view) {
            strength *= 0.42;
        }
        let say = Localized::new("signal-foreign-style").with("host", excerpt::defang(&worst.host));
        Some(Found::new(strength, say, &worst.url))
    }
}
