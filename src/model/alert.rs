//! Entries of the outbox: messages to send, each written in one commit with the record that it reports.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Incident, IncidentId, Kind, Localized, duty::EscalationStep, incident::Trace, plan::PlanId,
    record::Stored, registration::RequestId,
};

/// Messages of a kind that a notifier gets one by one within two minutes, at most; further ones become one common
/// message. With a storm's message and its list, a notifier gets at most five in the first minute.
pub const ONE_BY_ONE: usize = 3;

/// The subject of an alert. The text is composed when the alert is sent, from the state at that time: several changes
/// of an incident that wait in the outbox become one message.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum About {
    Incident(IncidentId),
    Notice(Notice),
    Report(ReportFile),
    /// The message of a storm, by its id.
    Storm(String),
    /// The list of a storm's incidents, as a file.
    #[serde(rename = "Roll")]
    StormList(String),
    /// Incidents that joined a storm after its first message: a message of its own, since an edit makes no sound.
    Joined(String),
    /// An incident that keeps coming back: a new message, since an edit makes no sound.
    Reminder(IncidentId),
    /// Several incidents that keep coming back, or that are open because the portals have long refused the looks, in
    /// one message.
    Reminders,
    /// An incident that was not taken in time: the next escalation step is called.
    Call(IncidentId, EscalationStep),
    /// Several incidents that were not taken in time: one message calls for all of them.
    Calls(EscalationStep),
    /// A reminder of an incident that was taken long ago and is still open.
    #[serde(rename = "Nudge")]
    TakenReminder(IncidentId),
    /// A reminder of several incidents that were taken long ago and are still open, in one message.
    #[serde(rename = "Nudges")]
    TakenReminders,
    /// A shift begins soon: its officers are asked to confirm that they are present.
    #[serde(rename = "Muster")]
    ShiftCheck(Timestamp),
    /// Officers of the next shift have not confirmed, and the shift is about to begin.
    Absent(Timestamp),
    /// The state of a registration request.
    Request(RequestId),
    /// Requests of strangers without proof, in one message, identified by the time at which it was begun.
    Requests(Timestamp),
    /// An announced change: its begin, and afterwards the question whether the agency made the changes that were
    /// seen.
    Plan(PlanId),
    /// The change of a shift.
    Handover(Timestamp),
    Window(WindowNews),
    /// The incidents of several portals share a stranger.
    Campaign(Trace),
}

impl About {
    /// The key of the outbox, which holds one waiting entry for each notifier and key.
    pub fn key(&self) -> String {
        match self {
            Self::Incident(id) => id.to_string(),
            Self::Notice(notice) => notice.key(),
            Self::Report(file) => format!("report-{}", file.week),
            Self::Storm(id) => id.clone(),
            Self::StormList(id) => format!("{id}-roll"),
            Self::Joined(id) => format!("{id}-joined"),
            Self::Reminder(id) => format!("{id}-reminder"),
            Self::Reminders => "reminders".to_owned(),
            Self::Call(id, to) => format!("{id}-call-{}", to.as_str()),
            Self::Calls(to) => format!("calls-{}", to.as_str()),
            Self::TakenReminder(id) => format!("{id}-nudge"),
            Self::TakenReminders => "nudges".to_owned(),
            Self::ShiftCheck(at) => format!("muster-{}", at.as_second()),
            Self::Absent(at) => format!("absent-{}", at.as_second()),
            Self::Request(id) => id.to_string(),
            Self::Requests(at) => format!("requests-{}", at.as_second()),
            Self::Plan(id) => id.to_string(),
            Self::Handover(at) => format!("handover-{}", at.as_second()),
            Self::Window(news) => news.key(),
            Self::Campaign(trace) => format!("campaign-{}", trace.key()),
        }
    }
}

/// A message about the service itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Notice {
    /// The service's own network failed; no conclusion is drawn about any portal.
    Blind {
        since: Timestamp,
        /// The cause on our own line (e.g. a firewall between us and the portals), if known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        line: Option<Localized>,
    },
    Sighted {
        since: Timestamp,
        until: Timestamp,
    },
    /// A part of the service does not work.
    Trouble {
        topic: Topic,
        since: Timestamp,
        detail: Localized,
    },
    /// The part works again.
    Over {
        topic: Topic,
        since: Timestamp,
        until: Timestamp,
    },
    /// An event without a duration.
    Event {
        topic: Topic,
        at: Timestamp,
        detail: Localized,
    },
}

/// The part of the service that a notice is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Topic {
    /// Looks begin late, or not at all.
    Late,
    Store,
    /// A changed configuration was refused.
    Config,
    /// A changed configuration is in force.
    Reloaded,
    Clock,
    /// The store was damaged and repaired.
    Repair,
    /// A chat or address no longer accepts messages.
    Notifier,
    /// A portal is no longer watched.
    Registry,
}

impl Topic {
    /// The name in JSON, and in the keys of messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Late => "late",
            Self::Store => "store",
            Self::Config => "config",
            Self::Reloaded => "reloaded",
            Self::Clock => "clock",
            Self::Repair => "repair",
            Self::Notifier => "notifier",
            Self::Registry => "registry",
        }
    }
}

impl Notice {
    /// The time at which the reported event or trouble began.
    pub fn since(&self) -> Timestamp {
        match self {
            Self::Blind { since, .. }
            | Self::Sighted { since, .. }
            | Self::Trouble { since, .. }
            | Self::Over { since, .. }
            | Self::Event { at: since, .. } => *since,
        }
    }

    /// Begin and end share one key: if both wait in the outbox, one message reports them.
    fn key(&self) -> String {
        let topic = match self {
            Self::Blind { .. } | Self::Sighted { .. } => "",
            Self::Trouble { topic, .. } | Self::Over { topic, .. } | Self::Event { topic, .. } => {
                topic.as_str()
            }
        };
        format!("notice-{topic}{}", self.since().as_millisecond())
    }
}

/// A message about a watch window.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct WindowNews {
    pub phase: Phase,
    pub name: String,
    pub from: Timestamp,
    pub to: Timestamp,
    /// The time that the message refers to: the begin of the window, the end of one of its days, or its end.
    pub at: Timestamp,
}

impl WindowNews {
    /// Identifies the message in the outbox.
    pub fn key(&self) -> String {
        let (from, to, at) = (self.from, self.to, self.at);
        let moments = [from, to, at].map(|it| it.as_second().to_string());
        format!("window-{}-{}", self.phase.as_str(), moments.join("-"))
    }
}

/// The occasion of a message about a watch window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// The window opens within a day.
    Ready,
    /// A day of the window is over.
    Digest,
    Closed,
}

impl Phase {
    /// The name in the outbox key.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Digest => "digest",
            Self::Closed => "closed",
        }
    }
}

/// A report that was written to the data directory.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ReportFile {
    /// ISO week, `2026-W47`.
    pub week: String,
    /// A file name in the data directory's `reports`; older records hold a path to the file.
    pub path: String,
    /// The paragraph at the head of the report.
    #[serde(default)]
    pub summary: String,
}

/// The urgency of an alert; the most urgent are sent first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Urgency {
    /// Reports, lists.
    Low,
    /// An incident ended, was taken or was changed.
    #[default]
    Ordinary,
    /// A portal is down, or the service itself has a problem.
    Urgent,
    /// An attacker's content is displayed now.
    Grave,
}

impl Urgency {
    /// The urgency of a message about this incident.
    pub fn of(incident: &Incident) -> Self {
        match (incident.stage.is_open(), incident.kind.is_tampering()) {
            (false, _) => Self::Ordinary,
            // a question is silent and waits for hours
            _ if incident.kind == Kind::Asked => Self::Ordinary,
            (true, true) => Self::Grave,
            (true, false) => Self::Urgent,
        }
    }
}

/// One entry of the outbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    pub notifier: String,
    pub about: About,
    #[serde(default)]
    pub urgency: Urgency,
    /// Whether the alert was also given to another notifier, or came from one that failed.
    #[serde(default)]
    pub rerouted: bool,
    pub created: Timestamp,
    /// Earliest time of the next attempt.
    pub due: Timestamp,
    /// Number of attempts that were begun. An attempt without a recorded end may have arrived, so the next one is
    /// marked as a repeat.
    pub attempts: u32,
    /// Whether an attempt is in progress, or was when the process died.
    pub begun: bool,
    /// Number of later alerts of this subject that this one replaces.
    pub merged: u32,
    /// The notifier's last refusal.
    pub refused: Option<String>,
}

impl Alert {
    /// A new alert, to be sent at once.
    pub fn new(notifier: &str, about: About, urgency: Urgency, now: Timestamp) -> Self {
        Self {
            notifier: notifier.to_owned(),
            about,
            urgency,
            rerouted: false,
            created: now,
            due: now,
            attempts: 0,
            begun: false,
            merged: 0,
            refused: None,
        }
    }
}

/// An alert is stored while it waits in the outbox, and after a refusal for good as a dead letter.
impl Stored for Alert {
    fn over_since(&self) -> Option<Timestamp> {
        Some(self.created)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_keep_the_names_that_they_were_written_with() {
        let id = IncidentId::new(2026, 7);
        let at = Timestamp::from_second(1_800_000_000).unwrap();
        for (about, record) in [
            (About::TakenReminder(id), r#"{"Nudge":"SC-2026-0007"}"#),
            (About::TakenReminders, r#""Nudges""#),
            (
                About::ShiftCheck(at),
                r#"{"Muster":"2027-01-15T08:00:00Z"}"#,
            ),
        ] {
            assert_eq!(serde_json::to_string(&about).unwrap(), record);
            assert_eq!(serde_json::from_str::<About>(record).unwrap(), about);
        }
    }
}
