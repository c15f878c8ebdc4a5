//! Figures: by family, against the goals, and with one signal left out.

use std::collections::BTreeMap;

use gaccong::{
    detect::weights::{TABLE, Table},
    model::{Level, Verdict},
};

use crate::cases::{Judged, Want};

/// What is asked of one figure: the goal, and what must hold. Shares in per cent, false alarms per 1,000.
struct Goal {
    figure: &'static str,
    value: Option<f64>,
    goal: f64,
    must: f64,
    /// More is better.
    up: bool,
}

pub struct Scored {
    /// Right and all, by family.
    families: BTreeMap<String, (usize, usize)>,
    judge_ms: f64,
}

pub fn is_right(want: Want, verdict: &Verdict) -> bool {
    match want {
        Want::Alarm => verdict.level.rings(),
        Want::Quiet => !verdict.level.rings(),
        Want::Calm => verdict.level != Level::Defaced,
    }
}

impl Scored {
    pub fn of(judged: &[Judged], table: &Table) -> Self {
        let mut families: BTreeMap<String, (usize, usize)> = BTreeMap::new();
        for case in judged {
            let verdict = case.reckoning.as_ref().map(|it| it.verdict(table));
            let right = is_right(case.want, verdict.as_ref().unwrap_or(&case.verdict));
            let family = families.entry(case.family.clone()).or_default();
            family.0 += usize::from(right);
            family.1 += 1;
        }
        let mut times: Vec<u64> = judged
            .iter()
            .map(|it| it.elapsed_us)
            .filter(|it| *it > 0)
            .collect();
        times.sort_unstable();
        let judge_ms = times
            .get(times.len() / 2)
            .map_or(0.0, |it| *it as f64 / 1000.0);
        Self { families, judge_ms }
    }

    /// Share of right verdicts over families with names that pass; `None` without a case.
    pub fn share(&self, pass: impl Fn(&str) -> bool) -> Option<f64> {
        let (right, all) = self
            .families
            .iter()
            .filter(|(name, _)| pass(name))
            .fold((0, 0), |sum, (_, it)| (sum.0 + it.0, sum.1 + it.1));
        (all > 0).then(|| right as f64 / all as f64)
    }

    pub fn print_families(&self) {
        for (name, (right, all)) in &self.families {
            println!(
                "{name:<28} right {right:5} of {all:5}  {:6.2} %",
                100.0 * *right as f64 / *all as f64
            );
        }
    }

    fn goals(&self) -> Vec<Goal> {
        let caught = |pass: &dyn Fn(&str) -> bool| self.share(pass).map(|it| 100.0 * it);
        let rang = |pass: &dyn Fn(&str) -> bool| self.share(pass).map(|it| 1000.0 * (1.0 - it));
        let edits = |it: &str| it.starts_with("honest-") && it != "honest-change";
        let worst = self
            .families
            .keys()
            .filter(|it| it.starts_with("planted-"))
            .filter_map(|name| caught(&|it| it == name))
            .min_by(f64::total_cmp);
        let row = |figure, value, goal, must, up| Goal {
            figure,
            value,
            goal,
            must,
            up,
        };
        let mut goals = vec![
            row(
                "page replaced by a defacement",
                caught(&|it| it == "replaced"),
                100.0,
                99.0,
                true,
            ),
            row(
                "page replaced by a gambling page",
                caught(&|it| it == "replaced-gambling"),
                100.0,
                99.0,
                true,
            ),
            row(
                "attacks planted, all kinds",
                caught(&|it| it.starts_with("planted-")),
                95.0,
                85.0,
                true,
            ),
            row("  the worst kind", worst, 80.0, 0.0, true),
            row(
                "defaced at first sight",
                caught(&|it| it == "first-sight-defaced"),
                90.0,
                80.0,
                true,
            ),
            row(
                "false per 1,000 honest changes",
                rang(&|it| it == "honest-change"),
                1.0,
                5.0,
                false,
            ),
            row(
                "false per 1,000 ordinary edits",
                rang(&edits),
                5.0,
                20.0,
                false,
            ),
            row(
                "false per 1,000 at first sight",
                rang(&|it| it == "first-sight-benign"),
                5.0,
                15.0,
                false,
            ),
        ];
        if cfg!(not(debug_assertions)) {
            goals.push(row(
                "read and judge, ms (median)",
                Some(self.judge_ms),
                5.0,
                20.0,
                false,
            ));
        }
        goals
    }

    /// Prints the goals; whether every must holds.
    pub fn print_goals(&self) -> bool {
        println!(
            "\n{:<36} {:>8} {:>8} {:>8}",
            "figure", "seen", "goal", "must"
        );
        let mut all = true;
        for it in self.goals() {
            let Some(value) = it.value else {
                continue;
            };
            let meets = |bound: f64| {
                if it.up {
                    value >= bound
                } else {
                    value <= bound
                }
            };
            let word = match (meets(it.must), meets(it.goal)) {
                (false, _) => "MISSED",
                (true, false) => "below the goal",
                (true, true) => "",
            };
            all &= meets(it.must);
            println!(
                "{:<36} {value:>8.2} {:>8} {:>8}  {word}",
                it.figure, it.goal, it.must
            );
        }
        all
    }
}

/// Cases of a family that are judged wrong, with their signals.
pub fn show(judged: &[Judged], family: &str) {
    for case in judged
        .iter()
        .filter(|it| it.family == family && !is_right(it.want, &it.verdict))
    {
        let signals: Vec<String> = case
            .verdict
            .signals
            .iter()
            .map(|it| format!("{} {:.2} [{}]", it.name, it.weight, it.excerpt))
            .collect();
        println!(
            "{} {} {:.3} {}",
            case.name,
            case.verdict.level.as_str(),
            case.verdict.score,
            signals.join("; ")
        );
    }
}

/// What is lost and what is spared without each signal.
pub fn leave_one_out(judged: &[Judged]) {
    let figures = |table: &Table| {
        let scored = Scored::of(judged, table);
        let caught = |pass: &dyn Fn(&str) -> bool| 100.0 * scored.share(pass).unwrap_or(0.0);
        let rang = |pass: &dyn Fn(&str) -> bool| 1000.0 * (1.0 - scored.share(pass).unwrap_or(1.0));
        [
            caught(&|it| it.starts_with("replaced")),
            caught(&|it| it.starts_with("planted-")),
            caught(&|it| it == "first-sight-defaced" || it == "first-sight-made-defaced"),
            rang(&|it| it.starts_with("honest-")),
            rang(&|it| it == "first-sight-benign" || it == "first-sight-made-honest"),
        ]
    };
    let whole = figures(&TABLE);
    println!(
        "{:<18} {:>9} {:>9} {:>9} {:>9} {:>9}",
        "without", "replaced", "planted", "1st sight", "false/k", "false1/k"
    );
    println!(
        "(then how often it is found and how strongly on average: in attacks, honest changes, honest pages at first sight)"
    );
    println!(
        "{:<18} {:>9.2} {:>9.2} {:>9.2} {:>9.2} {:>9.2}",
        "(nothing)", whole[0], whole[1], whole[2], whole[3], whole[4]
    );
    for row in &TABLE.rows {
        let mut table = TABLE.clone();
        table.rows.retain(|it| it.name != row.name);
        let it = figures(&table);
        let fires = |pass: &dyn Fn(&Judged) -> bool| {
            let of: Vec<f64> = judged
                .iter()
                .filter(|it| pass(it))
                .filter_map(|it| it.reckoning.as_ref())
                .map(|it| {
                    it.found
                        .iter()
                        .find(|it| it.0 == row.name)
                        .map_or(0.0, |it| it.1.strength)
                })
                .collect();
            let found = of.iter().filter(|it| **it > 0.0).count();
            let mean = of.iter().sum::<f64>() / found.max(1) as f64;
            format!("{found:>6} {mean:>5.2}")
        };
        let change: Vec<String> = it
            .iter()
            .zip(whole)
            .map(|(now, whole)| format!("{:>+9.2}", now - whole))
            .collect();
        let alarms = fires(&|it| it.want == Want::Alarm);
        let honest = fires(&|it| it.family == "honest-change");
        let benign = fires(&|it| it.family == "first-sight-benign");
        println!(
            "{:<18} {} {alarms} {honest} {benign}",
            row.name,
            change.join(" ")
        );
    }
}
