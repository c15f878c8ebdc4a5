//! Campaigns: one new host, or one new script, in incidents of several portals within days.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use crate::model::{
    Incident, Kind,
    incident::{Trace, What},
    registrable,
};

/// Portals of different registrable domains that make a campaign: two may share a chance or a provider.
const PORTALS: usize = 3;
/// Time from the first to the last of its incidents.
pub const WITHIN: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Incidents that share a trace.
#[derive(Clone, Debug, PartialEq)]
pub struct Campaign<'a> {
    pub trace: Trace,
    /// Other traces of these incidents.
    pub beside: Vec<Trace>,
    /// Oldest first; one a portal.
    pub incidents: Vec<&'a Incident>,
}

/// The campaigns among incidents, the widest first. Of several traces in the incidents of one campaign, such as a script
/// and its host, the one that does most counts.
pub fn campaigns(incidents: &[Incident], now: Timestamp) -> Vec<Campaign<'_>> {
    let mut by_trace: BTreeMap<&Trace, Vec<&Incident>> = BTreeMap::new();
    for it in incidents.iter().filter(|it| is_recent(it, now)) {
        for trace in &it.traces {
            by_trace.entry(trace).or_default().push(it);
        }
    }
    let all = by_trace.into_iter().map(|(trace, incidents)| Campaign {
        trace: trace.clone(),
        beside: Vec::new(),
        incidents: one_a_domain(incidents),
    });
    let mut all: Vec<Campaign<'_>> = all.filter(|it| it.incidents.len() >= PORTALS).collect();
    // traces are ordered by what they do
    all.sort_by_key(|it| std::cmp::Reverse(it.incidents.len()));
    let mut out: Vec<Campaign<'_>> = Vec::new();
    for it in all {
        match out.iter_mut().find(|known| known.covers(&it)) {
            Some(known) => known.beside.push(it.trace),
            None => out.push(it),
        }
    }
    out
}

/// The incidents with a trace, oldest first, one a portal.
pub fn of<'a>(trace: &Trace, incidents: &'a [Incident], now: Timestamp) -> Campaign<'a> {
    let having = incidents
        .iter()
        .filter(|it| is_recent(it, now) && it.traces.contains(trace));
    Campaign {
        trace: trace.clone(),
        beside: Vec::new(),
        incidents: one_a_domain(having.collect()),
    }
}

impl Campaign<'_> {
    fn covers(&self, other: &Self) -> bool {
        let ours: BTreeSet<&str> = self.incidents.iter().map(|it| it.id.0.as_str()).collect();
        other
            .incidents
            .iter()
            .all(|it| ours.contains(it.id.0.as_str()))
    }
}

/// Whether the incident is about a page that was changed, lately, and not by its agency.
fn is_recent(it: &Incident, now: Timestamp) -> bool {
    let is_change = it.kind.is_tampering() || it.kind == Kind::Asked;
    let is_owned = it
        .timeline
        .iter()
        .any(|it| matches!(it.what, What::Dismissed | What::Owned));
    is_change && !is_owned && now.duration_since(it.seen_at) <= WITHIN
}

fn one_a_domain(mut incidents: Vec<&Incident>) -> Vec<&Incident> {
    incidents.sort_by_key(|it| it.seen_at);
    let mut domains = BTreeSet::new();
    incidents.retain(|it| {
        let host = it.portal.url.host_str().unwrap_or_default();
        domains.insert(registrable(host))
    });
    incidents
}
