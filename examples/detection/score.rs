//! Figures: by family, against the goals, and with one signal left out.

use std::collections::BTreeMap;

use gaccong::{
    detect::weights::{TABLE, Table},
    model::{Level, Verdict},
};

use crate::cases::{Judged, Want};

/// What is asked of one figure: the goal, and what must hold. Shares in per cent, alarms and questions per 1,000.
pub struct Goal {
    pub figure: &'static str,
    pub value: Option<f64>,
    pub goal: f64,
    pub must: f64,
    /// More is better.
    pub up: bool,
    /// Its must fails only where it is asked for.
    pub new: bool,
}

#[derive(Clone, Copy, Default)]
pub struct Counts {
    all: usize,
    right: usize,
    /// Asked about, silently.
    asked: usize,
}

pub struct Scored {
    pub families: BTreeMap<String, Counts>,
    /// Milliseconds of the cases, in order.
    times: Vec<f64>,
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
        let mut families: BTreeMap<String, Counts> = BTreeMap::new();
        for case in judged {
            let verdict = case.reckoning.as_ref().map(|it| it.verdict(table));
            let verdict = verdict.as_ref().unwrap_or(&case.verdict);
            let family = families.entry(case.family.clone()).or_default();
            family.all += 1;
            family.right += usize::from(is_right(case.want, verdict));
            family.asked += usize::from(verdict.level.as_str() == "question");
        }
        let mut times: Vec<f64> = judged
            .iter()
            .filter(|it| it.elapsed_us > 0)
            .map(|it| it.elapsed_us as f64 / 1000.0)
            .collect();
        times.sort_unstable_by(f64::total_cmp);
        Self { families, times }
    }

    fn sum(&self, pass: impl Fn(&str) -> bool) -> Counts {
        let mut sum = Counts::default();
        for (_, it) in self.families.iter().filter(|(name, _)| pass(name)) {
            sum.all += it.all;
            sum.right += it.right;
            sum.asked += it.asked;
        }
        sum
    }

    /// Share of right verdicts over families with names that pass; `None` without a case.
    pub fn share(&self, pass: impl Fn(&str) -> bool) -> Option<f64> {
        let sum = self.sum(pass);
        (sum.all > 0).then(|| sum.right as f64 / sum.all as f64)
    }

    pub fn print_families(&self) {
        for (name, it) in &self.families {
            let share = 100.0 * it.right as f64 / it.all as f64;
            let asked = match it.asked {
                0 => String::new(),
                asked => format!("  asked {asked}"),
            };
            println!(
                "{name:<36} right {:5} of {:5}  {share:6.2} %{asked}",
                it.right, it.all
            );
        }
    }

    pub fn caught(&self, pass: impl Fn(&str) -> bool) -> Option<f64> {
        self.share(pass).map(|it| 100.0 * it)
    }

    pub fn rang(&self, pass: impl Fn(&str) -> bool) -> Option<f64> {
        self.share(pass).map(|it| 1000.0 * (1.0 - it))
    }

    pub fn asked(&self, pass: impl Fn(&str) -> bool) -> Option<f64> {
        let sum = self.sum(pass);
        (sum.all > 0).then(|| 1000.0 * sum.asked as f64 / sum.all as f64)
    }

    /// The time that this share of the cases stays under.
    pub fn time(&self, share: f64) -> Option<f64> {
        let at = (self.times.len() as f64 * share) as usize;
        self.times.get(at).copied()
    }

    /// Whether every must holds that counts.
    pub fn print_goals(&self, strict: bool) -> bool {
        println!(
            "\n{:<44} {:>8} {:>8} {:>8}",
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
            let counts = strict || !it.new;
            let word = match (meets(it.must), meets(it.goal)) {
                (false, _) if counts => "MISSED",
                (false, _) => "below the must",
                (true, false) => "below the goal",
                (true, true) => "",
            };
            all &= meets(it.must) || !counts;
            println!(
                "{:<44} {value:>8.2} {:>8} {:>8}  {word}",
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
        .filter(|it| it.family.starts_with(family) && !is_right(it.want, &it.verdict))
    {
        let signals: Vec<String> = case
            .verdict
            .signals
            .iter()
            .map(|it| format!("{} {:.2} [{}]", it.name, it.weight, it.excerpt))
            .collect();
        println!(
            "{} {} {} {:.3} {}",
            case.family,
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
            caught(&|it| it.starts_with("deed/")),
            rang(&|it| it.starts_with("honest-")),
            rang(&|it| it.starts_with("edit/") || it == "busy-day"),
            rang(&|it| it == "first-sight-benign" || it == "first-sight-made-honest"),
        ]
    };
    let whole = figures(&TABLE);
    println!(
        "{:<18} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}",
        "without", "replaced", "planted", "1st sight", "deeds", "false/k", "edits/k", "false1/k"
    );
    println!(
        "(then how often it is found and how strongly on average: in attacks, honest changes, honest pages at first sight)"
    );
    let row: String = whole.iter().map(|it| format!(" {it:>9.2}")).collect();
    println!("{:<18}{row}", "(nothing)");
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
