//! Storms: many incidents reported in one message, so that an officer's phone is not flooded.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Incident, IncidentId, Kind, Receipt,
    record::{Record, Stored},
};

/// The family of a storm's incidents: outages and the like, or tampering.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    Availability,
    Tampering,
    /// Large changes that the agencies are asked about: never a sound.
    Questions,
}

impl From<Kind> for Family {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Asked => Self::Questions,
            _ if kind.is_tampering() => Self::Tampering,
            _ => Self::Availability,
        }
    }
}

/// A storm at one notifier: one message in place of many.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Storm {
    /// `DR-2026-0412` (*diện rộng*), with the number of its first incident.
    pub id: String,
    pub notifier: String,
    pub family: Family,
    pub begun: Timestamp,
    /// When the last incident joined. An incident that comes much later begins another storm.
    pub joined: Timestamp,
    /// When its message was last edited; `None` before the first message.
    pub told: Option<Timestamp>,
    /// Number of incidents in the last list that was sent.
    pub listed: usize,
    pub receipt: Option<Receipt>,
    /// Number of incidents that got messages of their own just before the storm began.
    #[serde(default)]
    pub before: usize,
    /// Number of incidents in the storm when its message was last written.
    #[serde(default)]
    pub size: usize,
    /// The property that nearly all incidents shared when the message was last written.
    #[serde(default)]
    pub shared: Option<Shared>,
    /// Incidents that joined after the first message and have not rung yet, newest last.
    #[serde(default)]
    pub joiners: Vec<IncidentId>,
    /// Number of older joiners, which will be counted but not named.
    #[serde(default)]
    pub more_joiners: usize,
    /// When a message of the storm last rang.
    #[serde(default)]
    pub rung: Option<Timestamp>,
}

/// A property that many incidents share: its kind (`address`, `block`, `network` or `agency`) and its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shared {
    pub factor: String,
    pub value: String,
}

/// Joiners that one ringing message names at most; older ones are counted. A message has room for about eighty names.
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

    /// Adds an incident that joined after the first message and still has to ring.
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

    /// The id under which a storm is stored.
    pub fn id_at(notifier: &str, id: &str) -> String {
        format!("{notifier}/{id}")
    }

    /// The receipt of each incident of the storm: it refers to the storm's message.
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
