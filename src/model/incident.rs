//! Incidents: a confirmed deviation of one portal, from its opening to its end, with its time line.

use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    Class, Digest, Localized, Signal, TargetId,
    digest::key,
    fleet::HostRole,
    plan::PlanId,
    record::{Record, Stored},
    target::Target,
};

pub use super::actor::{Actor, Origin, Standpoint};
pub use super::incident_id::IncidentId;
pub use super::question::{Answer, Outcome, Question};

/// The kind of deviation, derived from the class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Defaced,
    Planted,
    Redirected,
    /// No incident yet: a large change that the agency is asked about.
    Asked,
    Down,
    Maintenance,
    Blocked,
}

impl Kind {
    /// The kind of incident that a look of this class opens; `None` if the portal is up.
    pub fn of(class: Class) -> Option<Self> {
        use super::Standing;
        Some(match (class, class.standing()) {
            (_, Standing::Up) => return None,
            (_, Standing::Asked) => Self::Asked,
            (Class::Defaced, _) => Self::Defaced,
            (Class::Redirect, _) => Self::Redirected,
            (_, Standing::Tampered) => Self::Planted,
            (_, Standing::Maintenance) => Self::Maintenance,
            (_, Standing::Down) => Self::Down,
            (_, Standing::Blocked) => Self::Blocked,
        })
    }

    /// Whether an attacker's content is displayed: the gravest family. An outage does not end such an incident.
    pub fn is_tampering(self) -> bool {
        matches!(self, Self::Defaced | Self::Planted | Self::Redirected)
    }

    /// The name in locale keys and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Defaced => "defaced",
            Self::Planted => "planted",
            Self::Redirected => "redirected",
            Self::Asked => "asked",
            Self::Down => "down",
            Self::Maintenance => "maintenance",
            Self::Blocked => "blocked",
        }
    }
}

/// The portal as the incident's messages name it, fixed when the incident opened.
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

/// A page that is kept because of the incident.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    pub at: Timestamp,
    pub digest: Digest,
    pub url: Url,
    pub content_type: Option<String>,
}

/// One event on the time line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    pub at: Timestamp,
    pub what: What,
    /// The acting person; `None` for the service.
    pub by: Option<String>,
    /// Account and chat of the actor; `None` for the command line and for the service itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// Details of the event: a class, a reason, a notifier's name.
    pub note: Option<String>,
}

/// The kind of an event on the time line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum What {
    Seen,
    Confirmed,
    /// The incident became another kind, e.g. planted → defaced.
    Changed,
    /// The incident had ended, and soon came back.
    Again,
    /// The attacker's content is not visible for now; `Visible`: it is visible again.
    Unseen,
    Visible,
    /// Some looks showed the content and others did not; the note counts them.
    Sighted,
    /// The portal has blocked the service's looks, or announced maintenance, for long, and the message was repeated with
    /// sound.
    Blind,
    /// The incident was reported again because it keeps coming back.
    Reminded,
    Told,
    /// A notifier refused the alert for good.
    Undelivered,
    Taken,
    Restored,
    Closed,
    /// The incident was closed because the service stopped watching the portal; the portal's present state is
    /// unknown.
    Unwatched,
    Dismissed,
    /// An officer muted it for a time; `Unmuted`: an officer ended the mute.
    Muted,
    Unmuted,
    /// Muted, or unmuted, in one agency's chat only.
    MutedIn,
    UnmutedIn,
    /// A person wrote a note.
    Noted,
    /// It was not taken in time, and the next escalation step was called.
    Escalated,
    /// The holder was reminded.
    Nudged,
    /// The incident falls within an announced change.
    Planned,
    /// The agency answered that it did not make the change.
    Disowned,
    /// The agency answered that it made the change.
    Owned,
    /// The question to the agency ended; the note says how, and names the incident that rings instead.
    Turned,
}

/// The stage of an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    Open,
    Taken,
    /// The page is back to normal, or an officer closed the incident.
    Resolved,
    /// An officer declared the change legitimate.
    Dismissed,
}

impl Stage {
    /// Whether it still needs an officer.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Open | Self::Taken)
    }

    /// The name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Taken => "taken",
            Self::Resolved => "resolved",
            Self::Dismissed => "dismissed",
        }
    }
}

/// An incident, as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    pub id: IncidentId,
    /// Incremented by the store at every commit; a commit made from an older revision is refused.
    pub revision: u64,
    pub target: TargetId,
    pub portal: Portal,
    pub kind: Kind,
    pub stage: Stage,
    pub class: Class,
    /// The reason that the portal did not answer, if it did not.
    pub cause: Option<Localized>,
    pub score: f64,
    pub signals: Vec<Signal>,
    /// Time of the first look that saw the deviation.
    pub seen_at: Timestamp,
    pub confirmed_at: Timestamp,
    /// `agreed` of `looked` looks had this result.
    pub agreed: u32,
    pub looked: u32,
    pub vantage: String,
    pub title_before: Option<String>,
    pub title_now: Option<String>,
    /// Excerpt of the lines that were removed and added, as messages show it.
    pub changes: Vec<ChangeLine>,
    pub before: Option<Evidence>,
    pub evidence: Vec<Evidence>,
    /// What was fetched at places that the page newly leads to, when the incident was confirmed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub led: Vec<Evidence>,
    /// The first holder.
    pub taken: Option<Taken>,
    /// The operator's officer that took it after a member of the agency had.
    #[serde(default)]
    pub overseen: Option<Taken>,
    pub ended_at: Option<Timestamp>,
    pub timeline: Vec<Event>,
    /// A remark for the message of the open incident, e.g. "now unreachable".
    pub remark: Option<Localized>,
    /// Number of times that it came back after it had ended.
    #[serde(default)]
    pub flaps: u32,
    /// Time of its last message with sound.
    #[serde(default)]
    pub rung_at: Option<Timestamp>,
    /// The IP address that the look went to; if none answered, the last one that did.
    #[serde(default)]
    pub address: Option<IpAddr>,
    /// Whether the portal has other addresses, which may show the right page.
    #[serde(default)]
    pub one_of: bool,
    /// The mute that holds in all chats; only the operator's officers may set it.
    #[serde(default)]
    pub muted: Option<Muted>,
    /// Mutes that hold in single agencies' chats.
    #[serde(default)]
    pub muted_in: Vec<MutedIn>,
    /// The plan that covered the portal when the incident opened, and that keeps it silent.
    #[serde(default)]
    pub planned: Option<PlanId>,
    /// Number of escalation steps that were called.
    #[serde(default)]
    pub escalated: u32,
    /// Set while some looks show the attacker's content and others do not.
    #[serde(default)]
    pub intermittent: Option<Intermittent>,
    /// The question to the agency, for an incident of the kind [`Kind::Asked`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<Question>,
    /// Strangers that the page newly uses: what it may have in common with other portals.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub traces: Vec<Trace>,
}

/// A stranger that a page newly uses. Traces are ordered by what the stranger may do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Trace {
    pub role: HostRole,
    /// Whether it is code in the page itself, known by the key of its text.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub inline: bool,
    /// The host, the place where anybody publishes on the host, or the key of the code.
    pub name: String,
}

impl Trace {
    /// Identifies it in keys of messages and markers.
    pub fn key(&self) -> String {
        let (role, name) = (self.role.as_str(), &self.name);
        format!("{:016x}", key(&format!("{role} {} {name}", self.inline)))
    }
}

/// Counts of an attacker's content that some looks show and others do not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intermittent {
    /// Looks that showed it, out of `looks` since the first such look.
    pub times: u32,
    pub looks: u32,
    pub last_at: Timestamp,
    /// Time of the last message that gave these numbers.
    pub told_at: Timestamp,
    /// Seconds without such a look after which the incident ends.
    pub unseen_s: u32,
}

/// The signal of a page that could be read completely when it was approved, and cannot be now.
pub const UNREAD: &str = "unread";

impl Incident {
    /// Whether the portal answers with a page that cannot be read completely, so that its content is unknown.
    pub fn is_unread(&self) -> bool {
        self.kind == Kind::Down && self.signals.iter().any(|it| it.name == UNREAD)
    }

    /// Whether the mute that holds in all chats is in force.
    pub fn is_muted(&self, now: Timestamp) -> bool {
        self.muted.as_ref().is_some_and(|it| now < it.until)
    }

    /// Whether the incident is muted at this notifier, by either kind of mute.
    pub fn is_muted_for(&self, notifier: &str, now: Timestamp) -> bool {
        let own = |it: &&MutedIn| it.notifiers.iter().any(|it| it == notifier);
        let own = self.muted_in.iter().find(own);
        self.is_muted(now) || own.is_some_and(|it| now < it.muted.until)
    }

    /// The person in charge: the operator's officer, otherwise the first person of the agency.
    pub fn holder(&self) -> Option<&Taken> {
        self.led().or(self.taken.as_ref())
    }

    /// The operator's officer that has taken the incident. Escalation continues until there is one.
    pub fn led(&self) -> Option<&Taken> {
        let first = self.taken.as_ref().filter(|it| !it.is_of_agency());
        first.or(self.overseen.as_ref())
    }
}

/// One changed line of the page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeLine {
    pub added: bool,
    /// Already cut and defanged.
    pub text: String,
}

/// The holder of an incident, and when they took it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    pub by: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    pub at: Timestamp,
}

impl Taken {
    /// Whether the person took it for an agency, and is no officer of the operator.
    pub fn is_of_agency(&self) -> bool {
        let origin = self.origin.as_ref();
        origin.is_some_and(|it| it.of == Standpoint::Agency)
    }
}

/// A mute that a person set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Muted {
    pub by: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    pub until: Timestamp,
}

/// A mute in one agency's chat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MutedIn {
    /// The notifiers that send to that chat.
    pub notifiers: Vec<String>,
    pub muted: Muted,
}

impl Stored for Incident {
    fn over_since(&self) -> Option<Timestamp> {
        self.ended_at.filter(|_| !self.stage.is_open())
    }
}

impl Record for Incident {
    const NAME: &'static str = "incident";

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn revision(&mut self) -> Option<&mut u64> {
        Some(&mut self.revision)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_from_before_accounts_were_kept_are_read() {
        let taken: Taken =
            serde_json::from_str(r#"{"by":"An","at":"2026-11-22T05:00:00Z"}"#).unwrap();
        assert!(taken.origin.is_none() && !taken.is_of_agency());
        let muted = r#"{"by":"An","until":"2026-11-22T05:00:00Z"}"#;
        assert!(
            serde_json::from_str::<Muted>(muted)
                .unwrap()
                .origin
                .is_none()
        );
        let event = r#"{"at":"2026-11-22T05:00:00Z","what":"taken","by":"An","note":null}"#;
        let event: Event = serde_json::from_str(event).unwrap();
        assert!(event.origin.is_none());
        // an event without an origin is written without the field
        assert!(!serde_json::to_string(&taken).unwrap().contains("origin"));
    }
}
