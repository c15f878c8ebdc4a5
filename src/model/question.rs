//! The question to an agency whether it made a large change of its portal.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    actor::{Actor, Origin},
    incident_id::IncidentId,
};

/// The question about one large change, as part of its incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// Time until which the agency may answer; after it, the change rings.
    pub until: Timestamp,
    /// The agency's answer; only the first one counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Answer>,
    /// How the question ended; `None` while it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// The incident that rings in place of the question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarm: Option<IncidentId>,
}

/// An answer of one person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    pub by: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    pub at: Timestamp,
    /// Whether the agency made the change.
    pub ours: bool,
}

impl Answer {
    /// The person of the answer.
    pub fn actor(&self) -> Actor {
        Actor {
            name: self.by.clone(),
            origin: self.origin.clone(),
        }
    }
}

/// How a question ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The agency made the change.
    Ours,
    /// The agency did not make the change: it rings.
    NotOurs,
    /// No answer came in time: the change rings.
    Unanswered,
    /// The page showed an attacker's content before an answer came: it rings.
    Hostile,
    /// The known page is back.
    Restored,
    /// The portal no longer shows the page, for example because it is down.
    Withdrawn,
}

impl Outcome {
    /// The name in JSON, in metrics and in locale keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::NotOurs => "not-ours",
            Self::Unanswered => "unanswered",
            Self::Hostile => "hostile",
            Self::Restored => "restored",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// The times that an agency has for its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnswerTimes {
    /// By day, outside watch windows.
    pub answer_within: Duration,
    /// For a question that is asked at night: few webmasters work then, and an officer is awake.
    pub at_night: Duration,
    /// While a watch window is open.
    pub in_window: Duration,
}

impl Default for AnswerTimes {
    fn default() -> Self {
        Self {
            answer_within: Duration::from_secs(2 * 3600),
            at_night: Duration::from_secs(3600),
            in_window: Duration::from_secs(15 * 60),
        }
    }
}
