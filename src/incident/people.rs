//! What people do with an incident. Each returns the incident as it is then, or why it cannot be.

use jiff::Timestamp;

use crate::model::{
    Incident,
    incident::{Event, Stage, Taken, What},
};

/// Somebody takes it. Who was first stays.
pub fn take(known: &Incident, by: &str, now: Timestamp) -> Result<Incident, String> {
    if !known.stage.is_open() {
        return Err(over(known));
    }
    if let Some(taken) = &known.taken {
        return Err(format!("{} was taken by {} already", known.id, taken.by));
    }
    let mut it = known.clone();
    it.stage = Stage::Taken;
    it.taken = Some(Taken {
        by: by.to_owned(),
        at: now,
    });
    it.timeline.push(event(now, What::Taken, by, None));
    Ok(it)
}

/// An officer closes it: it was real and is over.
pub fn resolve(
    known: &Incident,
    by: &str,
    note: Option<String>,
    now: Timestamp,
) -> Result<Incident, String> {
    end(known, Stage::Resolved, What::Closed, by, note, now)
}

/// An officer says that it was no incident.
pub fn dismiss(
    known: &Incident,
    by: &str,
    note: Option<String>,
    now: Timestamp,
) -> Result<Incident, String> {
    end(known, Stage::Dismissed, What::Dismissed, by, note, now)
}

fn end(
    known: &Incident,
    stage: Stage,
    what: What,
    by: &str,
    note: Option<String>,
    now: Timestamp,
) -> Result<Incident, String> {
    if !known.stage.is_open() {
        return Err(over(known));
    }
    let mut it = known.clone();
    it.stage = stage;
    it.ended_at = Some(now);
    it.remark = None;
    it.timeline.push(event(now, what, by, note));
    Ok(it)
}

fn event(at: Timestamp, what: What, by: &str, note: Option<String>) -> Event {
    Event {
        at,
        what,
        by: Some(by.to_owned()),
        note,
    }
}

fn over(known: &Incident) -> String {
    format!("{} is {} already", known.id, known.stage.as_str())
}
