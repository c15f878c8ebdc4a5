//! Escalation: the next people called for an incident, and the time of the call.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::model::{
    Incident, Kind,
    duty::{Duty, EscalationStep, Step},
    incident::{Event, Standpoint, What},
};

/// The steps if there is a roster but no steps are written: the officers on duty, the operator, the national contacts.
/// The ministry's letters ask for people around the clock and name no minutes; a woken officer needs a few.
const USUAL: [(u64, EscalationStep); 3] = [
    (5, EscalationStep::Roster),
    (15, EscalationStep::DutyRoom),
    (30, EscalationStep::National),
];

/// The steps for an agency: its own, the operator's, or the usual ones. Without a roster or steps there are no calls.
pub fn steps(own: &[Step], duty: &Duty) -> Vec<Step> {
    if !own.is_empty() {
        return own.to_vec();
    }
    if !duty.escalation.is_empty() || duty.roster.is_empty() {
        return duty.escalation.clone();
    }
    let usual = USUAL.iter().map(|(minutes, to)| Step {
        after: Duration::from_secs(minutes * 60),
        to: *to,
    });
    usual.collect()
}

/// After the last step without a taker, all steps are called again: the first time this long after the last call, then
/// twice as long each round, up to [`LONGEST_PAUSE`]. Each call is a message that rings for a whole room.
const PAUSE: Duration = Duration::from_secs(30 * 60);
const LONGEST_PAUSE: Duration = Duration::from_secs(4 * 3600);
/// Calls for one incident: at the longest pause, more than two weeks.
const MOST_CALLS: u32 = 100;

/// A call that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// Steps reached with this call, counted over all rounds, including those that stand for no person.
    pub reached: u32,
    pub to: EscalationStep,
}

/// The call that is due for an incident that none of the operator's people has taken; `None` where none is. A step that
/// stands for no person now (`answers` is false) is skipped at once; after the last step the first follows, more
/// slowly. All times are halved in a watch window (`close`), and doubled where the agency's people have the incident.
/// In that case the agency's head is barred, because the attacker may be a member of the agency's chat: the head's step is
/// passed over, and if no other step answers, the duty room is called instead.
pub fn due(
    steps: &[Step],
    it: &Incident,
    now: Timestamp,
    close: bool,
    answers: impl Fn(EscalationStep) -> bool,
) -> Option<Call> {
    if !calls(it, now) || it.led().is_some() {
        return None;
    }
    let passed = now.duration_since(told_at(it));
    let of_agency = it.taken.is_some();
    let come = |at: &u32| {
        let after = time_of(steps, *at).map(|it| if close { it / 2 } else { it });
        let after = after.map(|it| it.saturating_mul(if of_agency { 2 } else { 1 }));
        after.is_some_and(|it| passed >= signed(it))
    };
    let reached = (0..MOST_CALLS).take_while(come).count();
    let mut reached = u32::try_from(reached).unwrap_or(MOST_CALLS);
    let top = u32::try_from(steps.len()).unwrap_or(MOST_CALLS);
    let step = |at: u32| steps.get((at % top) as usize).map(|it| it.to);
    let barred = |to: EscalationStep| of_agency && to == EscalationStep::Head;
    // where every step is barred, the duty room is called at their times
    let free = steps.iter().rposition(|it| !barred(it.to));
    let last = free.map_or(top, |at| u32::try_from(at + 1).unwrap_or(MOST_CALLS));
    // after an absence the service calls only the highest step, and goes round afterwards
    if it.escalated < last {
        reached = reached.min(last);
    }
    // a barred step makes no call at its time; the other steps keep their times
    let is_barred = |reached: u32| free.is_some() && step(reached - 1).is_some_and(barred);
    while reached > it.escalated && is_barred(reached) {
        reached -= 1;
    }
    if reached <= it.escalated {
        return None;
    }
    let mut calls = (reached..reached + top).filter_map(|reached| {
        let to = step(reached - 1)?;
        Some(Call { reached, to })
    });
    let call = calls.find(|it| answers(it.to) && !barred(it.to));
    let instead = || {
        let to = EscalationStep::DutyRoom;
        let head = steps.iter().any(|it| barred(it.to) && answers(it.to));
        (head && answers(to)).then_some(Call { reached, to })
    };
    call.or_else(instead)
}

/// How long after the alert the call number `at` comes, over all rounds.
fn time_of(steps: &[Step], at: u32) -> Option<Duration> {
    let at = at as usize;
    if let Some(step) = steps.get(at) {
        return Some(step.after);
    }
    let last = steps.last()?.after;
    let pauses = (0..=at - steps.len()).map(|it| pause(PAUSE, it / steps.len()));
    Some(last + pauses.sum::<Duration>())
}

fn pause(first: Duration, round: usize) -> Duration {
    let doubled = first.saturating_mul(1 << round.min(16));
    doubled.min(LONGEST_PAUSE.max(first))
}

fn signed(length: Duration) -> SignedDuration {
    SignedDuration::try_from(length).unwrap_or(SignedDuration::MAX)
}

/// Whether an incident calls people at all: it is grave, open and not muted.
fn calls(it: &Incident, now: Timestamp) -> bool {
    let blind = it.timeline.iter().any(|it| it.what == What::Blind);
    let grave = it.kind.is_tampering() || it.kind == Kind::Down || blind;
    grave && it.stage.is_open() && !it.is_muted(now)
}

/// The holder of an incident is to be reminded of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reminder {
    /// The step called besides, from the second reminder on.
    pub to: Option<EscalationStep>,
}

/// The reminder that is due when one of the operator's people took an incident and neither closed it nor wrote a note
/// for `every`. From the second reminder on the steps are called in turn; the pause doubles each time they are all
/// through. An agency's holder is reminded only where there are no steps: otherwise these call the operator's people.
pub fn overdue(
    steps: &[Step],
    it: &Incident,
    now: Timestamp,
    every: Duration,
    answers: impl Fn(EscalationStep) -> bool,
) -> Option<Reminder> {
    let of_agency = it.taken.as_ref().filter(|_| steps.is_empty());
    let taken = it.led().or(of_agency).filter(|_| calls(it, now))?;
    let nudged = |it: &&Event| it.what == What::Nudged;
    let since_taken = it.timeline.iter().filter(|it| it.at >= taken.at);
    let before = since_taken.filter(nudged).count();
    // any person's deed shows that work goes on; one in the agency's chat does not count for an operator's holder
    let other = |it: &Event| {
        let origin = it.origin.as_ref();
        !taken.is_of_agency() && origin.is_some_and(|it| it.of == Standpoint::Agency)
    };
    let deed = |it: &&Event| it.by.is_some() && !other(it) || it.what == What::Nudged;
    let last = it.timeline.iter().rev().find(deed).map(|it| it.at);
    let silence = it.muted.as_ref().map(|it| it.until);
    let since = [last, silence]
        .into_iter()
        .flatten()
        .fold(taken.at, Ord::max);
    let round = before.saturating_sub(1) / steps.len().max(1);
    if now.duration_since(since) < signed(pause(every, round)) {
        return None;
    }
    let answering: Vec<EscalationStep> = steps
        .iter()
        .map(|it| it.to)
        .filter(|it| answers(*it))
        .collect();
    let at = before.checked_sub(1);
    let to = at.and_then(|at| answering.get(at % answering.len().max(1)).copied());
    Some(Reminder { to })
}

/// The time from which an officer could have taken the incident: it was reported, came back, or its silence ended.
pub fn told_at(it: &Incident) -> Timestamp {
    let loud = |it: &&Event| matches!(it.what, What::Again | What::Blind | What::Unmuted);
    let last = it.timeline.iter().rev().find(loud).map(|it| it.at);
    let silence = it.muted.as_ref().map(|it| it.until);
    it.confirmed_at
        .max(last.unwrap_or(it.confirmed_at))
        .max(silence.unwrap_or(it.confirmed_at))
}
