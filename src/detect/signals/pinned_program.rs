//! Under known words, a page now gives a program where it gave a document, or gives its program from a strange host.

use crate::{
    detect::{
        Detector, Found, View,
        pins::{Swap, led_elsewhere, moved_to_uploads, strangeness, target},
    },
    diff::pins::{Fact, is_document, is_program},
};

/// Strength 1.0 for a program in place of a document or of a link to a shop of applications, or for a program or archive that
/// comes from a strange host now; 0.78 for a program that lies among the portal's uploads now. A new version at a known
/// place is none.
pub struct PinnedProgram;

/// A new version may be uploaded, so the agency is asked.
const UPLOADED: f64 = 0.78;

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
            let was_page = before.is_empty() && is_program(after);
            if runs_now || is_strange || was_page {
                1.0
            } else {
                0.0
            }
        };
        let uploaded = moved_to_uploads(view);
        let all = all.iter().map(|it| (weigh(it), it));
        let all = all.chain(uploaded.iter().map(|it| (UPLOADED, it)));
        let (strength, worst) = all.max_by(|a, b| a.0.total_cmp(&b.0))?;
        let say = worst
            .say("signal-pinned-program")
            .with("label", worst.label());
        (strength > 0.0).then(|| Found::new(strength, say, &worst.shown()))
    }
}
