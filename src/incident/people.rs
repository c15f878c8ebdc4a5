//! What people do with an incident. Each returns the incident as it is then, or why it cannot be.

use jiff::Timestamp;

use super::step::push;
use crate::model::{
    Incident,
    duty::Rung,
    incident::{Event, Muted, Stage, Taken, What},
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

/// No noise of it until then: what is said of it is brought up to date where that is silent.
pub fn mute(
    known: &Incident,
    by: &str,
    until: Timestamp,
    now: Timestamp,
) -> Result<Incident, String> {
    if !known.stage.is_open() {
        return Err(over(known));
    }
    let mut it = known.clone();
    let is_silence = |it: &Event| matches!(it.what, What::Muted | What::Unmuted);
    // the first of many goes
    if it.timeline.iter().filter(|it| is_silence(it)).count() >= MOST_SILENCES
        && let Some(at) = it.timeline.iter().position(is_silence)
    {
        it.timeline.remove(at);
    }
    it.muted = Some(Muted {
        by: by.to_owned(),
        until,
    });
    it.timeline
        .push(event(now, What::Muted, by, Some(until.to_string())));
    Ok(it)
}

/// Noise again.
pub fn unmute(known: &Incident, by: &str, now: Timestamp) -> Result<Incident, String> {
    if !known.is_muted(now) {
        return Err(format!("{} is not muted", known.id));
    }
    let mut it = known.clone();
    it.muted = None;
    it.timeline.push(event(now, What::Unmuted, by, None));
    Ok(it)
}

/// Something that somebody wrote down, also after it is over.
pub fn note(known: &Incident, by: &str, text: &str, now: Timestamp) -> Result<Incident, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("an empty note says nothing".to_owned());
    }
    let notes = known.timeline.iter().filter(|it| it.what == What::Noted);
    if notes.count() >= MOST_NOTES {
        return Err(format!("{} has {MOST_NOTES} notes already", known.id));
    }
    let text: String = text.chars().take(LONGEST_NOTE).collect();
    let mut it = known.clone();
    it.timeline.push(event(now, What::Noted, by, Some(text)));
    Ok(it)
}

/// Nobody took it, and somebody else is called: the `reached`th step.
pub fn escalate(known: &Incident, reached: u32, to: Rung, now: Timestamp) -> Incident {
    let mut it = known.clone();
    it.escalated = reached;
    push(&mut it, now, What::Escalated, Some(to.as_str().to_owned()));
    it
}

/// Who took it is reminded of it, and somebody else is called as well.
pub fn nudge(known: &Incident, to: Option<Rung>, now: Timestamp) -> Incident {
    let mut it = known.clone();
    let note = to.map(|it| it.as_str().to_owned());
    push(&mut it, now, What::Nudged, note);
    it
}

/// What one chat may write into an incident is bounded: characters of a note, and how many.
const LONGEST_NOTE: usize = 1000;
const MOST_NOTES: usize = 100;
const MOST_SILENCES: usize = 20;

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
