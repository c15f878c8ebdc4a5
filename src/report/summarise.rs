//! From what is known of targets and incidents to the report's figures.

use std::collections::HashMap;

use jiff::{Timestamp, ToSpan, tz::TimeZone};

use super::{
    AgencyRow, IncidentRow, Questions, Report, TargetRow, Totals,
    availability::{Tally, line, outages},
};
pub use crate::model::time::Week;
use crate::{
    locale::by_name,
    model::{
        Incident, Kind, Target,
        history::{History, quantile},
        incident::{Outcome, What},
        time::midnight,
    },
};

/// A target and what was seen of it, this week and the week before.
pub struct Subject<'a> {
    pub target: &'a Target,
    pub history: &'a History,
    pub before: &'a History,
    pub certificate_ends: Option<Timestamp>,
}

/// The circumstances of a report: service, vantage, week, time of writing.
pub struct Frame<'a> {
    pub week: Week,
    pub zone: &'a TimeZone,
    pub now: Timestamp,
    pub service: &'a str,
    pub vantage: &'a str,
}

/// Sums up a week. `incidents` are those that were open at any time in this week or the one before.
pub fn summarise(frame: &Frame, subjects: &[Subject], incidents: &[Incident]) -> Report {
    let of = by_portal(frame, incidents);
    let rows = subjects.iter().map(|it| target(frame, it, &of)).collect();
    whole(frame, rows, incidents)
}

/// How many incidents of the week each portal had, by its id.
pub fn by_portal<'a>(frame: &Frame, incidents: &'a [Incident]) -> HashMap<&'a str, usize> {
    let (from, end) = frame.week.bounds(frame.zone);
    let mut out = HashMap::new();
    let of_week = |it: &&Incident| it.kind != Kind::Asked && overlaps(it, from, end);
    for it in incidents.iter().filter(of_week) {
        *out.entry(it.target.portal()).or_default() += 1;
    }
    out
}

/// The questions that were asked within a period, by their outcome.
fn questions(incidents: &[Incident], from: Timestamp, to: Timestamp) -> Questions {
    let mut out = Questions::default();
    let asked = |it: &&Incident| from <= it.seen_at && it.seen_at < to;
    let asked = incidents.iter().filter(asked);
    for it in asked.filter_map(|it| it.question.as_ref()) {
        out.asked += 1;
        match it.outcome {
            Some(Outcome::Ours) => out.ours += 1,
            Some(Outcome::NotOurs) => out.not_ours += 1,
            Some(Outcome::Unanswered) => out.unanswered += 1,
            _ => (),
        }
    }
    out
}

// also one that began earlier and was still open
fn overlaps(it: &Incident, from: Timestamp, to: Timestamp) -> bool {
    it.seen_at < to && it.ended_at.is_none_or(|end| end >= from)
}

/// The report of rows that were made one by one: the histories of all targets together need not fit into memory.
pub fn whole(frame: &Frame, mut targets: Vec<TargetRow>, incidents: &[Incident]) -> Report {
    let (from, end) = frame.week.bounds(frame.zone);
    let to = end.min(frame.now).max(from);
    let (before_from, before_to) = frame.week.before().bounds(frame.zone);
    let is_incident = |it: &&Incident| it.kind != Kind::Asked;
    let mut rows: Vec<IncidentRow> = incidents
        .iter()
        .filter(is_incident)
        .filter(|it| overlaps(it, from, end))
        .map(row)
        .collect();
    rows.sort_by_key(|it| it.seen_at);
    targets.sort_by(worse_first);
    let totals = Totals {
        targets: targets.len(),
        uptime: mean(targets.iter().filter_map(|it| it.uptime)),
        uptime_before: mean(targets.iter().filter_map(|it| it.uptime_before)),
        days: (0..7)
            .map(|day| {
                mean(
                    targets
                        .iter()
                        .filter_map(|it| it.days.get(day).copied().flatten()),
                )
            })
            .collect(),
        watched: mean(targets.iter().map(|it| it.watched)).unwrap_or(0.0),
        incidents: rows.len(),
        incidents_before: incidents
            .iter()
            .filter(is_incident)
            .filter(|it| overlaps(it, before_from, before_to))
            .count(),
        questions: questions(incidents, from, end),
        outages: targets.iter().map(|it| it.outages.len()).sum(),
        detection_s: median(rows.iter().map(|it| it.detection_s)),
        taking_s: median(rows.iter().filter_map(|it| it.taking_s)),
    };
    Report {
        week: frame.week.to_string(),
        service: frame.service.to_owned(),
        vantage: frame.vantage.to_owned(),
        first_day: frame.week.monday(),
        last_day: frame.week.sunday(),
        from,
        to,
        written: frame.now,
        timezone: frame.zone.iana_name().unwrap_or("UTC").to_owned(),
        totals,
        agencies: agencies(&targets),
        targets,
        incidents: rows,
    }
}

fn worse_first(a: &TargetRow, b: &TargetRow) -> std::cmp::Ordering {
    let trouble = |it: &TargetRow| {
        (
            it.incidents == 0,
            it.uptime.map_or(i64::MAX, |share| (share * 1e6) as i64),
        )
    };
    trouble(a)
        .cmp(&trouble(b))
        .then_with(|| by_name(&a.name, &b.name))
        .then_with(|| a.id.cmp(&b.id))
}

/// The week of one target.
pub fn target(frame: &Frame, subject: &Subject, incidents: &HashMap<&str, usize>) -> TargetRow {
    let (from, end) = frame.week.bounds(frame.zone);
    let to = end.min(frame.now).max(from);
    let spans = &subject.history.spans;
    let tally = Tally::of(spans, from, to);
    let whole = to.duration_since(from).as_secs_f64();
    let (before_from, before_to) = frame.week.before().bounds(frame.zone);
    let days = (0..7).map(|day| {
        let date = frame.week.monday().saturating_add(day.days());
        let next = date.saturating_add(1.day());
        Tally::of(
            spans,
            midnight(date, frame.zone),
            midnight(next, frame.zone).min(to),
        )
        .uptime()
    });
    let it = subject.target;
    TargetRow {
        id: it.id.clone(),
        name: it.name.clone(),
        agency: it.agency.clone(),
        agency_name: it.agency_name.clone(),
        url: it.url.to_string(),
        uptime: tally.uptime(),
        uptime_before: Tally::of(&subject.before.spans, before_from, before_to).uptime(),
        watched: if whole > 0.0 {
            (tally.watched() / whole).min(1.0)
        } else {
            0.0
        },
        tampered_s: tally.tampered as i64,
        days: days.collect(),
        outages: outages(spans, from, to),
        median_ms: quantile(&subject.history.histograms, 0.5),
        p95_ms: quantile(&subject.history.histograms, 0.95),
        certificate_days: subject
            .certificate_ends
            .map(|end| end.duration_since(frame.now).as_hours().div_euclid(24)),
        incidents: incidents.get(it.id.as_str()).copied().unwrap_or(0),
        line: line(spans, from, frame.week.bounds(frame.zone).1),
    }
}

fn row(it: &Incident) -> IncidentRow {
    let told = it
        .timeline
        .iter()
        .find(|event| event.what == What::Told)
        .map_or(it.confirmed_at, |event| event.at);
    let holder = it.holder();
    let seconds = |from: Timestamp, to: Timestamp| to.duration_since(from).as_secs();
    IncidentRow {
        id: it.id.to_string(),
        target: it.target.clone(),
        name: it.portal.name.clone(),
        kind: it.kind,
        seen_at: it.seen_at,
        confirmed_at: it.confirmed_at,
        taken_by: holder.map(|it| it.by.clone()),
        taken_origin: holder.and_then(|it| it.origin.clone()),
        taken_at: holder.map(|it| it.at),
        ended_at: it.ended_at,
        detection_s: seconds(it.seen_at, told),
        taking_s: holder.map(|taken| seconds(told, taken.at)),
        lasted_s: it.ended_at.map(|end| seconds(it.seen_at, end)),
    }
}

fn agencies(targets: &[TargetRow]) -> Vec<AgencyRow> {
    let mut by_agency: HashMap<&str, Vec<&TargetRow>> = HashMap::new();
    for target in targets {
        by_agency.entry(&target.agency).or_default().push(target);
    }
    let mut out: Vec<AgencyRow> = by_agency
        .into_iter()
        .map(|(id, own)| AgencyRow {
            id: id.to_owned(),
            name: own
                .first()
                .map(|it| it.agency_name.clone())
                .unwrap_or_default(),
            targets: own.len(),
            uptime: mean(own.iter().filter_map(|it| it.uptime)),
            watched: mean(own.iter().map(|it| it.watched)).unwrap_or(0.0),
            incidents: own.iter().map(|it| it.incidents).sum(),
        })
        .collect();
    out.sort_by(|a, b| by_name(&a.name, &b.name).then_with(|| a.id.cmp(&b.id)));
    out
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0u32), |(sum, count), it| (sum + it, count + 1));
    (count > 0).then(|| sum / f64::from(count))
}

fn median(values: impl Iterator<Item = i64>) -> Option<i64> {
    let mut all: Vec<i64> = values.collect();
    all.sort_unstable();
    all.get(all.len() / 2).copied()
}
