//! What people do with an incident. Each returns the incident as it is then, or why it cannot be.

use jiff::{SignedDuration, Timestamp};

use super::step::push;
use crate::model::{
    Incident,
    duty::Rung,
    incident::{Actor, Event, Muted, MutedIn, Stage, Taken, What},
};

/// Takes an incident for a person. The first holder stays; where that is one of the agency's people, one of the
/// operator's may take it beside them. Fails where the incident is over or taken already.
pub fn take(known: &Incident, by: impl Into<Actor>, now: Timestamp) -> Result<Incident, String> {
    let by = by.into();
    if !known.stage.is_open() {
        return Err(over(known));
    }
    let first = known.led().or(if by.is_of_agency() {
        known.taken.as_ref()
    } else {
        None
    });
    if let Some(taken) = first {
        return Err(format!("{} was taken by {} already", known.id, taken.by));
    }
    let mut it = known.clone();
    it.stage = Stage::Taken;
    let taken = Taken {
        by: by.name.clone(),
        origin: by.origin.clone(),
        at: now,
    };
    if it.taken.is_none() {
        it.taken = Some(taken);
    } else {
        it.overseen = Some(taken);
    }
    it.timeline.push(event(now, What::Taken, by, None));
    Ok(it)
}

/// An officer closes it: it was real and is over.
pub fn resolve(
    known: &Incident,
    by: impl Into<Actor>,
    note: Option<String>,
    now: Timestamp,
) -> Result<Incident, String> {
    end(
        known,
        Stage::Resolved,
        event(now, What::Closed, by.into(), note),
    )
}

/// Closes it because its portal is watched no longer; `by` took the portal out.
pub fn unwatch(
    known: &Incident,
    by: impl Into<Actor>,
    note: String,
    now: Timestamp,
) -> Result<Incident, String> {
    let what = event(now, What::Unwatched, by.into(), Some(note));
    end(known, Stage::Resolved, what)
}

/// An officer says that it was no incident.
pub fn dismiss(
    known: &Incident,
    by: impl Into<Actor>,
    note: Option<String>,
    now: Timestamp,
) -> Result<Incident, String> {
    end(
        known,
        Stage::Dismissed,
        event(now, What::Dismissed, by.into(), note),
    )
}

/// Mutes an incident until a moment: messages about it are edited without noise. `notifiers` are those of the agency's
/// chat that asked: only these fall silent, for tampering one hour at most. Without any, all notifiers fall silent,
/// which is the operator's to give.
pub fn mute(
    known: &Incident,
    by: impl Into<Actor>,
    notifiers: &[String],
    until: Timestamp,
    now: Timestamp,
) -> Result<Incident, String> {
    let by = by.into();
    if !known.stage.is_open() {
        return Err(over(known));
    }
    let longest = now.checked_add(AGENCY_SILENCE).unwrap_or(now);
    let of_agency = !notifiers.is_empty();
    if of_agency && known.kind.is_tampering() && until > longest {
        return Err("longer silence of what is grave is the operator's to give".to_owned());
    }
    let mut it = known.clone();
    let is_silence = |it: &Event| {
        use What::{Muted, MutedIn, Unmuted, UnmutedIn};
        matches!(it.what, Muted | Unmuted | MutedIn | UnmutedIn)
    };
    // the first of many goes
    if it.timeline.iter().filter(|it| is_silence(it)).count() >= MOST_SILENCES
        && let Some(at) = it.timeline.iter().position(is_silence)
    {
        it.timeline.remove(at);
    }
    let muted = Muted {
        by: by.name.clone(),
        origin: by.origin.clone(),
        until,
    };
    let what = if of_agency {
        let same = |it: &MutedIn| it.notifiers.iter().any(|it| notifiers.contains(it));
        it.muted_in.retain(|it| now < it.muted.until && !same(it));
        it.muted_in.push(MutedIn {
            notifiers: notifiers.to_vec(),
            muted,
        });
        What::MutedIn
    } else {
        it.muted = Some(muted);
        What::Muted
    };
    it.timeline
        .push(event(now, what, by, Some(until.to_string())));
    Ok(it)
}

/// Ends a silence: that of the agency's own chat where there is one, else the one of all notifiers.
pub fn unmute(
    known: &Incident,
    by: impl Into<Actor>,
    notifiers: &[String],
    now: Timestamp,
) -> Result<Incident, String> {
    let mut it = known.clone();
    it.muted_in.retain(|it| now < it.muted.until);
    let silent = it.muted_in.len();
    it.muted_in
        .retain(|it| !it.notifiers.iter().any(|it| notifiers.contains(it)));
    let mut what = What::UnmutedIn;
    if it.muted_in.len() == silent {
        if !known.is_muted(now) {
            return Err(format!("{} is not muted", known.id));
        }
        it.muted = None;
        what = What::Unmuted;
    }
    it.timeline.push(event(now, what, by.into(), None));
    Ok(it)
}

/// Adds a person's note, also after the incident is over.
pub fn note(
    known: &Incident,
    by: impl Into<Actor>,
    text: &str,
    now: Timestamp,
) -> Result<Incident, String> {
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
    it.timeline
        .push(event(now, What::Noted, by.into(), Some(text)));
    Ok(it)
}

/// Notes that the incident was not taken and that the `reached`th step is called.
pub fn escalate(known: &Incident, reached: u32, to: Rung, now: Timestamp) -> Incident {
    let mut it = known.clone();
    it.escalated = reached;
    push(&mut it, now, What::Escalated, Some(to.as_str().to_owned()));
    it
}

/// Notes that the holder is reminded and that the step `to`, where there is one, is called as well.
pub fn remind_taken(known: &Incident, to: Option<Rung>, now: Timestamp) -> Incident {
    let mut it = known.clone();
    let note = to.map(|it| it.as_str().to_owned());
    push(&mut it, now, What::Nudged, note);
    it
}

/// What one chat may write into an incident is bounded: characters of a note, and how many.
const LONGEST_NOTE: usize = 1000;
const MOST_NOTES: usize = 100;
const MOST_SILENCES: usize = 20;

/// Longest silence that an agency's chat may set for tampering: the attacker may be a member of that chat.
const AGENCY_SILENCE: SignedDuration = SignedDuration::from_hours(1);

fn end(known: &Incident, stage: Stage, event: Event) -> Result<Incident, String> {
    if !known.stage.is_open() {
        return Err(over(known));
    }
    let mut it = known.clone();
    it.stage = stage;
    it.ended_at = Some(event.at);
    it.remark = None;
    it.timeline.push(event);
    Ok(it)
}

fn event(at: Timestamp, what: What, by: Actor, note: Option<String>) -> Event {
    Event {
        at,
        what,
        by: Some(by.name),
        origin: by.origin,
        note,
    }
}

fn over(known: &Incident) -> String {
    format!("{} is {} already", known.id, known.stage.as_str())
}
