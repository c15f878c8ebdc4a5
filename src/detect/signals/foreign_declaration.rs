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
        let (strength, sentence, worst) = change
            .uses
            .iter()
            .filter_map(|it| {
                let (weight, sentence) = match it.usage {
                    Usage::Base => (1.0, "signal-foreign-declaration-base"),
                    Usage::Manifest => (0.9, "signal-foreign-declaration-manifest"),
                    Usage::Ping => (0.85, "signal-foreign-declaration"),
                    _ => return None,
                };
                let strength = weight * view.doubt(&it.url, Role::Whole);
                Some((strength, sentence, it))
            })
            .filter(|it| it.0 > 0.0)
            .max_by(|a, b| a.0.total_cmp(&b.0))?;
        let say = Localized::new(sentence).with("host", excerpt::defang(&worst.host));
        // a new site has new declarations
        let strength = if view.kept() < 0.6 {
            strength * 0.4
        } else {
            strength
        };
        Some(Found::new(strength, say, &worst.url))
    }
}
