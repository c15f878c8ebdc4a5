//! New code that runs what stands nowhere in the page: text that a server answers, or that it deciphers.

use crate::{
    detect::{Code, Detector, Found, View},
    model::Localized,
    page::capability::{Capability, Done},
};

/// Strength 1.0; 0.7 for long code of a new shape, since loaders of libraries run what they get.
pub struct RunsUnseen;

/// Bytes of code of which honest loaders are seldom shorter.
const LONG: usize = 16 << 10;

impl Detector for RunsUnseen {
    fn name(&self) -> &'static str {
        "runs-unseen"
    }

    fn look(&self, view: &View) -> Option<Found> {
        let found = [
            (Capability::RunsAnswers, "signal-runs-unseen-answer"),
            (Capability::RunsDeciphered, "signal-runs-unseen"),
        ]
        .into_iter()
        .flat_map(|(capability, sentence)| {
            view.newly_done(capability).map(move |it| (it, sentence))
        })
        .max_by(|a, b| strength(a.0.0).total_cmp(&strength(b.0.0)))?;
        let ((code, done), sentence) = found;
        let say = Localized::new(sentence);
        Some(Found::new(strength(code), say, &shown(done)))
    }
}

fn strength(code: &Code) -> f64 {
    let added = code.rebuilt.is_some();
    if added || code.script.code.len() < LONG {
        1.0
    } else {
        0.7
    }
}

/// The statement, after the address that is asked.
fn shown(done: &Done) -> String {
    match done.with.first() {
        Some(asked) => format!("{asked} → {}", done.shown),
        None => done.shown.clone(),
    }
}
