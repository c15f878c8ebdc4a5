//! New code that asks visitors for their wallet or for leave to notify them, or that computes with their processor.

use crate::{
    detect::{Code, Detector, Found, View},
    model::Localized,
    page::{
        capability::{Capability, Done},
        place::{Kept, upload},
    },
};

/// Strength 1.0 for wallets, miners, and notifications of a strange host; 0.85 for others that are asked for at once,
/// 0.5 on a click. Beside a baseline also 1.0 for a program that is handed out unasked, and 0.9 to 1.0 for a worker that
/// stays in the browser and is not called one, or reloads the page at once.
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
        // a page never seen before may always have had its workers
        if view.change.is_some() {
            // a handler waits for a visitor
            let mut pushed = view.newly_done(Capability::PushesProgram);
            if let Some((_, done)) = pushed.find(|it| !it.0.script.handler) {
                let say = Localized::new("signal-uses-visitors-program");
                let shown = format!("{} → {}", done.with.join(" "), done.shown);
                return Some(Found::new(1.0, say, &shown));
            }
            let worker = view.newly_done(Capability::StaysInBrowser);
            let mut worker = worker.map(|(_, done)| (stays(view, done), done));
            if let Some((strength, done)) = worker.find(|it| it.0 > 0.0) {
                let say = Localized::new("signal-uses-visitors-worker");
                return Some(Found::new(strength, say, &done.shown));
            }
        }
        let (code, done) = view.newly_done(Capability::AsksToNotify).next()?;
        let say = Localized::new("signal-uses-visitors");
        Some(Found::new(notifies(view, code), say, &done.shown))
    }
}

/// A worker is called one, lies where programs lie, and waits for the next visit.
fn stays(view: &View, done: &Done) -> f64 {
    let Some(url) = done.with.first().and_then(|it| view.page.url.join(it).ok()) else {
        return 0.0;
    };
    if upload(url.path()).is_some_and(|it| it.kept != Kept::Program) {
        return 1.0;
    }
    if done.with.len() > 1 {
        return 0.95;
    }
    let path = url.path().to_ascii_lowercase();
    let name = path.rsplit('/').next().unwrap_or_default();
    let called = ["sw", "worker", "pwa", "push", "offline", "workbox", "cache"]
        .iter()
        .any(|it| name.contains(it));
    if called { 0.0 } else { 0.9 }
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
