//! Many incidents that are told of as one, so that an officer's phone is not buried.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Incident, IncidentId, Kind, Receipt};

/// Outages and the like, or somebody else's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    Availability,
    Tampering,
}

impl From<Kind> for Family {
    fn from(kind: Kind) -> Self {
        if kind.is_tampering() {
            Self::Tampering
        } else {
            Self::Availability
        }
    }
}

/// One message at one notifier in the place of many.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Storm {
    /// `DR-2026-0412` (*diện rộng*), after its first incident.
    pub id: String,
    pub notifier: String,
    pub family: Family,
    pub begun: Timestamp,
    /// When an incident joined last: who comes much later is not of it.
    pub joined: Timestamp,
    /// When its message was last brought up to date.
    pub told: Option<Timestamp>,
    /// How many incidents the last list that was sent holds.
    pub listed: usize,
    pub receipt: Option<Receipt>,
}

impl Storm {
    pub fn new(notifier: &str, first: &Incident, now: Timestamp) -> Self {
        Self {
            id: Self::id_of(&first.id),
            notifier: notifier.to_owned(),
            family: first.kind.into(),
            begun: now,
            joined: now,
            told: None,
            listed: 0,
            receipt: None,
        }
    }

    fn id_of(first: &IncidentId) -> String {
        format!("DR{}", first.0.trim_start_matches("SC"))
    }

    /// What stands in the place of a receipt for each incident of it.
    pub fn receipt_of_members(&self) -> Receipt {
        Receipt {
            place: "storm".to_owned(),
            message: self.id.clone(),
        }
    }

    /// The storm that a receipt belongs to, if any.
    pub fn of(receipt: &Receipt) -> Option<&str> {
        (receipt.place == "storm").then_some(receipt.message.as_str())
    }
}
