//! Storms: many incidents reported in one message, so that an officer's phone is not flooded.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Incident, IncidentId, Kind, Receipt,
    record::{Record, Stored},
};

/// The incidents of one storm: outages and the like, or tampering.
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
    /// When an incident joined last: one that begins much later starts another storm.
    pub joined: Timestamp,
    /// When its message was last brought up to date.
    pub told: Option<Timestamp>,
    /// How many incidents the last list that was sent holds.
    pub listed: usize,
    pub receipt: Option<Receipt>,
    /// Incidents with messages of their own just before the storm began.
    #[serde(default)]
    pub before: usize,
    /// Incidents in the storm when its message was last written.
    #[serde(default)]
    pub size: usize,
    /// The property that nearly all its incidents shared when its message was last written.
    #[serde(default)]
    pub shared: Option<Shared>,
    /// Incidents that joined after the first message and are not announced with a sound yet, newest last.
    #[serde(default)]
    pub joiners: Vec<IncidentId>,
    /// Older joiners that are only counted, not named.
    #[serde(default)]
    pub more_joiners: usize,
    /// When a message of the storm last made a sound.
    #[serde(default)]
    pub rung: Option<Timestamp>,
}

/// A property that many incidents share: its kind (`address`, `block`, `network`, `agency`) and its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shared {
    pub factor: String,
    pub value: String,
}

/// Most joiners that are named when they are announced; older ones are counted. A message has room for some eighty
/// names.
const MOST_JOINERS: usize = 200;

impl Storm {
    /// A storm that begins with this incident.
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
            before: 0,
            size: 0,
            shared: None,
            joiners: Vec::new(),
            more_joiners: 0,
            rung: None,
        }
    }

    /// Notes that an incident joined after the first message and is to be announced with a sound.
    pub fn joined_by(&mut self, id: IncidentId) {
        self.joiners.retain(|it| *it != id);
        self.joiners.push(id);
        let surplus = self.joiners.len().saturating_sub(MOST_JOINERS);
        self.joiners.drain(..surplus);
        self.more_joiners += surplus;
    }

    fn id_of(first: &IncidentId) -> String {
        format!("DR{}", first.0.trim_start_matches("SC"))
    }

    /// The id of a storm's record.
    pub fn id_at(notifier: &str, id: &str) -> String {
        format!("{notifier}/{id}")
    }

    /// Stands in place of a receipt for each incident of the storm.
    pub fn receipt_of_members(&self) -> Receipt {
        Receipt::Storm(self.id.clone())
    }
}

impl Stored for Storm {
    fn over_since(&self) -> Option<Timestamp> {
        Some(self.joined)
    }
}

impl Record for Storm {
    const NAME: &'static str = "storm";

    fn id(&self) -> String {
        Self::id_at(&self.notifier, &self.id)
    }
}
