//! The question to an agency whether it made a large change: how long it stands, what answers do, and what it becomes.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::timeline::push;
use crate::model::{
    Class, Incident, IncidentId, Kind, Localized,
    incident::{Actor, Answer, Event, Outcome, Question, Stage, What},
    question::AnswerTimes,
    window::WatchWindow,
};

/// Time in which a change that the agency calls its own must join the baseline; after it, the change rings.
const TAKEN_WITHIN: SignedDuration = SignedDuration::from_hours(24);

/// The hours of the night: from this hour in the evening, until this hour in the morning.
const EVENING: i8 = 22;
const MORNING: i8 = 6;

/// What the time for an answer depends on.
#[derive(Clone, Copy, Debug)]
pub struct Hours<'a> {
    pub windows: &'a [WatchWindow],
    pub times: AnswerTimes,
    /// The zone of the agencies, in which it is day or night.
    pub zone: &'a TimeZone,
}

/// The incident as a question with its time for an answer, if it is asked and has none yet.
pub fn asked(mut it: Incident, hours: Hours<'_>) -> Incident {
    if it.kind == Kind::Asked && it.question.is_none() {
        it.question = Some(Question {
            until: until(it.confirmed_at, hours),
            answer: None,
            outcome: None,
            alarm: None,
        });
    }
    it
}

/// The end of the time for an answer to a question of this moment. A watch window that is open, or opens meanwhile,
/// leaves its own, shorter time.
pub fn until(asked: Timestamp, hours: Hours<'_>) -> Timestamp {
    let times = hours.times;
    let after = |from: Timestamp, length| {
        let length = SignedDuration::try_from(length).unwrap_or(SignedDuration::MAX);
        from.checked_add(length).unwrap_or(Timestamp::MAX)
    };
    let hour = asked.to_zoned(hours.zone.clone()).hour();
    let is_night = !(MORNING..EVENING).contains(&hour);
    let usual = match is_night {
        true => after(asked, times.at_night),
        false => after(asked, times.answer_within),
    };
    hours
        .windows
        .iter()
        .filter(|it| asked < it.to && it.from < usual)
        .map(|it| after(asked.max(it.from), times.in_window))
        .fold(usual, Ord::min)
}

/// Whether the question has stood for too long: without an answer, or without its page for the baseline.
pub fn is_over(it: &Incident, now: Timestamp) -> bool {
    let Some(question) = waiting(it) else {
        return false;
    };
    match &question.answer {
        None => question.until <= now,
        Some(answer) => now.duration_since(answer.at) > TAKEN_WITHIN,
    }
}

/// The question of an incident, as long as it is not over.
pub fn waiting(it: &Incident) -> Option<&Question> {
    let open = it.kind == Kind::Asked && it.stage.is_open();
    it.question.as_ref().filter(|_| open)
}

/// Checks that the question can still be answered.
///
/// # Errors
///
/// If it is over, or has been answered.
pub fn may_answer(known: &Incident) -> Result<(), Localized> {
    match waiting(known) {
        None => Err(Localized::new("question-past")),
        Some(Question {
            answer: Some(answer),
            ..
        }) => Err(Localized::new("plan-answered-already").with("by", &answer.by)),
        Some(_) => Ok(()),
    }
}

/// Records the answer of a person; only the first one counts.
///
/// # Errors
///
/// As [`may_answer`].
pub fn answered(
    known: &Incident,
    by: &Actor,
    ours: bool,
    now: Timestamp,
) -> Result<Incident, Localized> {
    may_answer(known)?;
    let mut it = known.clone();
    if let Some(question) = &mut it.question {
        question.answer = Some(Answer {
            by: by.name.clone(),
            origin: by.origin.clone(),
            at: now,
            ours,
        });
    }
    it.timeline.push(Event {
        at: now,
        what: if ours { What::Owned } else { What::Disowned },
        by: Some(by.name.clone()),
        origin: by.origin.clone(),
        note: None,
    });
    Ok(it)
}

/// The question after its end. `alarm`: the incident that rings in its place.
pub fn ended(
    known: &Incident,
    outcome: Outcome,
    alarm: Option<&IncidentId>,
    now: Timestamp,
) -> Incident {
    let mut it = known.clone();
    it.stage = Stage::Resolved;
    it.ended_at = Some(now);
    it.remark = None;
    if let Some(question) = &mut it.question {
        question.outcome = Some(outcome);
        question.alarm = alarm.cloned();
    }
    let mut note = outcome.as_str().to_owned();
    if let Some(alarm) = alarm {
        note = format!("{note}: {alarm}");
    }
    push(&mut it, now, What::Turned, Some(note));
    it
}

/// The question, ended, and the alarm that rings in its place under the number `id`.
pub fn turned(known: &Incident, outcome: Outcome, id: IncidentId, now: Timestamp) -> [Incident; 2] {
    let mut alarm = as_change(known.clone());
    alarm.id = id;
    alarm.revision = 0;
    alarm.stage = Stage::Open;
    alarm.confirmed_at = now;
    alarm.taken = None;
    alarm.overseen = None;
    alarm.muted = None;
    alarm.muted_in.clear();
    alarm.flaps = 0;
    alarm.timeline.retain(|it| {
        matches!(
            it.what,
            What::Seen | What::Confirmed | What::Owned | What::Disowned
        )
    });
    let note = format!("{}: {}", outcome.as_str(), known.id);
    push(&mut alarm, now, What::Turned, Some(note));
    [ended(known, outcome, Some(&alarm.id), now), alarm]
}

/// The incident as a suspicious change, which is not asked about.
pub fn as_change(mut it: Incident) -> Incident {
    it.kind = Kind::Planted;
    it.class = Class::Suspicious;
    it.question = None;
    it
}

/// What a commit of this incident counts for in the figures of questions; `None` for all others.
pub fn counted(it: &Incident) -> Option<&'static str> {
    let question = it.question.as_ref()?;
    if it.revision == 0 && it.stage.is_open() {
        return Some("asked");
    }
    let last = it.timeline.last().map(|it| it.what);
    match last {
        Some(What::Turned | What::Dismissed | What::Closed | What::Unwatched) => {
            question.outcome.map(Outcome::as_str)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watch_window_and_the_night_shorten_the_time_for_an_answer() {
        let at = |text: &str| -> Timestamp { format!("2026-11-22T{text}+07:00").parse().unwrap() };
        let window = |from: &str, to: &str| WatchWindow {
            name: "x".to_owned(),
            from: at(from),
            to: at(to),
            every: None,
            digest: None,
        };
        let zone = TimeZone::get("Asia/Ho_Chi_Minh").unwrap();
        let asked = |asked: &str, windows: &[WatchWindow]| {
            let times = AnswerTimes::default();
            let hours = Hours {
                windows,
                times,
                zone: &zone,
            };
            until(at(asked), hours)
        };
        let until = |windows: &[WatchWindow]| asked("14:00:00", windows);
        assert_eq!(until(&[]), at("16:00:00"));
        assert_eq!(until(&[window("08:00:00", "20:00:00")]), at("14:15:00"));
        assert_eq!(until(&[window("15:00:00", "20:00:00")]), at("15:15:00"));
        // a window that is over, one that opens too late to matter, and one that opens just before the end
        assert_eq!(until(&[window("08:00:00", "14:00:00")]), at("16:00:00"));
        assert_eq!(until(&[window("16:00:00", "20:00:00")]), at("16:00:00"));
        assert_eq!(until(&[window("15:55:00", "20:00:00")]), at("16:00:00"));
        // at night
        assert_eq!(asked("05:59:59", &[]), at("06:59:59"));
        assert_eq!(asked("06:00:00", &[]), at("08:00:00"));
        assert_eq!(asked("22:00:00", &[]), at("23:00:00"));
    }
}
