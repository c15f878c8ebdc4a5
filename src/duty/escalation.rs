//! Who is called next, and when.

use std::time::Duration;

use jiff::Timestamp;

use crate::model::{
    Incident, Kind,
    duty::{Duty, Rung, Step},
    incident::{Event, What},
};

/// Where there is a roster and nobody wrote steps: to the one on duty, the operator, the national contacts. The
/// ministry's letters ask for people around the clock and name no minutes; an officer who wakes up needs a few.
const USUAL: [(u64, Rung); 3] = [
    (5, Rung::Roster),
    (15, Rung::DutyRoom),
    (30, Rung::National),
];

/// The steps that hold for an agency: its own, the operator's, or the usual ones. Nobody is called where nobody is named.
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

/// How many steps have come due for an incident that none of the operator's people has taken; `None` where there is nothing
/// new to do. In a watch window (`close`) all times are halved. Where somebody of the agency has it, they are doubled, and
/// the agency's head is not called: whoever changes a portal may sit in its agency's chat.
pub fn due(steps: &[Step], it: &Incident, now: Timestamp, close: bool) -> Option<u32> {
    let blind = it.timeline.iter().any(|it| it.what == What::Blind);
    let calls = it.kind.is_tampering() || it.kind == Kind::Down || blind;
    if !calls || !it.stage.is_open() || it.led().is_some() || it.is_muted(now) {
        return None;
    }
    let passed = now.duration_since(told_at(it));
    let reached = steps.iter().filter(|step| {
        let after = if close { step.after / 2 } else { step.after };
        let after = if it.taken.is_some() {
            after.saturating_mul(2)
        } else {
            after
        };
        passed >= jiff::SignedDuration::try_from(after).unwrap_or(jiff::SignedDuration::MAX)
    });
    let reached = u32::try_from(reached.count()).unwrap_or(u32::MAX);
    let head = reached
        .checked_sub(1)
        .and_then(|at| steps.get(at as usize))
        .is_some_and(|it| it.to == Rung::Head);
    (reached > it.escalated && !(head && it.taken.is_some())).then_some(reached)
}

/// Since when somebody could have taken it: since it was told, came back, or was not silent any more.
pub fn told_at(it: &Incident) -> Timestamp {
    let loud = |it: &&Event| matches!(it.what, What::Again | What::Blind | What::Unmuted);
    let last = it.timeline.iter().rev().find(loud).map(|it| it.at);
    let silence = it.muted.as_ref().map(|it| it.until);
    it.confirmed_at
        .max(last.unwrap_or(it.confirmed_at))
        .max(silence.unwrap_or(it.confirmed_at))
}
