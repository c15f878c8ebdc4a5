//! Weights and thresholds: one table, one row a signal, each with its reason.
//!
//! A verdict is a logistic sum: log-odds = bias + Σ weight × strength; score = 1 / (1 + e^−log-odds).

use super::{Detector, View};
use crate::model::{Level, Signal, Verdict, verdict::State};

/// Natural log-odds at full strength, with a baseline and at first sight.
pub struct Weight {
    pub name: &'static str,
    pub with_norm: f64,
    pub first_sight: f64,
    pub reason: &'static str,
}

/// Log-odds of a page of which nothing bad is found. e^−4 is 1.8 %: a single signal rings only if
/// its weight is above 4.
pub const BIAS: f64 = -4.0;
pub const SUSPECT: f64 = 0.5;
/// Past this and with the face of the page gone or signed, it is called defaced.
pub const DEFACED: f64 = 0.9;
/// Below this share kept, a quiet page is called drifted.
const DRIFTED_BELOW: f64 = 0.6;

const fn row(name: &'static str, with_norm: f64, first_sight: f64, reason: &'static str) -> Weight {
    Weight {
        name,
        with_norm,
        first_sight,
        reason,
    }
}

pub const WEIGHTS: &[Weight] = &[
    row(
        "boast",
        6.5,
        6.5,
        "a signature that leads a title or line: two of three defacements, no honest page",
    ),
    row(
        "taunt",
        3.5,
        3.0,
        "what attackers say besides: telling in a headline, seen in news about them",
    ),
    row(
        "slogan",
        4.8,
        3.0,
        "a slogan standing alone on a page that never had such text",
    ),
    row(
        "replaced",
        3.0,
        0.0,
        "the stable skeleton is gone: also every redesign, so it needs company",
    ),
    row(
        "title",
        1.2,
        0.0,
        "no word in common with any known title: 7 % of honest changes touch the title",
    ),
    row(
        "emptied",
        2.8,
        3.2,
        "hardly a word, an image or film instead: one defacement in six",
    ),
    row(
        "stage",
        1.4,
        1.8,
        "black ground, sound that starts itself: half of the defacements",
    ),
    row(
        "not-a-page",
        6.0,
        3.0,
        "an image or binary served as the home page",
    ),
    row(
        "foreign-script",
        4.6,
        0.0,
        "a script from a host that is neither known nor widely embedded",
    ),
    row(
        "packed-script",
        4.8,
        1.5,
        "code that unpacks itself; old libraries do so too, but not newly",
    ),
    row(
        "foreign-frame",
        5.0,
        0.5,
        "a frame of a foreign host, worst when it covers the page",
    ),
    row(
        "foreign-form",
        5.2,
        1.5,
        "a form that posts to a foreign host, worst with a password",
    ),
    row("redirect", 6.0, 3.0, "refresh or script that leads away"),
    row(
        "moved",
        6.0,
        2.0,
        "the look itself ended on a foreign domain",
    ),
    row(
        "hidden-links",
        5.2,
        3.0,
        "hidden links to foreign hosts: the usual form of planted spam",
    ),
    row(
        "spam",
        5.2,
        4.6,
        "gambling, pharmacy, loan and essay advertising",
    ),
    row(
        "foreign-links",
        4.4,
        0.6,
        "links to strange hosts; one is news, a block of them is not",
    ),
    row(
        "swapped-links",
        5.5,
        0.0,
        "known link texts that now lead elsewhere",
    ),
    row(
        "language",
        1.6,
        0.0,
        "the page speaks another language than all approved looks",
    ),
    row(
        "missing-text",
        4.5,
        4.5,
        "text that the operator said must be there",
    ),
];

/// Signals that say that the page's face itself was changed.
const FACE: &[&str] = &[
    "boast",
    "taunt",
    "slogan",
    "replaced",
    "emptied",
    "not-a-page",
    "stage",
];

pub fn weigh(view: &View, state: State, detectors: &[&dyn Detector]) -> Verdict {
    let mut signals: Vec<Signal> = detectors
        .iter()
        .filter_map(|it| signal(*it, view))
        .collect();
    if state != State::Ordinary {
        // what an error or challenge page lacks accuses nobody; what it says or loads still may
        signals.retain(|it| !LACKS.contains(&it.name.as_str()));
    }
    signals.sort_by(|a, b| b.weight.total_cmp(&a.weight));
    let sum: f64 = BIAS + signals.iter().map(|it| it.weight).sum::<f64>();
    let score = 1.0 / (1.0 + (-sum).exp());
    let face: f64 = signals
        .iter()
        .filter(|it| FACE.contains(&it.name.as_str()))
        .map(|it| it.weight)
        .sum();
    let redirected = signals.iter().any(|it| it.name == "moved");
    let level = if score >= DEFACED && face >= 3.0 {
        Level::Defaced
    } else if score >= SUSPECT {
        Level::Suspect
    } else if view.kept() < DRIFTED_BELOW {
        Level::Drifted
    } else {
        Level::Normal
    };
    Verdict {
        level,
        score,
        signals,
        state,
        redirected,
    }
}

/// Signals of absence.
const LACKS: &[&str] = &["replaced", "title", "emptied", "language", "missing-text"];

fn signal(detector: &dyn Detector, view: &View) -> Option<Signal> {
    let row = WEIGHTS.iter().find(|it| it.name == detector.name())?;
    let full = if view.norm.looks > 0 {
        row.with_norm
    } else {
        row.first_sight
    };
    let found = detector.look(view)?;
    let weight = full * found.strength;
    (weight > 0.05).then(|| Signal {
        name: detector.name().to_owned(),
        weight,
        say: found.say,
        excerpt: found.excerpt,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::signals;

    #[test]
    fn every_detector_has_a_row_and_every_row_a_detector() {
        let detectors: Vec<&str> = signals::ALL.iter().map(|it| it.name()).collect();
        let rows: Vec<&str> = WEIGHTS.iter().map(|it| it.name).collect();
        for name in &detectors {
            assert!(rows.contains(name), "{name} has no weight");
        }
        for name in &rows {
            assert!(
                detectors.contains(name),
                "{name} weighs nothing: no detector has that name"
            );
        }
    }
}
