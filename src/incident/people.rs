//! People's actions on an incident. Each returns the changed incident, or the sentence that says why it is not
//! possible.

use jiff::{SignedDuration, Timestamp};

use super::timeline::push;
use crate::model::{
    Incident, Localized,
    duty::EscalationStep,
    incident::{Actor, Event, Muted, MutedIn, Outcome, Stage, Taken, What},
};

/// Assigns an incident to a person. The first holder remains; an officer of the operator may take it in addition to
/// one of the agency's people.
///
/// # Errors
///
/// If the incident has ended or is already taken.
pub fn take(known: &Incident, by: impl Into<Actor>, now: Timestamp) -> Result<Incident, Localized> {
    let by = by.into();
    if !known.stage.is_open() {
        return Err(over());
    }
    let first = known.led().or(if by.is_of_agency() {
        known.taken.as_ref()
    } else {
        None
    });
    if let Some(taken) = first {
        return Err(Localized::new("bot-taken-already").with("by", &taken.by));
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

/// Closes an incident that was real and is over.
///
/// # Errors
///
/// If the incident has ended.
pub fn resolve(
    known: &Incident,
    by: impl Into<Actor>,
    note: Option<String>,
    now: Timestamp,
) -> Result<Incident, Localized> {
    end(
        known,
        Stage::Resolved,
        event(now, What::Closed, by.into(), note),
    )
}

/// Closes an incident because its portal is no longer watched; `by` removed the portal.
///
/// # Errors
///
/// If the incident has ended.
pub fn unwatch(
    known: &Incident,
    by: impl Into<Actor>,
    note: String,
    now: Timestamp,
) -> Result<Incident, Localized> {
    let what = event(now, What::Unwatched, by.into(), Some(note));
    end(known, Stage::Resolved, what)
}

/// Dismisses an incident: an officer says that it was none.
///
/// # Errors
///
/// If the incident has ended.
pub fn dismiss(
    known: &Incident,
    by: impl Into<Actor>,
    note: Option<String>,
    now: Timestamp,
) -> Result<Incident, Localized> {
    end(
        known,
        Stage::Dismissed,
        event(now, What::Dismissed, by.into(), note),
    )
}

/// Mutes an incident until `until`: messages about it are edited, which makes no sound. `notifiers`: those of the
/// agency's chat that asked; only they are muted, and for tampering at most one hour. Empty for the operator: that
/// mute holds at all notifiers.
///
/// # Errors
///
/// If the incident has ended, or if an agency's mute of tampering is too long.
pub fn mute(
    known: &Incident,
    by: impl Into<Actor>,
    notifiers: &[String],
    until: Timestamp,
    now: Timestamp,
) -> Result<Incident, Localized> {
    let by = by.into();
    if !known.stage.is_open() {
        return Err(over());
    }
    let longest = now.checked_add(AGENCY_SILENCE).unwrap_or(now);
    let of_agency = !notifiers.is_empty();
    if of_agency && known.kind.is_tampering() && until > longest {
        return Err(Localized::new("bot-mute-hour"));
    }
    let mut it = known.clone();
    let is_silence = |it: &Event| {
        use What::{Muted, MutedIn, Unmuted, UnmutedIn};
        matches!(it.what, Muted | Unmuted | MutedIn | UnmutedIn)
    };
    // beyond the limit, drop the oldest event about muting
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

/// Ends a mute: that of the agency's own chat if there is one, otherwise the one of all notifiers.
///
/// # Errors
///
/// If the incident is not muted.
pub fn unmute(
    known: &Incident,
    by: impl Into<Actor>,
    notifiers: &[String],
    now: Timestamp,
) -> Result<Incident, Localized> {
    let mut it = known.clone();
    it.muted_in.retain(|it| now < it.muted.until);
    let silent = it.muted_in.len();
    it.muted_in
        .retain(|it| !it.notifiers.iter().any(|it| notifiers.contains(it)));
    let mut what = What::UnmutedIn;
    if it.muted_in.len() == silent {
        if !known.is_muted(now) {
            return Err(Localized::new("bot-not-muted"));
        }
        it.muted = None;
        what = What::Unmuted;
    }
    it.timeline.push(event(now, what, by.into(), None));
    Ok(it)
}

/// Adds a person's note, even after the end of the incident.
///
/// # Errors
///
/// If the text is empty, or the incident has too many notes.
pub fn note(
    known: &Incident,
    by: impl Into<Actor>,
    text: &str,
    now: Timestamp,
) -> Result<Incident, Localized> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Localized::new("bot-no-note"));
    }
    let notes = known.timeline.iter().filter(|it| it.what == What::Noted);
    if notes.count() >= MOST_NOTES {
        return Err(Localized::new("bot-no-note"));
    }
    let text: String = text.chars().take(LONGEST_NOTE).collect();
    let mut it = known.clone();
    it.timeline
        .push(event(now, What::Noted, by.into(), Some(text)));
    Ok(it)
}

/// Records that the incident was not taken in time and that escalation step `to` is called, the `reached`th.
pub fn escalate(known: &Incident, reached: u32, to: EscalationStep, now: Timestamp) -> Incident {
    let mut it = known.clone();
    it.escalated = reached;
    push(&mut it, now, What::Escalated, Some(to.as_str().to_owned()));
    it
}

/// Records that the holder is reminded and, if `to` is given, that this step is called as well.
pub fn remind_taken(known: &Incident, to: Option<EscalationStep>, now: Timestamp) -> Incident {
    let mut it = known.clone();
    let note = to.map(|it| it.as_str().to_owned());
    push(&mut it, now, What::Nudged, note);
    it
}

/// Limits of what a chat may write into one incident: characters of a note, number of notes, number of mutes.
const LONGEST_NOTE: usize = 1000;
const MOST_NOTES: usize = 100;
const MOST_SILENCES: usize = 20;

/// Longest mute of tampering that an agency's chat may set: the attacker may be a member of that chat.
const AGENCY_SILENCE: SignedDuration = SignedDuration::from_hours(1);

fn end(known: &Incident, stage: Stage, event: Event) -> Result<Incident, Localized> {
    if !known.stage.is_open() {
        return Err(over());
    }
    let mut it = known.clone();
    it.stage = stage;
    it.ended_at = Some(event.at);
    it.remark = None;
    if let Some(question) = &mut it.question {
        question.outcome = Some(match stage {
            Stage::Dismissed => Outcome::Ours,
            _ => Outcome::Withdrawn,
        });
    }
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

fn over() -> Localized {
    Localized::new("bot-over")
}
