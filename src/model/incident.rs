//! A confirmed deviation of one portal, from open to resolved, with its time line.

use std::{fmt, net::IpAddr};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    Class, Digest, Say, Signal, TargetId, number,
    plan::PlanId,
    record::{Record, Stored},
    target::Target,
};

pub use super::actor::{Actor, Origin, Standpoint};

/// `SC-2026-0412` (*sự cố*).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct IncidentId(pub String);

impl IncidentId {
    /// The id of the `number`th incident of a year.
    pub fn new(year: i16, number: u64) -> Self {
        Self(number::write("SC", year, number))
    }

    /// Reads an id as people type it: `SC-2026-0412`, `sc-2026-412`, or `412` for one of `this_year`.
    pub fn read(text: &str, this_year: i16) -> Option<Self> {
        number::read("SC", text, this_year).map(Self)
    }
}

impl TryFrom<String> for IncidentId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        number::check(text).map(Self)
    }
}

impl fmt::Display for IncidentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The kind of deviation, from its first class.
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
    /// The kind of incident that a look of this class opens; `None` for a portal that is well.
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

    /// Whether an attacker's content is displayed: the gravest family, which an outage does not end.
    pub fn is_tampering(self) -> bool {
        matches!(self, Self::Defaced | Self::Planted | Self::Redirected)
    }

    /// The name in messages' keys and in JSON.
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
    /// The person that did it; `None` for the service.
    pub by: Option<String>,
    /// Account and chat of the actor; `None` for the command line and for the service itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// A class, a reason, a notifier's name: what belongs to the event.
    pub note: Option<String>,
}

/// The kind of an event on the time line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum What {
    Seen,
    Confirmed,
    /// It became another kind, e.g. planted → defaced.
    Changed,
    /// It had ended and came back soon.
    Again,
    /// Of an attacker's content: it cannot be seen for now, and then is visible again.
    Unseen,
    Visible,
    /// Some looks showed it and others did not; the note counts them.
    Sighted,
    /// The portal has blocked our looks for an hour, and its message was repeated with a sound.
    Blind,
    /// Reported again, since it keeps coming back.
    Reminded,
    Told,
    /// A notifier refused for good.
    Undelivered,
    Taken,
    Restored,
    Closed,
    /// Closed because gaccong stopped watching the portal; its present state is unknown.
    Unwatched,
    Dismissed,
    /// An officer silenced it for a while, or ended the silence.
    Muted,
    Unmuted,
    /// Muted in one agency's chat only.
    MutedIn,
    UnmutedIn,
    /// A person wrote a note.
    Noted,
    /// It was not taken, and the next step of escalation was called.
    Escalated,
    /// The holder was reminded of it.
    Nudged,
    /// It falls into announced changes.
    Planned,
    /// The agency says that it did not make the change.
    Disowned,
}

/// The stage of an incident.
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
    /// See `Dossier::revision`.
    pub revision: u64,
    pub target: TargetId,
    pub portal: Portal,
    pub kind: Kind,
    pub stage: Stage,
    pub class: Class,
    /// The cause of the portal's silence, if it was silent.
    pub cause: Option<Say>,
    pub score: f64,
    pub signals: Vec<Signal>,
    /// First look that saw it.
    pub seen_at: Timestamp,
    pub confirmed_at: Timestamp,
    /// `agreed` of `looked` looks had this result.
    pub agreed: u32,
    pub looked: u32,
    pub vantage: String,
    pub title_before: Option<String>,
    pub title_now: Option<String>,
    /// Lines removed and added, short: what a person is shown of the change.
    pub changes: Vec<ChangeLine>,
    pub before: Option<Evidence>,
    pub evidence: Vec<Evidence>,
    /// The first person that took it.
    pub taken: Option<Taken>,
    /// The operator's officer that took it after a member of the agency had.
    #[serde(default)]
    pub overseen: Option<Taken>,
    pub ended_at: Option<Timestamp>,
    pub timeline: Vec<Event>,
    /// A remark for the message while it lasts, e.g. "now unreachable".
    pub remark: Option<Say>,
    /// Number of times it came back after it had ended.
    #[serde(default)]
    pub flaps: u32,
    /// Time of its last message with a sound.
    #[serde(default)]
    pub rung_at: Option<Timestamp>,
    /// The address that the look went to, or the last one that answered for the portal.
    #[serde(default)]
    pub address: Option<IpAddr>,
    /// The portal has other addresses, which may show the right page.
    #[serde(default)]
    pub one_of: bool,
    /// Silence in all chats; only the operator's officers may ask for it.
    #[serde(default)]
    pub muted: Option<Muted>,
    /// Silence in single agencies' chats.
    #[serde(default)]
    pub muted_in: Vec<MutedIn>,
    /// Opened while its portal was edited by announcement, and silent because of it.
    #[serde(default)]
    pub planned: Option<PlanId>,
    /// Steps of escalation that were taken.
    #[serde(default)]
    pub escalated: u32,
    /// Set while some looks show the attacker's content and others do not.
    #[serde(default)]
    pub intermittent: Option<Intermittent>,
}

/// An attacker's content that some looks show and others do not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intermittent {
    /// Looks that showed it, out of `looks` since the first such look.
    pub times: u32,
    pub looks: u32,
    pub last_at: Timestamp,
    /// When a message last gave these numbers.
    pub told_at: Timestamp,
    /// Seconds without such a look after which the incident ends.
    pub unseen_s: u32,
}

/// The signal of a page that could be read whole when it was approved and cannot be any more.
pub const UNREAD: &str = "unread";

impl Incident {
    /// Whether the portal answers with a page that cannot be read to its end, so that its content is unknown.
    pub fn is_unread(&self) -> bool {
        self.kind == Kind::Down && self.signals.iter().any(|it| it.name == UNREAD)
    }

    /// Whether silence in all chats still lasts.
    pub fn is_muted(&self, now: Timestamp) -> bool {
        self.muted.as_ref().is_some_and(|it| now < it.until)
    }

    /// Whether the notifier is muted: in all chats, or in its own.
    pub fn is_muted_for(&self, notifier: &str, now: Timestamp) -> bool {
        let own = |it: &&MutedIn| it.notifiers.iter().any(|it| it == notifier);
        let own = self.muted_in.iter().find(own);
        self.is_muted(now) || own.is_some_and(|it| now < it.muted.until)
    }

    /// The person in charge of the incident: the operator's officer, else the first person of the agency.
    pub fn holder(&self) -> Option<&Taken> {
        self.led().or(self.taken.as_ref())
    }

    /// The operator's officer that has the incident. Without one, escalation goes on.
    pub fn led(&self) -> Option<&Taken> {
        let first = self.taken.as_ref().filter(|it| !it.is_of_agency());
        first.or(self.overseen.as_ref())
    }
}

/// One changed line of the page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeLine {
    pub added: bool,
    /// Cut and defanged.
    pub text: String,
}

/// The person that took an incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    pub by: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    pub at: Timestamp,
}

impl Taken {
    /// Whether it was taken in an agency's chat by a person that is no officer of the operator.
    pub fn is_of_agency(&self) -> bool {
        let origin = self.origin.as_ref();
        origin.is_some_and(|it| it.of == Standpoint::Agency)
    }
}

/// Silence that a person asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Muted {
    pub by: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    pub until: Timestamp,
}

/// Silence in one agency's chat.
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
