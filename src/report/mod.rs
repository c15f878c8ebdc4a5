//! The weekly availability report. Pure: spans, histograms and incidents in, figures out, then a format.

mod availability;
pub mod formats;
pub mod summarise;

pub use availability::Tally;
use jiff::{Timestamp, civil::Date};
use serde::Serialize;
pub use summarise::{Subject, Week, summarise};

use crate::model::{Class, Kind, TargetId, incident::Origin};

/// The figures of a week.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    pub week: String,
    pub service: String,
    pub vantage: String,
    pub first_day: Date,
    pub last_day: Date,
    pub from: Timestamp,
    /// The end of the week, or the moment of writing where that is earlier.
    pub to: Timestamp,
    pub written: Timestamp,
    pub timezone: String,
    pub totals: Totals,
    pub agencies: Vec<AgencyRow>,
    /// Worst first.
    pub targets: Vec<TargetRow>,
    pub incidents: Vec<IncidentRow>,
}

/// Figures over all targets.
#[derive(Clone, Debug, Serialize)]
pub struct Totals {
    pub targets: usize,
    /// Mean over the targets that were watched.
    pub uptime: Option<f64>,
    pub uptime_before: Option<f64>,
    /// Mean uptime by day, Monday first.
    pub days: Vec<Option<f64>>,
    pub watched: f64,
    pub incidents: usize,
    pub incidents_before: usize,
    /// Questions to agencies about large changes. They are no incidents.
    pub questions: Questions,
    pub outages: usize,
    /// Median seconds from the first look that saw it to the alert, and from the alert to its taking.
    pub detection_s: Option<i64>,
    pub taking_s: Option<i64>,
}

/// Questions to agencies that were asked in the week, and how they ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Questions {
    pub asked: usize,
    /// The agency made the change.
    pub ours: usize,
    /// The agency did not make it.
    pub not_ours: usize,
    pub unanswered: usize,
}

/// One agency's week.
#[derive(Clone, Debug, Serialize)]
pub struct AgencyRow {
    pub id: String,
    pub name: String,
    pub targets: usize,
    pub uptime: Option<f64>,
    pub watched: f64,
    pub incidents: usize,
}

/// One target's week.
#[derive(Clone, Debug, Serialize)]
pub struct TargetRow {
    pub id: TargetId,
    pub name: String,
    pub agency: String,
    pub agency_name: String,
    pub url: String,
    /// Share 0..1 of the watched time in which it answered; `None` where it was not watched.
    pub uptime: Option<f64>,
    pub uptime_before: Option<f64>,
    /// Share 0..1 of the period in which we truly watched.
    pub watched: f64,
    /// Seconds in which something other than the agency's content was shown.
    pub tampered_s: i64,
    pub days: Vec<Option<f64>>,
    pub outages: Vec<Outage>,
    pub median_ms: Option<f64>,
    pub p95_ms: Option<f64>,
    pub certificate_days: Option<i64>,
    pub incidents: usize,
    /// The week as it went, for the drawing.
    pub line: Vec<Stretch>,
}

/// A time without an answer.
#[derive(Clone, Debug, Serialize)]
pub struct Outage {
    pub class: Class,
    pub from: Timestamp,
    pub to: Timestamp,
    /// Still going on when the report was written or the week ended.
    pub open: bool,
}

/// A part of the week in one standing, as shares 0..1 of the week.
#[derive(Clone, Debug, Serialize)]
pub struct Stretch {
    pub standing: &'static str,
    pub start: f64,
    pub length: f64,
}

/// One incident of the week.
#[derive(Clone, Debug, Serialize)]
pub struct IncidentRow {
    pub id: String,
    pub target: TargetId,
    pub name: String,
    pub kind: Kind,
    pub seen_at: Timestamp,
    pub confirmed_at: Timestamp,
    /// The operator's officer in charge, else the first person of the agency.
    pub taken_by: Option<String>,
    /// Account and chat of that person, since several people may use one name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub taken_origin: Option<Origin>,
    pub taken_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub detection_s: i64,
    pub taking_s: Option<i64>,
    pub lasted_s: Option<i64>,
}
