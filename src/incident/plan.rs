//! Announced changes (plans): when they may be announced, which changes they silence, and what happens after their
//! end.

use jiff::{SignedDuration, Timestamp};

use super::timeline::push;
use crate::model::{
    Incident, Kind, Localized, TargetId,
    incident::{Actor, Event, Muted, What},
    plan::{Plan, PlanId, PlanStage},
};

/// Longest plan: editors review their work within a day, and a longer plan could silence the watch.
const LONGEST: SignedDuration = SignedDuration::from_hours(24);
/// Longest time between announcement and change: people forget what they announced earlier.
const EARLIEST: SignedDuration = SignedDuration::from_hours(31 * 24);
const LONGEST_REASON: usize = 300;

/// An announcement that is not checked yet.
#[derive(Clone, Debug)]
pub struct Announced {
    pub targets: Vec<TargetId>,
    pub from: Timestamp,
    pub to: Timestamp,
    pub by: Actor,
    pub reason: String,
    pub notifier: Option<String>,
}

/// Makes a plan from an announcement.
///
/// # Errors
///
/// The reason, as a sentence for the announcer: no portal or reason, or a period that is over, too long or too far
/// ahead.
pub fn announce(it: Announced, id: PlanId, now: Timestamp) -> Result<Plan, Localized> {
    if it.targets.is_empty() {
        return Err(Localized::new("plan-no-target"));
    }
    if it.to <= it.from || it.to <= now {
        return Err(Localized::new("plan-over"));
    }
    if it.to.duration_since(it.from) > LONGEST {
        return Err(Localized::new("plan-long").with("hours", LONGEST.as_hours()));
    }
    if it.from.duration_since(now) > EARLIEST {
        return Err(Localized::new("plan-early").with("days", EARLIEST.as_hours() / 24));
    }
    if it.reason.trim().is_empty() {
        return Err(Localized::new("plan-no-reason"));
    }
    Ok(Plan {
        id,
        revision: 0,
        targets: it.targets,
        // changes before the announcement have already rung
        from: it.from.max(now),
        to: it.to,
        by: it.by.name,
        origin: it.by.origin,
        at: now,
        reason: it.reason.trim().chars().take(LONGEST_REASON).collect(),
        notifier: it.notifier,
        stage: PlanStage::Announced,
    })
}

/// Whether `again` repeats the plan: equal portals, end, reason and chat, and no earlier begin.
pub fn is_repeat(known: &Plan, again: &Plan) -> bool {
    known.stage == PlanStage::Announced
        && known.from <= again.from
        && (known.to, &known.targets) == (again.to, &again.targets)
        && (&known.reason, &known.notifier) == (&again.reason, &again.notifier)
}

/// Checks that a plan does not, together with others, silence a portal for longer than one plan may. All plans of its
/// portals within a day before and after it count; a cancelled plan counts in full, because it may have been in
/// force.
///
/// # Errors
///
/// If the plans last too long in all.
pub fn leaves_room(known: &[Plan], again: &Plan) -> Result<(), Localized> {
    let near = |it: &&Plan| {
        it.to > again.from - LONGEST
            && it.from < again.to + LONGEST
            && it.targets.iter().any(|of| again.targets.contains(of))
    };
    let lengths = known.iter().filter(near).chain([again]);
    let seconds: i64 = lengths
        .map(|it| it.to.duration_since(it.from).as_secs())
        .sum();
    if seconds > LONGEST.as_secs() {
        return Err(Localized::new("plan-much").with("hours", LONGEST.as_hours()));
    }
    Ok(())
}

/// Cancels a plan.
///
/// # Errors
///
/// If it is over or already cancelled.
pub fn cancel(plan: &Plan, by: &Actor, now: Timestamp) -> Result<Plan, Localized> {
    if plan.stage != PlanStage::Announced {
        return Err(Localized::new("plan-past").with("id", &plan.id));
    }
    Ok(Plan {
        stage: PlanStage::Cancelled {
            by: by.name.clone(),
            origin: by.origin.clone(),
            at: now,
        },
        ..plan.clone()
    })
}

/// Whether the page shows what no editor does. `is_marked`: whether its signals show a mark of an attack.
pub fn is_attack(kind: Kind, is_marked: bool) -> bool {
    kind == Kind::Redirected || is_marked
}

/// The incident, silent until the end of the plan because its portal is being edited; `None` if it must ring.
/// `is_marked`: whether its signals show a mark of an attack.
pub fn silenced(it: &Incident, is_marked: bool, plan: &Plan, now: Timestamp) -> Option<Incident> {
    let last = it.timeline.last().map(|it| it.what);
    let just_opened =
        (it.revision == 0 || last == Some(What::Again)) && it.muted.is_none() && it.taken.is_none();
    if !just_opened || !it.stage.is_open() || is_attack(it.kind, is_marked) {
        return None;
    }
    let mut it = it.clone();
    it.planned = Some(plan.id.clone());
    it.muted = Some(Muted {
        by: plan.by.clone(),
        origin: plan.origin.clone(),
        until: plan.to,
    });
    push(&mut it, now, What::Planned, Some(plan.id.to_string()));
    Some(it)
}

/// Whether what is seen now is an attack, in an incident that was silent because of a plan.
pub fn is_unmasked(known: &Incident, kind: Option<Kind>, is_marked: bool) -> bool {
    known.planned.is_some() && kind.is_some_and(|kind| is_attack(kind, is_marked))
}

/// Ends a plan after its period: with a question to the agency if tampering was suspected, otherwise without. `None`
/// if the plan is not over, or has ended before.
pub fn over(plan: &Plan, seen: &[Incident], now: Timestamp) -> Option<Plan> {
    if plan.stage != PlanStage::Announced || now < plan.to {
        return None;
    }
    let of_plan = |it: &&Incident| it.planned.as_ref() == Some(&plan.id);
    let any = seen.iter().filter(of_plan).any(|it| it.kind.is_tampering());
    Some(Plan {
        stage: if any {
            PlanStage::Asked
        } else {
            PlanStage::Quiet
        },
        ..plan.clone()
    })
}

/// Records the agency's answer to whether it made the changes. Only the first answer counts.
///
/// # Errors
///
/// If the agency is not being asked, or has already answered.
pub fn answer(plan: &Plan, by: &Actor, ours: bool, now: Timestamp) -> Result<Plan, Localized> {
    match &plan.stage {
        PlanStage::Asked => Ok(Plan {
            stage: PlanStage::Answered {
                by: by.name.clone(),
                origin: by.origin.clone(),
                at: now,
                ours,
            },
            ..plan.clone()
        }),
        PlanStage::Answered { by, .. } => {
            Err(Localized::new("plan-answered-already").with("by", by))
        }
        _ => Err(Localized::new("plan-past").with("id", &plan.id)),
    }
}

/// The incident after the agency answered that it did not make the change: it rings like a new one.
pub fn rejected(known: &Incident, by: &Actor, now: Timestamp) -> Incident {
    let mut it = unmuted(known, now);
    it.timeline.push(Event {
        at: now,
        what: What::Disowned,
        by: Some(by.name.clone()),
        origin: by.origin.clone(),
        note: None,
    });
    it
}

/// The incident, no longer silenced by a plan. The time to take it counts from now.
pub fn unmuted(known: &Incident, now: Timestamp) -> Incident {
    let mut it = known.clone();
    it.planned = None;
    it.muted = None;
    push(&mut it, now, What::Unmuted, None);
    it
}

/// Time for the agency's answer; after it, the changes ring.
const ANSWER_WITHIN: SignedDuration = SignedDuration::from_hours(1);
/// Time in which a change that the agency calls its own must join the baseline; after it, the change rings. The
/// portal may be down for a while.
const TAKEN_WITHIN: SignedDuration = SignedDuration::from_hours(24);

/// Whether the plan must no longer silence the incident: its time for an answer or for adoption is over, or it was
/// cancelled or denied.
pub fn is_left_over(it: &Incident, plan: Option<&Plan>, now: Timestamp) -> bool {
    let Some(plan) = plan else {
        return it.planned.is_some();
    };
    if !it.kind.is_tampering() {
        return !matches!(plan.stage, PlanStage::Announced) || plan.to <= now;
    }
    match &plan.stage {
        PlanStage::Announced => false,
        PlanStage::Asked => now.duration_since(plan.to) > ANSWER_WITHIN,
        PlanStage::Answered { ours: true, at, .. } => now.duration_since(*at) > TAKEN_WITHIN,
        PlanStage::Answered { .. } | PlanStage::Quiet | PlanStage::Cancelled { .. } => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_or_another_place_is_an_attack() {
        assert!(!is_attack(Kind::Defaced, false));
        assert!(is_attack(Kind::Planted, true));
        assert!(is_attack(Kind::Redirected, false));
        assert!(!is_attack(Kind::Down, false));
    }

    #[test]
    fn a_plan_that_was_cancelled_counts_too() {
        let plan = |from: &str, to: &str, stage| Plan {
            id: PlanId::new(2026, 1),
            revision: 0,
            targets: vec!["a".parse().unwrap()],
            from: from.parse().unwrap(),
            to: to.parse().unwrap(),
            by: "An".to_owned(),
            origin: None,
            at: from.parse().unwrap(),
            reason: "x".to_owned(),
            notifier: None,
            stage,
        };
        let cancelled = PlanStage::Cancelled {
            by: "An".to_owned(),
            origin: None,
            at: "2026-11-22T23:50:00Z".parse().unwrap(),
        };
        let first = plan("2026-11-22T00:00:00Z", "2026-11-22T23:54:00Z", cancelled);
        let again = |from, to| plan(from, to, PlanStage::Announced);
        let long = again("2026-11-22T23:55:00Z", "2026-11-23T23:49:00Z");
        assert!(leaves_room(std::slice::from_ref(&first), &long).is_err());
        let short = again("2026-11-22T23:55:00Z", "2026-11-23T00:00:00Z");
        assert!(leaves_room(std::slice::from_ref(&first), &short).is_ok());
        let later = again("2026-11-24T00:00:00Z", "2026-11-24T23:54:00Z");
        assert!(leaves_room(&[first], &later).is_ok());
    }
}
