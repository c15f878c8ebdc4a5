//! A confirmed deviation of one portal, from open to resolved, with its time line.

use std::{fmt, net::IpAddr};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{Class, Digest, Say, Signal, TargetId, plan::PlanId, target::Target};

/// `SC-2026-0412` (*sự cố*).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct IncidentId(pub String);

impl IncidentId {
    pub fn new(year: i16, number: u64) -> Self {
        Self(format!("SC-{year}-{number:04}"))
    }
}

impl fmt::Display for IncidentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Defaced,
    Planted,
    Redirected,
    Down,
    Maintenance,
    Blocked,
}

impl Kind {
    /// What a look of this class would be an incident of; `None` for a portal that is well.
    pub fn of(class: Class) -> Option<Self> {
        use super::Standing;
        Some(match (class, class.standing()) {
            (_, Standing::Up) => return None,
            (Class::Defaced, _) => Self::Defaced,
            (Class::Redirect, _) => Self::Redirected,
            (_, Standing::Tampered) => Self::Planted,
            (_, Standing::Maintenance) => Self::Maintenance,
            (_, Standing::Down) => Self::Down,
            (_, Standing::Blocked) => Self::Blocked,
        })
    }

    /// Somebody else's content is shown: the gravest family, which an outage does not end.
    pub fn is_tampering(self) -> bool {
        matches!(self, Self::Defaced | Self::Planted | Self::Redirected)
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Defaced => "defaced",
            Self::Planted => "planted",
            Self::Redirected => "redirected",
            Self::Down => "down",
            Self::Maintenance => "maintenance",
            Self::Blocked => "blocked",
        }
    }
}

/// What is said of the portal in the incident's messages, as it was when the incident opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Portal {
    pub name: String,
    pub agency: String,
    pub agency_name: String,
    pub url: Url,
}

impl From<&Target> for Portal {
    fn from(target: &Target) -> Self {
        Self {
            name: target.name.clone(),
            agency: target.agency.clone(),
            agency_name: target.agency_name.clone(),
            url: target.url.clone(),
        }
    }
}

/// A page kept because of the incident.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    pub at: Timestamp,
    pub digest: Digest,
    pub url: Url,
    pub content_type: Option<String>,
}

/// One line of the time line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    pub at: Timestamp,
    pub what: What,
    /// Who did it, where a person did.
    pub by: Option<String>,
    /// A class, a reason, a notifier's name: what belongs to the event.
    pub note: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum What {
    Seen,
    Confirmed,
    /// Became another kind, e.g. planted → defaced.
    Changed,
    /// Was over, and came back soon.
    Again,
    /// Cannot be seen for now, and is visible again: of somebody else's content.
    Unseen,
    Visible,
    /// Told once more, since it keeps coming back.
    Reminded,
    Told,
    /// A notifier refused for good.
    Undelivered,
    Taken,
    Restored,
    Closed,
    Dismissed,
    /// Somebody wants no noise of it for a while, or wants it again.
    Muted,
    Unmuted,
    /// Somebody wrote something down.
    Noted,
    /// Nobody took it, and somebody else was called.
    Escalated,
    /// Whoever took it was reminded of it.
    Nudged,
    /// It falls into announced changes.
    Planned,
    /// The agency says that it was not its doing.
    Disowned,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    Open,
    Taken,
    /// The page is as it was, or an officer closed it.
    Resolved,
    /// An officer said it was a legitimate change.
    Dismissed,
}

impl Stage {
    pub fn is_open(self) -> bool {
        matches!(self, Self::Open | Self::Taken)
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Taken => "taken",
            Self::Resolved => "resolved",
            Self::Dismissed => "dismissed",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    pub id: IncidentId,
    /// See `Dossier::revision`.
    pub revision: u64,
    pub target: TargetId,
    pub portal: Portal,
    pub kind: Kind,
    pub stage: Stage,
    pub class: Class,
    /// Why the portal was silent, where it was.
    pub cause: Option<Say>,
    pub score: f64,
    pub signals: Vec<Signal>,
    /// First look that saw it.
    pub seen_at: Timestamp,
    pub confirmed_at: Timestamp,
    /// `agreed` of `looked` looks said the same.
    pub agreed: u32,
    pub looked: u32,
    pub vantage: String,
    pub title_before: Option<String>,
    pub title_now: Option<String>,
    /// Lines removed and added, short: what a person is shown of the change.
    pub changes: Vec<ChangeLine>,
    pub before: Option<Evidence>,
    pub evidence: Vec<Evidence>,
    pub taken: Option<Taken>,
    pub ended_at: Option<Timestamp>,
    pub timeline: Vec<Event>,
    /// Something to add to the message while it lasts, e.g. "now unreachable".
    pub remark: Option<Say>,
    /// How often it came back after it had seemed to be over.
    #[serde(default)]
    pub flaps: u32,
    /// When it was last told so that a phone rings.
    #[serde(default)]
    pub rung_at: Option<Timestamp>,
    /// The address that answered for the portal last.
    #[serde(default)]
    pub address: Option<IpAddr>,
    #[serde(default)]
    pub muted: Option<Muted>,
    /// Opened while its portal was edited by announcement, and silent because of it.
    #[serde(default)]
    pub planned: Option<PlanId>,
    /// Steps of escalation that were taken.
    #[serde(default)]
    pub escalated: u32,
}

impl Incident {
    /// Whether somebody asked for silence that still lasts.
    pub fn is_muted(&self, now: Timestamp) -> bool {
        self.muted.as_ref().is_some_and(|it| now < it.until)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeLine {
    pub added: bool,
    /// Cut and disarmed.
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    pub by: String,
    pub at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Muted {
    pub by: String,
    pub until: Timestamp,
}
