//! Under known words, a page now gives a program where it gave a document, or gives its program from a strange host.

use crate::{
    detect::{
        Detector, Found, View,
        pins::{Swap, led_elsewhere, strangeness, target},
    },
    diff::pins::{Fact, is_document, is_program},
};

/// Strength 1.0 for a program in place of a document, or for a program or archive that comes from a strange host now. A new
/// version at a known host is none.
pub struct PinnedProgram;

impl Detector for PinnedProgram {
    fn name(&self) -> &'static str {
        "pinned-program"
    }

    fn look(&self, view: &View) -> Option<Found> {
        let all = led_elsewhere(view, Fact::Download);
        let weigh = |it: &Swap| -> f64 {
            let (_, before) = target(it.before);
            let (host, after) = target(it.after);
            let runs_now = is_document(before) && is_program(after);
            let is_strange = !is_document(after) && strangeness(view, host) > 0.0;
            if runs_now || is_strange { 1.0 } else { 0.0 }
        };
        let worst = all.iter().max_by(|a, b| weigh(a).total_cmp(&weigh(b)))?;
        let strength = weigh(worst);
        let say = worst
            .say("signal-pinned-program")
            .with("label", worst.label());
        (strength > 0.0).then(|| Found::new(strength, say, &worst.shown()))
    }
}
