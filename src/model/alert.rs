//! One thing to tell somebody: an entry of the outbox, written in the same commit as what it tells of.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::IncidentId;

/// What an alert is about. The words are made when it is sent, from what is true then, so that
/// several changes of one incident that wait together become one message.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum About {
    Incident(IncidentId),
    Notice(Notice),
    Report(ReportFile),
}

impl About {
    /// One waiting entry a notifier and subject: the key of the outbox.
    pub fn key(&self) -> String {
        match self {
            Self::Incident(id) => id.to_string(),
            Self::Notice(notice) => format!("notice-{}", notice.since().as_millisecond()),
            Self::Report(file) => format!("report-{}", file.week),
        }
    }
}

/// Something about the watcher itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Notice {
    /// Our own network is gone; nothing is concluded of any portal.
    Blind {
        since: Timestamp,
    },
    Sighted {
        since: Timestamp,
        until: Timestamp,
    },
}

impl Notice {
    pub fn since(&self) -> Timestamp {
        match self {
            Self::Blind { since } | Self::Sighted { since, .. } => *since,
        }
    }
}

/// A report that lies written in the data directory.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ReportFile {
    /// ISO week, `2026-W47`.
    pub week: String,
    pub path: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    pub notifier: String,
    pub about: About,
    pub created: Timestamp,
    /// Not to be tried before this.
    pub due: Timestamp,
    /// Attempts that were begun. One that was begun and never ended may have arrived: what follows is a repeat.
    pub attempts: u32,
    /// An attempt is under way, or was when the process died.
    pub begun: bool,
    /// How many later alerts of the same subject this one stands for as well.
    pub merged: u32,
    /// What the notifier said last.
    pub refused: Option<String>,
}

impl Alert {
    pub fn new(notifier: &str, about: About, now: Timestamp) -> Self {
        Self {
            notifier: notifier.to_owned(),
            about,
            created: now,
            due: now,
            attempts: 0,
            begun: false,
            merged: 0,
            refused: None,
        }
    }
}

/// Where a message lies, so that it can be edited later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// A chat, an address; opaque to all but its notifier.
    pub place: String,
    pub message: String,
}
