//! People: officers on duty, heads of agencies, contacts, recipients of reports.

use std::{path::PathBuf, time::Duration};

use jiff::{
    Timestamp,
    civil::{Date, Time, Weekday},
};
use serde::{Deserialize, Serialize};

use super::{incident::Taken, names::is_same_name};

/// A person named in targets.yaml.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub name: String,
    /// The number of the Telegram account.
    pub telegram: Option<i64>,
    pub phone: Option<String>,
}

/// One row of the roster: a person, times of day, and the days on which they apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shift {
    pub who: Person,
    /// If `to` is at or before `from`, the shift ends on the next day; if they are equal, it lasts 24 hours.
    pub from: Time,
    pub to: Time,
    /// Weekdays on which the shift begins; empty for every day.
    pub weekdays: Vec<Weekday>,
    /// First and last day on which the shift begins; `None` for no limit.
    pub dates: Option<(Date, Date)>,
}

/// An escalation step: the people called while an incident is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EscalationStep {
    /// The officers on duty now, then those of the next shift.
    Roster,
    /// The agency's head.
    Head,
    /// The operator's duty room.
    DutyRoom,
    /// The national contacts. Messages name them; the service never writes to them.
    National,
}

impl EscalationStep {
    /// All steps, in the order of escalation.
    pub const ALL: [Self; 4] = [Self::Roster, Self::Head, Self::DutyRoom, Self::National];

    /// The name in targets.yaml and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Roster => "roster",
            Self::Head => "head",
            Self::DutyRoom => "duty-room",
            Self::National => "national",
        }
    }
}

/// An escalation step, and the time after the incident's confirmation at which it is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    pub after: Duration,
    pub to: EscalationStep,
}

/// The administrative level of a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    Agency,
    Province,
    National,
}

impl Tier {
    /// All levels, lowest first.
    pub const ALL: [Self; 3] = [Self::Agency, Self::Province, Self::National];

    /// The name in targets.yaml and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Agency => "agency",
            Self::Province => "province",
            Self::National => "national",
        }
    }
}

/// A contact point, and the day of its last confirmation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    pub tier: Tier,
    pub name: String,
    pub phone: Option<String>,
    pub email: Option<String>,
    /// Ids of the agencies that the contact is responsible for.
    pub agencies: Vec<String>,
    /// The province that the contact is responsible for, with all its agencies. With neither `province` nor
    /// `agencies`: all of them.
    pub province: Option<String>,
    pub confirmed: Date,
}

/// Days after which a contact without a new confirmation is reported: a quarter of a year, the period of holiday
/// rosters.
const STALE_DAYS: i32 = 92;

impl Contact {
    /// Whether the last confirmation is older than a quarter of a year.
    pub fn is_stale(&self, today: Date) -> bool {
        let since = today.since(self.confirmed).map(|it| it.get_days());
        since.is_ok_and(|days| days > STALE_DAYS)
    }

    /// Whether the contact is responsible for this agency, which lies in this province.
    pub fn answers_for(&self, agency: &str, province: Option<&str>) -> bool {
        let everybody =
            self.tier != Tier::Agency && self.agencies.is_empty() && self.province.is_none();
        let by_province = match (&self.province, province) {
            (Some(own), Some(province)) => is_same_name(own, province),
            _ => false,
        };
        everybody || by_province || self.agencies.iter().any(|it| it == agency)
    }
}

/// People to call for an incident, from the configuration.
#[derive(Clone, Debug)]
pub struct Called {
    /// The officers on duty now.
    pub now: Vec<Person>,
    /// The next person of the roster, and the begin of their shift.
    pub next: Option<(Person, Timestamp)>,
    /// The agency's head.
    pub head: Option<Person>,
    /// Contacts, the agency's own first, the national ones last.
    pub contacts: Vec<Contact>,
    /// The time from which the incident could have been taken.
    pub since: Timestamp,
}

/// The holder of an incident, as the record names them and as targets.yaml knows them.
#[derive(Clone, Debug)]
pub struct Holder {
    pub taken: Taken,
    pub known: Option<Person>,
}

/// Everything that targets.yaml says about people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duty {
    /// The people with the right to approve registrations, close incidents and change baselines.
    pub officers: Vec<Person>,
    pub roster: Vec<Shift>,
    /// A file with more rows of the roster, as the configuration names it; the caller resolves and reads it.
    pub roster_csv: Option<PathBuf>,
    /// Line and column of the file's name in targets.yaml, for error messages.
    pub roster_csv_at: (usize, usize),
    pub escalation: Vec<Step>,
    pub contacts: Vec<Contact>,
    /// Time after which the holder of an incident is reminded if they have recorded nothing; `None` for never.
    pub remind_taken: Option<Duration>,
    /// Time before a shift at which its officers are asked to confirm that they are present; `None` for never.
    pub test_call: Option<Duration>,
}

impl Default for Duty {
    fn default() -> Self {
        Self {
            officers: Vec::new(),
            roster: Vec::new(),
            roster_csv: None,
            roster_csv_at: (1, 1),
            escalation: Vec::new(),
            contacts: Vec::new(),
            remind_taken: Some(REMIND_TAKEN),
            test_call: Some(TEST_CALL),
        }
    }
}

/// Two hours: a first response to an attack takes about one.
const REMIND_TAKEN: Duration = Duration::from_secs(2 * 3600);
/// 15 minutes: time to find another officer before the shift begins.
const TEST_CALL: Duration = Duration::from_secs(15 * 60);

impl Duty {
    /// The contacts responsible for an agency: its own first, then the province's, then the national ones.
    pub fn contacts_of(&self, agency: &str, province: Option<&str>) -> Vec<Contact> {
        let ours = self.contacts.iter();
        let ours = ours.filter(|it| it.answers_for(agency, province));
        let mut ours: Vec<Contact> = ours.cloned().collect();
        ours.sort_by_key(|it| it.tier);
        ours
    }

    /// Whether an escalation step is configured.
    pub fn calls(&self) -> bool {
        !self.escalation.is_empty() || !self.roster.is_empty()
    }
}
