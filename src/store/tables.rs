//! The table of the store's tables: for each kind of record the prefix of its keys, its durability, its part in a
//! backup, and its retention. Journal, backup, retention and restore depend on this file only.
//!
//! Prefixes are stored and never change. A new kind of record is its model file and one row here.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use self::{
    Backup::{Never, OneMoment, Running},
    Durability::{Engine, Journal, OnChange},
    Kept::{Days, DaysAfterSubject, DaysByName, Forever, Hours, RolledUp},
};
use super::{Result, Value, codec};
use crate::model::{
    Alert, Incident, Mask, Receipt, Storm, TargetState,
    history::{Day, LatencyHistogram, Span},
    plan::Plan,
    portal_hosts::PortalHosts,
    record::{Record, Stored},
    registration::{AuditEntry, Registration, Request},
};

/// One kind of record.
pub struct Table {
    /// The name in messages and on the control socket.
    pub name: &'static str,
    /// The prefix of each key; the record's id follows.
    pub prefix: &'static str,
    pub durability: Durability,
    pub backup: Backup,
    pub kept: Kept,
    parse: fn(&str, &[u8]) -> Result<Value>,
    over_since: fn(&str, &[u8]) -> Result<Option<Timestamp>>,
}

/// Whether a commit waits until a record is in the journal and on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// It waits: the record cannot be rebuilt.
    Journal,
    /// [`Record::must_survive`] decides for each change.
    OnChange,
    /// It does not wait. A power cut may lose the last seconds: the next look repeats them, or history has a gap.
    Engine,
}

/// How a record is included in a backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backup {
    /// As of the moment of the backup.
    OneMoment,
    /// Read while others write, because it only grows, or can be learnt again.
    Running,
    /// Not included, because it belongs to this data directory.
    Never,
}

/// How long a record is kept. The nightly maintenance deletes what is due.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kept {
    /// Until a commit removes or replaces it.
    Forever,
    /// Days after [`Stored::over_since`].
    Days(i64),
    /// Days after the end of the incident, request or plan that its message is about.
    DaysAfterSubject(i64),
    /// Days after [`Stored::over_since`], by prefix of the id. Records with other ids are kept until they are
    /// replaced.
    DaysByName(&'static [(&'static str, i64)]),
    /// Days in its present form, then merged into one record a day in [`LATENCY`].
    RolledUp(i64),
    /// Hours after the time in its key. By then its content is in [`SPANS`] and [`LATENCY_BY_DAY`].
    Hours(i64),
}

/// Days: reports look back a year, and there are some weeks to write them.
const A_YEAR: i64 = 400;
/// Days: weekly reports look back two weeks, and may be repeated for some days.
const HOURLY: i64 = 18;
/// Days after the end of a subject during which its messages may be edited.
const EDITED: i64 = 60;
/// Days to keep refused alerts: weekly reports and `gaccong health` have shown them for a quarter of a year.
const REFUSED: i64 = 90;
/// Days after the last incident joined a storm: its message is no longer edited.
const CALM: i64 = 7;
/// Hours to keep samples: more than twice the 75 minutes after which an open span is written.
const SAMPLED: i64 = 3;
/// Markers of a single occasion, which hold its time.
const OCCASIONS: &[(&str, i64)] = &[
    ("report/", A_YEAR),
    ("window/", A_YEAR),
    ("campaign/", A_YEAR),
];

/// The rows: name, prefix of the keys, durability, backup, retention.
#[rustfmt::skip]
mod rows {
    use super::*;

    pub const TARGET_STATES:     &Table = &row::<TargetState>     ("target state",      "d/",           OnChange, OneMoment, Forever);
    pub const MASKS:             &Table = &row::<Mask>            ("mask",              "k/",           Engine,   Running,   Forever);
    pub const INCIDENTS:         &Table = &row::<Incident>        ("incident",          "i/",           Journal,  OneMoment, Forever);
    pub const OUTBOX:            &Table = &row::<Alert>           ("alert",             "o/",           Journal,  OneMoment, Forever);
    pub const DEAD_LETTERS:      &Table = &row::<Alert>           ("dead letter",       "x/",           Journal,  OneMoment, Days(REFUSED));
    pub const RECEIPTS:          &Table = &row::<Receipt>         ("receipt",           "t/",           Journal,  OneMoment, DaysAfterSubject(EDITED));
    pub const STORMS:            &Table = &row::<Storm>           ("storm",             "w/",           Journal,  OneMoment, Days(CALM));
    pub const REGISTRATIONS:     &Table = &row::<Registration>    ("registration",      "r/",           Journal,  OneMoment, Forever);
    pub const REQUESTS:          &Table = &row::<Request>         ("request",           "q/",           Journal,  OneMoment, Days(A_YEAR));
    pub const PLANS:             &Table = &row::<Plan>            ("plan",              "p/",           Journal,  OneMoment, Days(A_YEAR));
    pub const AUDIT:             &Table = &row::<AuditEntry>      ("audit entry",       "y/",           Journal,  OneMoment, Forever);
    pub const REGISTRY_REVISION: &Table = &row::<u64>             ("registry revision", "m/registry",   Journal,  OneMoment, Forever);
    pub const NUMBERS:           &Table = &row::<u64>             ("last number",       "m/number/",    Journal,  OneMoment, Forever);
    pub const MARKERS:           &Table = &row::<String>          ("marker",            "m/milestone/", Journal,  OneMoment, DaysByName(OCCASIONS));
    pub const SPANS:             &Table = &row::<Span>            ("span",              "s/",           Engine,   Running,   Days(A_YEAR));
    pub const LATENCY_BY_DAY:    &Table = &row::<Day>             ("latency by day",    "a/",           Engine,   Running,   RolledUp(HOURLY));
    pub const LATENCY:           &Table = &row::<LatencyHistogram>("latency",           "h/",           Engine,   Running,   Days(A_YEAR));
    pub const SAMPLES:           &Table = &row::<String>          ("samples",           "b/",           Engine,   Running,   Hours(SAMPLED));
    pub const PORTAL_HOSTS:      &Table = &row::<PortalHosts>     ("portal hosts",      "f/",           Engine,   Running,   Forever);
    pub const JOURNAL_POSITION:  &Table = &row::<u64>             ("journal position",  "m/seq",        Engine,   Never,     Forever);
    pub const SET_ASIDE:         &Table = &row::<String>          ("damaged record",    "damaged/",     Engine,   Never,     Forever);
}

pub use rows::*;

/// All rows.
pub const ALL: &[&Table] = &[
    TARGET_STATES,
    MASKS,
    INCIDENTS,
    OUTBOX,
    DEAD_LETTERS,
    RECEIPTS,
    STORMS,
    REGISTRATIONS,
    REQUESTS,
    PLANS,
    AUDIT,
    REGISTRY_REVISION,
    NUMBERS,
    MARKERS,
    SPANS,
    LATENCY_BY_DAY,
    LATENCY,
    SAMPLES,
    PORTAL_HOSTS,
    JOURNAL_POSITION,
    SET_ASIDE,
];

const fn row<T: Stored>(
    name: &'static str,
    prefix: &'static str,
    durability: Durability,
    backup: Backup,
    kept: Kept,
) -> Table {
    Table {
        name,
        prefix,
        durability,
        backup,
        kept,
        parse: Value::parse::<T>,
        over_since: over_since::<T>,
    }
}

fn over_since<T: Stored>(key: &str, record: &[u8]) -> Result<Option<Timestamp>> {
    Ok(codec::decode::<T>(key, record)?.over_since())
}

impl Table {
    /// The key of the record with this id.
    pub fn key(&self, id: &str) -> String {
        format!("{}{id}", self.prefix)
    }

    /// The id in a key of this table.
    pub fn id<'a>(&self, key: &'a str) -> &'a str {
        key.strip_prefix(self.prefix).unwrap_or(key)
    }

    /// Whether a key belongs to this table.
    pub fn holds(&self, key: &str) -> bool {
        key.starts_with(self.prefix)
    }

    /// The range of keys with ids that begin with `under`; its end is exclusive.
    pub fn range(&self, under: &str) -> (String, String) {
        let from = self.key(under);
        let to = format!("{from}{LAST}");
        (from, to)
    }

    /// The record that the engine holds under a key.
    ///
    /// # Errors
    ///
    /// [`super::StoreError::Damaged`] if the record is not what was written under this key, or no record of this
    /// table.
    pub fn decode(&self, key: &str, record: &[u8]) -> Result<Value> {
        (self.parse)(key, &codec::opened(key, record)?)
    }

    /// The record of its JSON.
    ///
    /// # Errors
    ///
    /// [`super::StoreError::Damaged`] if the JSON is no record of this table.
    pub fn parse(&self, key: &str, json: &[u8]) -> Result<Value> {
        (self.parse)(key, json)
    }

    /// When retention may delete a record; `None` while it is in use, or if only a commit can remove it.
    pub fn goes_at(&self, key: &str, record: &[u8]) -> Result<Option<Timestamp>> {
        let days = match self.kept {
            Days(days) => Some(days),
            DaysByName(names) => names
                .iter()
                .find(|(name, _)| self.id(key).starts_with(name))
                .map(|it| it.1),
            Forever | DaysAfterSubject(_) | RolledUp(_) | Hours(_) => None,
        };
        let Some(days) = days else {
            return Ok(None);
        };
        let since = self.over_since(key, record)?;
        Ok(since.map(|it| later(it, days)))
    }

    /// See [`Stored::over_since`].
    pub fn over_since(&self, key: &str, record: &[u8]) -> Result<Option<Timestamp>> {
        (self.over_since)(key, record)
    }
}

/// The time `days` days later.
pub fn later(at: Timestamp, days: i64) -> Timestamp {
    at.saturating_add(SignedDuration::from_hours(24 * days))
        .unwrap_or(Timestamp::MAX)
}

/// Greater than every key.
pub const LAST: &str = "\u{10ffff}";

/// The row of a record type. It is evaluated by the compiler: a type without a row does not compile.
pub const fn of<T: Record>() -> &'static Table {
    let mut at = 0;
    while at < ALL.len() {
        if is_equal(ALL[at].name, T::NAME) {
            return ALL[at];
        }
        at += 1;
    }
    panic!("a record has no row in store::tables")
}

const fn is_equal(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut at = 0;
    while at < a.len() && at < b.len() && a[at] == b[at] {
        at += 1;
    }
    at == a.len() && at == b.len()
}

/// The row that a key belongs to. `None` for a key of another version: such a record counts as durable, is in every
/// backup, and is kept.
pub fn holding(key: &str) -> Option<&'static Table> {
    ALL.iter().find(|it| it.holds(key)).copied()
}

/// Whether a write of this key must go through the journal. Tables with [`Durability::OnChange`] count as durable
/// here.
pub fn is_durable(key: &str) -> bool {
    holding(key).is_none_or(|it| it.durability != Durability::Engine)
}

/// Whether journal bases and backups contain the key.
pub fn is_backed_up(key: &str) -> bool {
    holding(key).is_none_or(|it| it.backup != Backup::Never)
}

/// The ranges of keys that a backup reads while others write.
pub fn running() -> impl Iterator<Item = (String, String)> {
    let rows = ALL.iter().filter(|it| it.backup == Backup::Running);
    rows.map(|it| it.range(""))
}

/// All other ranges, including keys of no row: what a backup reads at one moment.
pub fn of_one_moment() -> Vec<(String, String)> {
    let mut running: Vec<(String, String)> = running().collect();
    running.sort();
    let mut from = String::new();
    let mut out = Vec::new();
    for (begin, end) in running {
        out.push((std::mem::replace(&mut from, end), begin));
    }
    out.push((from, LAST.to_owned()));
    out
}

impl PartialEq for Table {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl Serialize for Table {
    fn serialize<S: Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        self.name.serialize(to)
    }
}

impl<'de> Deserialize<'de> for &'static Table {
    fn deserialize<D: Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        let name = String::deserialize(from)?;
        let found = ALL.iter().find(|it| it.name == name).copied();
        found.ok_or_else(|| D::Error::custom(format!("this version has no table {name:?}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_have_keys_and_names_of_their_own() {
        for (at, one) in ALL.iter().enumerate() {
            for other in &ALL[at + 1..] {
                assert_ne!(one.name, other.name);
                let apart =
                    !one.prefix.starts_with(other.prefix) && !other.prefix.starts_with(one.prefix);
                assert!(apart, "{one:?} and {other:?} share keys");
            }
        }
    }

    #[test]
    fn each_key_is_in_one_part_of_a_backup() {
        let (now, later) = (of_one_moment(), running().collect::<Vec<_>>());
        let holds = |all: &[(String, String)], key: &str| {
            let within = |(from, to): &&(String, String)| from.as_str() <= key && key < to.as_str();
            all.iter().filter(within).count()
        };
        let of_others = ["", "e/x", "m/x", "zz"].map(str::to_owned);
        let keys = ALL.iter().map(|it| it.key("x")).chain(of_others);
        for key in keys {
            let running = holding(&key).is_some_and(|it| it.backup == Backup::Running);
            let wanted = if running { (0, 1) } else { (1, 0) };
            assert_eq!((holds(&now, &key), holds(&later, &key)), wanted, "{key}");
        }
    }

    #[test]
    fn what_no_row_holds_is_kept_with_all_care() {
        assert!(is_durable("e/x") && is_backed_up("e/x"));
        assert!(!is_backed_up("m/seq") && !is_backed_up("damaged/d/a"));
        assert!(is_durable("m/milestone/x") && !is_durable("b/x"));
    }

    #[test]
    fn a_marker_of_one_occasion_goes_and_another_stays() {
        let goes = |id: &str, value: &str| {
            let key = MARKERS.key(id);
            let record = codec::encode(&key, &value).unwrap();
            MARKERS.goes_at(&key, &record).unwrap()
        };
        let at = Timestamp::from_second(1_800_000_000).unwrap();
        let text = at.to_string();
        assert_eq!(goes("report/2026-W47", &text), Some(later(at, A_YEAR)));
        assert_eq!(goes("report/2026-W47", "sent"), None, "it holds no moment");
        assert_eq!(goes("duty/seen-to", &text), None, "it is written again");
    }
}
