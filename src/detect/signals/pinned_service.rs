//! A link to a public service leads, under its known words, to a strange host.

use crate::{
    detect::{
        Detector, Found, View,
        pins::{Swap, led_elsewhere, led_to_uploads, strangeness, target},
    },
    diff::pins::Fact,
    page::registrable,
};

/// Strength 1.0 for a strange host, one where anybody publishes, and a page among the portal's own uploads; 0.75 for a holder
/// of a `.vn` name, 0.5 for a host that honest pages commonly link to.
pub struct PinnedService;

impl Detector for PinnedService {
    fn name(&self) -> &'static str {
        "pinned-service"
    }

    fn look(&self, view: &View) -> Option<Found> {
        let all = led_elsewhere(view, Fact::Service);
        let weigh = |it: &Swap| {
            let host = target(it.after).0;
            let moved = registrable(target(it.before).0) != registrable(host);
            if moved { strangeness(view, host) } else { 0.0 }
        };
        let uploaded = led_to_uploads(view);
        let all = all.iter().map(|it| (weigh(it), it));
        let all = all.chain(uploaded.iter().map(|it| (1.0, it)));
        let (strength, worst) = all.max_by(|a, b| a.0.total_cmp(&b.0))?;
        let say = worst
            .say("signal-pinned-service")
            .with("label", worst.label());
        (strength > 0.0).then(|| Found::new(strength, say, &worst.shown()))
    }
}
