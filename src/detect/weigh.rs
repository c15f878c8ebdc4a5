//! From the findings of the detectors to a verdict. The weights are one readable table, `weights.tsv`: one row a
//! signal.
//!
//! A verdict is a logistic sum: log-odds = bias + Σ weight × strength; score = 1 / (1 + e^−log-odds).

use std::sync::LazyLock;

use super::{Detector, Found, View};
use crate::{
    model::{Level, Signal, Verdict, verdict::State},
    page::patience,
};

/// Least score of a suspect page. The score is the calibrated probability that an officer wants to be woken.
pub const SUSPECT: f64 = 0.5;
/// Least score of a defaced page, which also needs an attacker's words or a poster in its place.
pub const DEFACED: f64 = 0.9;
/// Least log-odds of the signals in [`FACE`] on a defaced page: a failed redesign, or an error page in black, is
/// suspect and not defaced.
const FACE_ENOUGH: f64 = 1.5;
/// Share kept below which a page that does not ring counts as drifted.
const DRIFTED_BELOW: f64 = 0.6;
/// Log-odds up to which a signal is left out of the verdict.
const NEGLIGIBLE: f64 = 0.05;

/// Signals that an attacker shows himself to visitors.
const FACE: &[&str] = &["boast", "taunt", "slogan", "not-a-page"];

/// Signals of words that only an attacker writes. An image in place of a page is not among them: servers do that by
/// mistake.
const SIGNATURES: &[&str] = &["boast", "taunt", "slogan"];
/// Least score, and least log-odds of signatures alone, from which a single look opens an incident. A phrase in an
/// otherwise intact page, as news and forums quote it, stays below both.
const SIGNED: (f64, f64) = (0.99, 3.0);

/// Signals of missing parts. On an error or challenge page they do not count; signals of present parts still do.
const LACKS: &[&str] = &[
    "replaced",
    "uprooted",
    "title",
    "emptied",
    "language",
    "missing-text",
];

/// The weights of one signal: natural log-odds at full strength, beside a baseline and without one.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub name: String,
    pub with_baseline: f64,
    pub first_sight: f64,
    pub reason: String,
}

/// All weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Log-odds of a page without any signal, beside a baseline and without one.
    pub bias: (f64, f64),
    pub rows: Vec<Row>,
}

/// The table of the program, built in. A test holds that it can be read.
pub static TABLE: LazyLock<Table> =
    LazyLock::new(|| Table::parse(include_str!("weights.tsv")).unwrap_or_default());

impl Default for Table {
    /// No page rings without rows. Used only if a table cannot be read.
    fn default() -> Self {
        Self {
            bias: (-4.0, -4.0),
            rows: Vec::new(),
        }
    }
}

impl Table {
    /// Reads a table: four columns between tabs, the row `bias` and one row a signal. The error names the line and the
    /// fault.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut table = Self::default();
        for (at, line) in text.lines().enumerate() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let mut columns = line.split('\t');
            let (Some(name), Some(known), Some(first), Some(reason)) = (
                columns.next(),
                columns.next(),
                columns.next(),
                columns.next(),
            ) else {
                return Err(format!("line {}: four columns are needed", at + 1));
            };
            let number = |text: &str| -> Result<f64, String> {
                let number: f64 = text
                    .parse()
                    .map_err(|_| format!("line {}: {text:?} is no number", at + 1))?;
                let sane = number.is_finite() && number.abs() <= 20.0;
                sane.then_some(number)
                    .ok_or_else(|| format!("line {}: {number} is out of range", at + 1))
            };
            let (with_baseline, first_sight) = (number(known)?, number(first)?);
            if name == "bias" {
                table.bias = (with_baseline, first_sight);
            } else {
                table.rows.push(Row {
                    name: name.to_owned(),
                    with_baseline,
                    first_sight,
                    reason: reason.to_owned(),
                });
            }
        }
        Ok(table)
    }

    /// The weight of a signal; 0 if it has no row.
    pub fn weight(&self, name: &str, first_sight: bool) -> f64 {
        let row = self.rows.iter().find(|it| it.name == name);
        row.map_or(0.0, |it| {
            if first_sight {
                it.first_sight
            } else {
                it.with_baseline
            }
        })
    }
}

/// Whether the page bears an attacker's signature as no honest page does by accident: the verdict is "defaced", nearly
/// certain, and an attacker's words contribute much to it.
pub fn is_signed(verdict: &Verdict) -> bool {
    let words = verdict
        .signals
        .iter()
        .filter(|it| SIGNATURES.contains(&it.name.as_str()));
    let words: f64 = words.map(|it| it.weight).sum();
    verdict.level == Level::Defaced && verdict.score >= SIGNED.0 && words >= SIGNED.1
}

/// All inputs of a verdict, not yet weighed.
pub struct Reckoning {
    /// Signal names and findings, in the order of the detectors.
    pub found: Vec<(&'static str, Found)>,
    pub first_sight: bool,
    pub state: State,
    /// Share, 0 to 1, of the stable page that is still there.
    pub kept: f64,
}

/// Runs `detectors` on a page in this state. Signals of missing parts are left out for pages that are no ordinary
/// content.
pub fn reckon(view: &View, state: State, detectors: &[&dyn Detector]) -> Reckoning {
    let lacking = state != State::Ordinary || view.expect.refused;
    let found = detectors
        .iter()
        .filter(|it| !(lacking && LACKS.contains(&it.name())))
        // each detector reads all texts; after cancellation the results are dropped
        .take_while(|_| !patience::is_lost())
        .filter_map(|it| Some((it.name(), it.look(view)?)))
        .collect();
    Reckoning {
        found,
        first_sight: view.change.is_none(),
        state,
        kept: view.kept(),
    }
}

impl Reckoning {
    /// Weighs the findings by a table.
    pub fn verdict(&self, table: &Table) -> Verdict {
        let mut signals: Vec<Signal> = self
            .found
            .iter()
            .map(|(name, found)| Signal {
                name: (*name).to_owned(),
                weight: table.weight(name, self.first_sight) * found.strength,
                say: found.say.clone(),
                excerpt: found.excerpt.clone(),
            })
            .filter(|it| it.weight > NEGLIGIBLE)
            .collect();
        signals.sort_by(|a, b| b.weight.total_cmp(&a.weight));
        let bias = if self.first_sight {
            table.bias.1
        } else {
            table.bias.0
        };
        let sum: f64 = bias + signals.iter().map(|it| it.weight).sum::<f64>();
        let score = 1.0 / (1.0 + (-sum).exp());
        let face: f64 = signals
            .iter()
            .filter(|it| FACE.contains(&it.name.as_str()))
            .map(|it| it.weight)
            .sum();
        let has = |name: &str, least: f64| {
            let mut found = self.found.iter();
            found.any(|it| it.0 == name && it.1.strength >= least)
        };
        // the page is gone, and an image or film stands in its place
        let poster = has("replaced", 0.5)
            && has("emptied", 0.9)
            && has("stage", 0.3)
            && has("uprooted", 0.0);
        let mut level = if score >= DEFACED && (face >= FACE_ENOUGH || poster) {
            Level::Defaced
        } else if score >= SUSPECT {
            Level::Suspect
        } else if self.kept < DRIFTED_BELOW {
            Level::Drifted
        } else {
            Level::Normal
        };
        if self.state != State::Ordinary && level < Level::Suspect {
            level = Level::Unknown;
        }
        Verdict {
            level,
            score,
            redirected: signals.iter().any(|it| it.name == "moved"),
            signals,
            state: self.state,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::signals;

    #[test]
    fn every_detector_has_a_row_and_every_row_a_detector() {
        let table = Table::parse(include_str!("weights.tsv")).unwrap();
        assert_eq!(table, *TABLE);
        let detectors: Vec<&str> = signals::ALL.iter().map(|it| it.name()).collect();
        for name in &detectors {
            assert!(
                table.rows.iter().any(|it| it.name == *name),
                "{name} has no weight"
            );
        }
        for row in &table.rows {
            assert!(
                detectors.contains(&row.name.as_str()),
                "{} weighs nothing: no detector has that name",
                row.name
            );
            assert!(
                row.with_baseline >= 0.0 && row.first_sight >= 0.0,
                "{row:?}"
            );
        }
        assert!(table.bias.0 < 0.0 && table.bias.1 < 0.0);
    }

    #[test]
    fn a_table_that_cannot_be_read_says_where() {
        assert_eq!(
            Table::parse("boast\t6.5\t6.5"),
            Err("line 1: four columns are needed".to_owned())
        );
        assert_eq!(
            Table::parse("#\nboast\tx\t1\tr"),
            Err("line 2: \"x\" is no number".to_owned())
        );
        assert!(Table::parse("boast\tNaN\t1\tr").is_err());
    }
}
