//! Weights by logistic regression, held near `prior.tsv`, never negative; cross-validated over sources.

use std::{collections::BTreeMap, fs, path::Path};

use gaccong::{
    detect::weights::{TABLE, Table},
    model::verdict::State,
};

use crate::{
    cases::{Judged, Want},
    score::Scored,
};

const FOLDS: u64 = 5;
/// How strongly weights are held at their prior. Small beside what a family of cases pulls with, so that it decides only
/// where the corpus says little. At first sight there are a dozen times fewer cases.
const HOLD: f64 = 0.003;
const HOLD_FIRST_SIGHT: f64 = 0.02;
/// Honest pages outnumber attacks: in the sum of weights, they count this many times as much. A higher factor would
/// drown rare kinds of attack, a lower one would ring too often.
const HONEST: f64 = 6.0;
/// Weight of a family of replaced pages against other families: these are the attacks that matter most.
const GRAVEST: f64 = 4.0;
/// What a family of made-up pages counts beside one of real ones.
const MADE: f64 = 0.3;
const STEPS: usize = 4000;

struct Example {
    /// Strengths by row of the table.
    strengths: Vec<f64>,
    alarm: bool,
    weight: f64,
    source: String,
    author: usize,
}

fn examples(judged: &[Judged], first_sight: bool) -> Vec<Example> {
    let used: Vec<(&Judged, &gaccong::detect::Reckoning)> = judged
        .iter()
        .filter(|it| it.want != Want::Calm && it.first_sight() == first_sight)
        .filter_map(|it| Some((it, it.reckoning.as_ref()?)))
        .filter(|(_, it)| it.state == State::Ordinary)
        .collect();
    let mut sizes: BTreeMap<&str, f64> = BTreeMap::new();
    for (case, _) in &used {
        *sizes.entry(&case.family).or_default() += 1.0;
    }
    let kinds = |want| {
        let mut families: Vec<&str> = used
            .iter()
            .filter(|it| it.0.want == want)
            .map(|it| it.0.family.as_str())
            .collect();
        families.sort_unstable();
        families.dedup();
        families.len().max(1) as f64
    };
    let (alarms, quiets) = (kinds(Want::Alarm), kinds(Want::Quiet));
    used.iter()
        .map(|(case, reckoning)| {
            let size = sizes.get(case.family.as_str()).copied().unwrap_or(1.0);
            let alarm = case.want == Want::Alarm;
            // pages made to be hard are many where real life has few of them
            let size = if case.family.contains("made") {
                size / MADE
            } else {
                size
            };
            let size = if case.family.starts_with("replaced") {
                size / GRAVEST
            } else {
                size
            };
            let weight = if alarm {
                1.0 / (alarms * size)
            } else {
                HONEST / (quiets * size)
            };
            Example {
                strengths: TABLE
                    .rows
                    .iter()
                    .map(|row| {
                        reckoning
                            .found
                            .iter()
                            .find(|it| it.0 == row.name)
                            .map_or(0.0, |it| it.1.strength)
                    })
                    .collect(),
                alarm,
                weight,
                source: case.source.clone(),
                author: case.author,
            }
        })
        .collect()
}

#[derive(Clone)]
struct Weights {
    bias: f64,
    hold: f64,
    rows: Vec<f64>,
}

impl Weights {
    fn score(&self, it: &Example) -> f64 {
        let sum: f64 = self.bias
            + self
                .rows
                .iter()
                .zip(&it.strengths)
                .map(|(weight, strength)| weight * strength)
                .sum::<f64>();
        1.0 / (1.0 + (-sum).exp())
    }
}

/// Projected gradient descent with steps scaled by curvature (Böhning's bound for the logistic loss).
fn fit<'a>(examples: impl Iterator<Item = &'a Example> + Clone, prior: &Weights) -> Weights {
    let hold = prior.hold;
    let total: f64 = examples.clone().map(|it| it.weight).sum();
    let mut weights = prior.clone();
    let mut curvature = vec![hold; prior.rows.len()];
    for it in examples.clone() {
        for (at, strength) in it.strengths.iter().enumerate() {
            curvature[at] += it.weight / total * strength * strength;
        }
    }
    for _ in 0..STEPS {
        let mut slope = vec![0.0; weights.rows.len()];
        for it in examples.clone() {
            let miss = (weights.score(it) - f64::from(u8::from(it.alarm))) * it.weight / total;
            for (at, strength) in it.strengths.iter().enumerate() {
                slope[at] += miss * strength;
            }
        }
        for (at, weight) in weights.rows.iter_mut().enumerate() {
            let pull = hold * (*weight - prior.rows[at]);
            *weight = (*weight - (slope[at] + pull) / curvature[at]).clamp(0.0, 12.0);
        }
    }
    weights
}

fn fold_of(source: &str) -> u64 {
    let hash = blake3::hash(source.as_bytes());
    u64::from(hash.as_bytes()[0]) % FOLDS
}

/// The weights of `prior.tsv`, by signal; with `bias`, whose weights are not fitted.
fn prior() -> BTreeMap<&'static str, (f64, f64)> {
    let rows = include_str!("prior.tsv").lines();
    rows.filter(|it| !it.starts_with('#'))
        .map(|line| {
            let mut columns = line.split('\t');
            let name = columns.next().unwrap_or_default();
            let mut weight = || columns.next().and_then(|it| it.parse().ok());
            match (weight(), weight()) {
                (Some(known), Some(first)) => (name, (known, first)),
                _ => panic!("prior.tsv: {line:?}: a name and two weights are needed, between tabs"),
            }
        })
        .collect()
}

/// Prints what was fitted and how it does on sources and payloads it has not seen; returns the table.
pub fn calibrate(judged: &[Judged]) -> Table {
    let prior = prior();
    let mut table = TABLE.clone();
    for first_sight in [false, true] {
        let start = |name: &str| {
            let (known, first) = prior.get(name).copied().unwrap_or_default();
            if first_sight { first } else { known }
        };
        let start = Weights {
            hold: if first_sight { HOLD_FIRST_SIGHT } else { HOLD },
            bias: start("bias"),
            rows: TABLE.rows.iter().map(|row| start(&row.name)).collect(),
        };
        let examples = examples(judged, first_sight);
        println!(
            "\n== {} ({} cases)",
            if first_sight {
                "at first sight"
            } else {
                "with a baseline"
            },
            examples.len()
        );
        cross_validate(&examples, &start, first_sight);
        let weights = fit(examples.iter(), &start);
        println!("{:<18} {:>8} {:>8}", "signal", "was", "fitted");
        println!("{:<18} {:>8.1} {:>8.1}", "bias", start.bias, weights.bias);
        let rounded = |it: f64| (it * 10.0).round() / 10.0;
        for (at, row) in table.rows.iter_mut().enumerate() {
            println!(
                "{:<18} {:>8.1} {:>8.1}",
                row.name, start.rows[at], weights.rows[at]
            );
            if first_sight {
                row.first_sight = rounded(weights.rows[at]);
            } else {
                row.with_baseline = rounded(weights.rows[at]);
            }
        }
    }
    table.bias = prior.get("bias").copied().unwrap_or(TABLE.bias);
    println!("\n== all cases, with the fitted table");
    Scored::of(judged, &table).print_goals(false);
    table
}

/// Prints the rates on sources and on payloads of an author that the weights were not fitted to, and how reliable the
/// scores are.
fn cross_validate(examples: &[Example], start: &Weights, first_sight: bool) {
    let by_source = unseen(examples, start, 0..FOLDS, |it| fold_of(&it.source));
    rates("cross-validated over sources", &by_source);
    if first_sight {
        reliability(&by_source);
        return;
    }
    let by_author = unseen(examples, start, [0, 1], |it| it.author);
    rates("cross-validated over authors of payloads", &by_author);
    reliability(&by_source);
}

/// Scores of the examples of each fold, by weights that were fitted to those of the other folds.
fn unseen<'a, F: PartialEq>(
    examples: &'a [Example],
    start: &Weights,
    folds: impl IntoIterator<Item = F>,
    fold_of: impl Fn(&Example) -> F,
) -> Vec<(f64, &'a Example)> {
    let mut scored = Vec::new();
    for fold in folds {
        let others = examples.iter().filter(|it| fold_of(it) != fold);
        let weights = fit(others.collect::<Vec<_>>().into_iter(), start);
        let own = examples.iter().filter(|it| fold_of(it) == fold);
        scored.extend(own.map(|it| (weights.score(it), it)));
    }
    scored
}

fn rates(name: &str, scored: &[(f64, &Example)]) {
    let share = |alarm: bool| {
        let of: Vec<f64> = scored
            .iter()
            .filter(|it| it.1.alarm == alarm)
            .map(|it| it.0)
            .collect();
        of.iter().filter(|it| **it >= 0.5).count() as f64 / of.len().max(1) as f64
    };
    println!(
        "{name}: caught {:.2} %, false {:.2} per 1,000",
        100.0 * share(true),
        1000.0 * share(false)
    );
}

/// Of the cases scored about so, how many were alarms: near the score itself where it is calibrated. Weighted as in the fit.
fn reliability(scored: &[(f64, &Example)]) {
    println!(
        "{:>12} {:>8} {:>10} {:>10}",
        "score", "cases", "mean", "alarms"
    );
    for (from, to) in [
        (0.0, 0.02),
        (0.02, 0.1),
        (0.1, 0.3),
        (0.3, 0.5),
        (0.5, 0.7),
        (0.7, 0.9),
        (0.9, 0.98),
        (0.98, 1.01),
    ] {
        let of: Vec<&(f64, &Example)> = scored
            .iter()
            .filter(|it| (from..to).contains(&it.0))
            .collect();
        let whole: f64 = of.iter().map(|it| it.1.weight).sum();
        if whole > 0.0 {
            let mean = of.iter().map(|it| it.0 * it.1.weight).sum::<f64>() / whole;
            let alarms = of
                .iter()
                .filter(|it| it.1.alarm)
                .map(|it| it.1.weight)
                .sum::<f64>()
                / whole;
            println!(
                "{from:>5.2}–{to:<5.2} {:>8} {mean:>10.3} {alarms:>10.3}",
                of.len()
            );
        }
    }
}

/// Puts the weights into the table; comments, families and reasons stay.
pub fn write(table: &Table) -> std::io::Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/detect/weights.tsv");
    let mut out = String::new();
    for line in fs::read_to_string(&path)?.lines() {
        let columns: Vec<&str> = line.split('\t').collect();
        let fitted = match columns.as_slice() {
            ["bias", ..] => Some(table.bias),
            [name, _, _, _, _] => table
                .rows
                .iter()
                .find(|it| it.name == *name)
                .map(|it| (it.with_baseline, it.first_sight)),
            _ => None,
        };
        match (fitted, columns.as_slice()) {
            (Some((known, first)), [name, _, _, families, reason]) => {
                let row = format!("{name}\t{known}\t{first}\t{families}\t{reason}\n");
                out.push_str(&row);
            }
            _ => out.push_str(&format!("{line}\n")),
        }
    }
    fs::write(path, out)
}
