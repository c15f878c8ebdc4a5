//! New code that asks visitors for their wallet or for leave to notify them, or that computes with their processor.

use crate::{
    detect::{Code, Detector, Found, View},
    model::Localized,
    page::capability::Capability,
};

/// Strength 1.0 for wallets, miners, and notifications of a strange host; 0.85 for others that are asked for at once,
/// 0.5 on a click.
pub struct UsesVisitors;

impl Detector for UsesVisitors {
    fn name(&self) -> &'static str {
        "uses-visitors"
    }

    fn look(&self, view: &View) -> Option<Found> {
        for (capability, sentence) in [
            (Capability::AsksWallet, "signal-uses-visitors-wallet"),
            (Capability::Mines, "signal-uses-visitors-miner"),
        ] {
            if let Some((_, done)) = view.newly_done(capability).next() {
                return Some(Found::new(1.0, Localized::new(sentence), &done.shown));
            }
        }
        let (code, done) = view.newly_done(Capability::AsksToNotify).next()?;
        let say = Localized::new("signal-uses-visitors");
        Some(Found::new(notifies(view, code), say, &done.shown))
    }
}

fn notifies(view: &View, code: &Code) -> f64 {
    if code.hosts().any(|it| view.is_strange(&it)) {
        return 1.0;
    }
    // visitors that press a button for news of the portal have asked for them
    let pressed = code.script.handler || code.holds("click");
    if pressed || view.kept() < 0.6 {
        0.5
    } else {
        0.85
    }
}
