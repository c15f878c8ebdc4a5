//! A line in the head, or on a link, that puts the whole page into a stranger's hands: a base, to which all of its own
//! links then lead; a manifest, by which it is installed as an application; an address that is told of every click.

use crate::{
    detect::{Detector, Found, Role, View},
    model::{Localized, excerpt},
    page::Usage,
};

/// Strength 1.0 for a base, 0.9 for a manifest, 0.85 for a ping. Only beside a baseline.
pub struct ForeignDeclaration;

impl Detector for ForeignDeclaration {
    fn name(&self) -> &'static str {
        "foreign-declaration"
    }

    fn look(&self, view: &View) -> Option<Found> {
        let change = view.change.as_ref()?;
        let (strength, worst) = change
            .uses
            .iter()
            .filter_map(|it| {
                let weight = match it.usage {
                    Usage::Base => 1.0,
                    Usage::Manifest => 0.9,
                    Usage::Ping => 0.85,
                    _ => return None,
                };
                Some((weight * view.doubt(&it.url, Role::Whole), it))
            })
            .filter(|it| it.0 > 0.0)
            .max_by(|a, b| a.0.total_cmp(&b.0))?;
        let say = Localized::new("signal-foreign-declaration")
            .with("what", worst.usage.as_str())
            .with("host", excerpt::defang(&worst.host));
        Some(Found::new(strength, say, &worst.url))
    }
}
