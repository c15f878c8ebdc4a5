//! The table of signals, `weights.tsv`: one row a signal, with its weights and the families that it belongs to.

use std::sync::LazyLock;

/// What a signal is, beyond its weight. Rules name families, not signals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Words that only an attacker writes. An image in place of a page is not among them: servers do that by mistake.
    Signature,
    /// Shows an attacker to visitors.
    Face,
    /// A missing part. On an error or challenge page it does not count; signals of present parts still do.
    Absence,
    /// A planted part. These add up over several looks: honest change brings none of them in any length of time. Phrases
    /// are not among them: a phrase rings in the look that brings it, or never.
    Planted,
    /// Editors cause it, too: a page of another look, title or layout, files and frames of other hosts.
    OwnDoing,
    /// What a redesign changes. Where a page rings by nothing else, its agency is asked.
    Structural,
    /// What an agency does now and then, and a fraudster, too: too little to wake a person, too much to pass without a
    /// question.
    Asked,
}

impl Family {
    /// All families, in the order of the comment in `weights.tsv`.
    pub const ALL: [Self; 7] = [
        Self::Signature,
        Self::Face,
        Self::Absence,
        Self::Planted,
        Self::OwnDoing,
        Self::Structural,
        Self::Asked,
    ];

    /// The name in `weights.tsv`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Signature => "signature",
            Self::Face => "face",
            Self::Absence => "absence",
            Self::Planted => "planted",
            Self::OwnDoing => "own-doing",
            Self::Structural => "structural",
            Self::Asked => "asked",
        }
    }

    /// The family of this name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == name)
    }
}

/// One signal. Its weights are natural log-odds at full strength, beside a baseline and without one.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub name: String,
    pub with_baseline: f64,
    pub first_sight: f64,
    pub families: Vec<Family>,
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
    /// Reads a table: five columns between tabs, the row `bias` and one row a signal. The error names the line and the
    /// fault.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut table = Self::default();
        for (at, line) in text.lines().enumerate() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let mut columns = line.split('\t');
            let (Some(name), Some(known), Some(first), Some(families), Some(reason)) = (
                columns.next(),
                columns.next(),
                columns.next(),
                columns.next(),
                columns.next(),
            ) else {
                return Err(format!("line {}: five columns are needed", at + 1));
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
            let families =
                families_of(families).map_err(|error| format!("line {}: {error}", at + 1))?;
            if name == "bias" {
                table.bias = (with_baseline, first_sight);
            } else {
                table.rows.push(Row {
                    name: name.to_owned(),
                    with_baseline,
                    first_sight,
                    families,
                    reason: reason.to_owned(),
                });
            }
        }
        Ok(table)
    }

    fn row(&self, name: &str) -> Option<&Row> {
        self.rows.iter().find(|it| it.name == name)
    }

    /// The weight of a signal; 0 if it has no row.
    pub fn weight(&self, name: &str, first_sight: bool) -> f64 {
        self.row(name).map_or(0.0, |it| {
            if first_sight {
                it.first_sight
            } else {
                it.with_baseline
            }
        })
    }

    /// Whether a signal belongs to a family; false if it has no row.
    pub fn is(&self, name: &str, family: Family) -> bool {
        self.row(name)
            .is_some_and(|it| it.families.contains(&family))
    }
}

/// Reads the column of families: names between spaces, or `-`.
fn families_of(text: &str) -> Result<Vec<Family>, String> {
    if text == "-" {
        return Ok(Vec::new());
    }
    if text.trim().is_empty() {
        return Err("a signal must state its families, or - for none".to_owned());
    }
    text.split_whitespace()
        .map(|name| {
            Family::of(name).ok_or_else(|| {
                let known: Vec<&str> = Family::ALL.iter().map(|it| it.as_str()).collect();
                format!("{name:?} is no family; known are {}", known.join(", "))
            })
        })
        .collect()
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
            Table::parse("boast\t6.5\t6.5\tface"),
            Err("line 1: five columns are needed".to_owned())
        );
        assert_eq!(
            Table::parse("#\nboast\tx\t1\t-\tr"),
            Err("line 2: \"x\" is no number".to_owned())
        );
        assert!(Table::parse("boast\tNaN\t1\t-\tr").is_err());
    }

    #[test]
    fn a_signal_states_its_families() {
        let families = |column: &str| {
            let table = Table::parse(&format!("boast\t1\t1\t{column}\tr"));
            table.map(|it| it.rows[0].families.clone())
        };
        assert_eq!(families("-"), Ok(Vec::new()));
        assert_eq!(
            families("face own-doing"),
            Ok(vec![Family::Face, Family::OwnDoing])
        );
        assert_eq!(
            families(" "),
            Err("line 1: a signal must state its families, or - for none".to_owned())
        );
        assert_eq!(
            families("face,planted"),
            Err("line 1: \"face,planted\" is no family; known are signature, face, absence, planted, own-doing, structural, asked".to_owned())
        );
        for family in Family::ALL {
            assert_eq!(Family::of(family.as_str()), Some(family));
            assert!(
                TABLE.rows.iter().any(|it| TABLE.is(&it.name, family)),
                "{family:?} has no signal"
            );
        }
        assert!(!TABLE.is("tomorrow", Family::OwnDoing));
    }
}
