//! Plans: changes that an agency announced before it made them.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    TargetId,
    actor::Origin,
    number,
    record::{Record, Stored},
};

/// The id of a plan: `KH-2026-0003` (*kế hoạch*).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct PlanId(pub String);

impl PlanId {
    /// The id of the `number`th plan of a year.
    pub fn new(year: i16, number: u64) -> Self {
        Self(number::write("KH", year, number))
    }

    /// Reads an id as people type it: `KH-2026-0412`, `kh-2026-412`, or `412` for one of `this_year`.
    pub fn read(text: &str, this_year: i16) -> Option<Self> {
        number::read("KH", text, this_year).map(Self)
    }
}

impl TryFrom<String> for PlanId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        number::check(text).map(Self)
    }
}

impl fmt::Display for PlanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An agency's announcement that it edits certain portals in a certain period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    pub id: PlanId,
    /// Incremented by the store at every commit; a commit made from an older revision is refused.
    pub revision: u64,
    pub targets: Vec<TargetId>,
    pub from: Timestamp,
    /// Exclusive.
    pub to: Timestamp,
    pub by: String,
    /// Account and chat of the announcer; `None` for the command line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    pub at: Timestamp,
    pub reason: String,
    /// The recipient that reaches the announcing chat, which is asked afterwards; `None` for the command line.
    pub notifier: Option<String>,
    pub stage: PlanStage,
}

/// The stage of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PlanStage {
    Announced,
    Cancelled {
        by: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        origin: Option<Origin>,
        at: Timestamp,
    },
    /// The period is over, and no look showed a change that needs an answer.
    Quiet,
    /// The period is over, and the agency is asked whether it made the changes that looks showed.
    Asked,
    Answered {
        by: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        origin: Option<Origin>,
        at: Timestamp,
        ours: bool,
    },
}

impl Plan {
    /// Whether the plan allows edits of a portal, or of a part of it, now.
    pub fn covers(&self, target: &TargetId, now: Timestamp) -> bool {
        let announced = self.stage == PlanStage::Announced && self.from <= now && now < self.to;
        announced && self.targets.iter().any(|it| it.as_str() == target.portal())
    }

    /// The notifiers that are asked: the announcing chat's, otherwise the operator's (`duty`).
    pub fn asked<'a>(&'a self, duty: &'a [String]) -> Vec<&'a String> {
        match &self.notifier {
            Some(name) => vec![name],
            None => duty.iter().collect(),
        }
    }
}

impl Stored for Plan {
    fn over_since(&self) -> Option<Timestamp> {
        Some(self.to)
    }
}

impl Record for Plan {
    const NAME: &'static str = "plan";

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn revision(&mut self) -> Option<&mut u64> {
        Some(&mut self.revision)
    }
}
