//! Bounds the time line and the evidence of an incident.

use jiff::Timestamp;

use crate::model::{
    Incident,
    incident::{Event, What},
};

/// Number of entries kept at the beginning and at the end; those between are dropped.
const TIMELINE: (usize, usize) = (20, 40);
const EVIDENCE: (usize, usize) = (4, 8);

/// Adds an event by the service itself.
pub(super) fn push(it: &mut Incident, at: Timestamp, what: What, note: Option<String>) {
    it.timeline.push(Event {
        at,
        what,
        by: None,
        origin: None,
        note,
    });
    thin_timeline(&mut it.timeline);
}

/// Keeps all events by people; of the others, drops those in the middle.
fn thin_timeline(timeline: &mut Vec<Event>) {
    let (first, last) = TIMELINE;
    let ours = timeline.iter().filter(|it| it.by.is_none()).count();
    let mut seen = 0;
    timeline.retain(|it| {
        let middle = seen >= first && seen + last < ours;
        seen += usize::from(it.by.is_none());
        it.by.is_some() || !middle
    });
}

/// Thins out the evidence: the first and the latest pages are kept.
pub(super) fn thin_evidence(it: &mut Incident) {
    thin(&mut it.evidence, EVIDENCE);
}

/// Drops the middle of a list that is longer than `first` and `last` together.
fn thin<T>(list: &mut Vec<T>, (first, last): (usize, usize)) {
    if list.len() > first + last {
        list.drain(first..list.len() - last);
    }
}
