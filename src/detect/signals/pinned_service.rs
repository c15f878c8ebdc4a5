//! A link to a public service leads, under its known words, to a strange host.

use crate::{
    detect::{
        Detector, Found, View,
        pins::{Swap, led_elsewhere, strangeness, target},
    },
    diff::pins::Fact,
    page::registrable,
};

/// Strength 1.0 for a strange host, 0.5 for one that honest pages commonly link to, such as a form service.
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
        let worst = all.iter().max_by(|a, b| weigh(a).total_cmp(&weigh(b)))?;
        let strength = weigh(worst);
        let say = worst
            .say("signal-pinned-service")
            .with("label", worst.label());
        (strength > 0.0).then(|| Found::new(strength, say, &worst.shown()))
    }
}
