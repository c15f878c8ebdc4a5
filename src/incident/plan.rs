//! Announced changes: when they may be announced, what of them is quiet, and what becomes of it when they are over.

use jiff::{
    SignedDuration, Timestamp, Zoned,
    civil::{Date, Time},
};

use super::step::push;
use crate::model::{
    Incident, Kind, Say, Signal, TargetId,
    incident::{Actor, Event, Muted, What},
    plan::{Plan, PlanId, PlanStage},
};

/// Longest announced change: editors look at their work within a day, and a longer plan could silence the watch.
const LONGEST: SignedDuration = SignedDuration::from_hours(24);
/// Longest time between announcement and change: people forget what they announced earlier.
const EARLIEST: SignedDuration = SignedDuration::from_hours(31 * 24);
const LONGEST_REASON: usize = 300;

/// What editors do: a page of another look, title or layout, files and frames of other hosts. Everything else is a mark of an
/// attack, so that a signal that is added later rings.
const OWN_DOING: [&str; 11] = [
    "creeping",
    "emptied",
    "foreign-frame",
    "foreign-links",
    "foreign-script",
    "language",
    "missing-text",
    "replaced",
    "title",
    "title-gone",
    "uprooted",
];
/// Signals that weigh less explain and decide nothing.
const COUNTS: f64 = 0.3;

/// An announcement, not yet checked.
#[derive(Clone, Debug)]
pub struct Announced {
    pub targets: Vec<TargetId>,
    pub from: Timestamp,
    pub to: Timestamp,
    pub by: Actor,
    pub reason: String,
    pub notifier: Option<String>,
}

/// Makes a plan of an announcement. Fails with the reason for the person that announced it.
pub fn announce(it: Announced, id: PlanId, now: Timestamp) -> Result<Plan, Say> {
    if it.targets.is_empty() {
        return Err(Say::new("plan-no-target"));
    }
    if it.to <= it.from || it.to <= now {
        return Err(Say::new("plan-over"));
    }
    if it.to.duration_since(it.from) > LONGEST {
        return Err(Say::new("plan-long").with("hours", LONGEST.as_hours()));
    }
    if it.from.duration_since(now) > EARLIEST {
        return Err(Say::new("plan-early").with("days", EARLIEST.as_hours() / 24));
    }
    if it.reason.trim().is_empty() {
        return Err(Say::new("plan-no-reason"));
    }
    Ok(Plan {
        id,
        revision: 0,
        targets: it.targets,
        // what was seen before it was announced rang already
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

/// Whether `again` says no more than what is announced already.
pub fn is_repeat(known: &Plan, again: &Plan) -> bool {
    known.stage == PlanStage::Announced
        && known.from <= again.from
        && (known.to, &known.targets) == (again.to, &again.targets)
        && (&known.reason, &known.notifier) == (&again.reason, &again.notifier)
}

/// Refuses a plan that, together with others, would silence a portal for longer than one plan may: counts the plans of
/// its portals within a day before and after it. A cancelled plan counts in full, as it may have been in force.
pub fn leaves_room(known: &[Plan], again: &Plan) -> Result<(), Say> {
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
        return Err(Say::new("plan-much").with("hours", LONGEST.as_hours()));
    }
    Ok(())
}

/// Cancels a plan; fails if it is over or cancelled already.
pub fn cancel(plan: &Plan, by: &Actor, now: Timestamp) -> Result<Plan, Say> {
    if plan.stage != PlanStage::Announced {
        return Err(Say::new("plan-past").with("id", &plan.id));
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

/// Whether it shows what no editor does.
pub fn bears_marks(kind: Kind, signals: &[Signal]) -> bool {
    // what is shown to some visitors only weighs nothing by itself, and no editor does it
    let marks = |it: &Signal| {
        it.name == "cloaked" || it.weight > COUNTS && !OWN_DOING.contains(&it.name.as_str())
    };
    kind == Kind::Redirected || signals.iter().any(marks)
}

/// The incident shown but silent until the end of the plan, since its portal is edited now; `None` if it must ring.
pub fn quieted(it: &Incident, plan: &Plan, now: Timestamp) -> Option<Incident> {
    let last = it.timeline.last().map(|it| it.what);
    let just_opened =
        (it.revision == 0 || last == Some(What::Again)) && it.muted.is_none() && it.taken.is_none();
    if !just_opened || !it.stage.is_open() || bears_marks(it.kind, &it.signals) {
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
pub fn is_unmasked(known: &Incident, kind: Option<Kind>, signals: &[Signal]) -> bool {
    known.planned.is_some() && kind.is_some_and(|kind| bears_marks(kind, signals))
}

/// The time of a plan is over: what is to be asked. `None` while it lasts.
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

/// Notes the agency's answer whether it made the changes. The first answer stays.
pub fn answer(plan: &Plan, by: &Actor, ours: bool, now: Timestamp) -> Result<Plan, Say> {
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
        PlanStage::Answered { by, .. } => Err(Say::new("plan-answered-already").with("by", by)),
        _ => Err(Say::new("plan-past").with("id", &plan.id)),
    }
}

/// It was not the agency: it rings as if it had just been seen.
pub fn disowned(known: &Incident, by: &Actor, now: Timestamp) -> Incident {
    let mut it = loud(known, now);
    it.timeline.push(Event {
        at: now,
        what: What::Disowned,
        by: Some(by.name.clone()),
        origin: by.origin.clone(),
        note: None,
    });
    it
}

/// Announced changes silence it no more. People have been able to take it since now.
pub fn loud(known: &Incident, now: Timestamp) -> Incident {
    let mut it = known.clone();
    it.planned = None;
    it.muted = None;
    push(&mut it, now, What::Unmuted, None);
    it
}

/// Time for the agency's answer; after it, the question lapses.
const ANSWER_WITHIN: SignedDuration = SignedDuration::from_hours(1);
/// What the agency answers for is taken into the baseline so soon, or rings: the portal may be down for a while.
const TAKEN_WITHIN: SignedDuration = SignedDuration::from_hours(24);

/// Whether the plan no longer silences the incident, though the agency has not answered.
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

/// `22:00-23:00`, `22h 23h30`, with a day before or behind (`25/11`, `2026-11-25`): the span, and what stands after it.
/// Without a day it is the next such hours.
pub fn span(text: &str, now: &Zoned) -> Option<(Timestamp, Timestamp, String)> {
    let mut words: Vec<&str> = text.split_whitespace().collect();
    let mut day = None;
    let mut hours = Vec::new();
    while let Some(word) = words.first().copied() {
        if hours.len() < 2
            && let Some(found) = clocks(word)
        {
            hours.extend(found);
        } else if day.is_none()
            && let Some(found) = date(word, now)
        {
            day = Some(found);
        } else if !is_between(word, words.get(1).copied(), hours.len(), now) {
            break;
        }
        words.remove(0);
    }
    let [from, to] = hours[..] else {
        return None;
    };
    let zone = now.time_zone();
    let at = |day: Date, time: Time| {
        Some(
            day.to_datetime(time)
                .to_zoned(zone.clone())
                .ok()?
                .timestamp(),
        )
    };
    let today = now.date();
    let first = day.unwrap_or(today);
    let mut begin = first;
    let mut end = if to <= from {
        begin.tomorrow().ok()?
    } else {
        begin
    };
    if day.is_none() && at(end, to)? <= now.timestamp() {
        begin = begin.tomorrow().ok()?;
        end = end.tomorrow().ok()?;
    }
    Some((at(begin, from)?, at(end, to)?, words.join(" ")))
}

/// Small words between hours and days; `ngày` behind the hours only where a day follows.
fn is_between(word: &str, next: Option<&str>, hours: usize, now: &Zoned) -> bool {
    match word {
        "ngày" => next.is_some_and(|next| date(next, now).is_some()),
        "từ" | "đến" | "tới" | "-" | "–" | "from" | "to" => hours < 2,
        _ => false,
    }
}

/// One time of day, or two with a dash between.
fn clocks(word: &str) -> Option<Vec<Time>> {
    let parts: Vec<&str> = word.split(['-', '–']).filter(|it| !it.is_empty()).collect();
    if parts.is_empty() || parts.len() > 2 {
        return None;
    }
    parts.into_iter().map(clock).collect()
}

fn clock(text: &str) -> Option<Time> {
    let text = text.to_lowercase().replace('g', "h");
    let (hour, minute) = text.split_once([':', 'h'])?;
    let minute = if minute.is_empty() { "0" } else { minute };
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

/// `25/11`, `25/11/2026` or `2026-11-25`; without a year the next one.
fn date(word: &str, now: &Zoned) -> Option<Date> {
    if let Ok(day) = word.parse() {
        return Some(day);
    }
    let mut parts = word.split('/');
    let day = parts.next()?.parse().ok()?;
    let month = parts.next()?.parse().ok()?;
    match parts.next() {
        Some(year) => Date::new(year.parse().ok()?, month, day).ok(),
        None => {
            let this = Date::new(now.year(), month, day).ok()?;
            if this < now.date() {
                return Date::new(now.year() + 1, month, day).ok();
            }
            Some(this)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(String, String, String)> {
        let now: Zoned = "2026-11-22T21:30:00+07:00[Asia/Ho_Chi_Minh]"
            .parse()
            .unwrap();
        let (from, to, rest) = span(text, &now)?;
        let shown = |at: Timestamp| {
            let zoned = at.to_zoned(now.time_zone().clone());
            zoned.strftime("%d/%m %H:%M").to_string()
        };
        Some((shown(from), shown(to), rest))
    }

    #[test]
    fn spans_as_people_write_them() {
        let is = |text: &str, from: &str, to: &str, rest: &str| {
            let wanted = (from.to_owned(), to.to_owned(), rest.to_owned());
            assert_eq!(read(text), Some(wanted), "{text}");
        };
        is(
            "22:00-23:00 đổi giao diện",
            "22/11 22:00",
            "22/11 23:00",
            "đổi giao diện",
        );
        is(
            "22h 23h30 banner Tết",
            "22/11 22:00",
            "22/11 23:30",
            "banner Tết",
        );
        is(
            "từ 22h đến 2h nâng cấp",
            "22/11 22:00",
            "23/11 02:00",
            "nâng cấp",
        );
        is(
            "8:00-9:00 sáng mai",
            "23/11 08:00",
            "23/11 09:00",
            "sáng mai",
        );
        is("25/11 8:00 - 9:00 x", "25/11 08:00", "25/11 09:00", "x");
        is(
            "8g-9g ngày 1/1 x 22:00",
            "01/01 08:00",
            "01/01 09:00",
            "x 22:00",
        );
        for wrong in [
            "",
            "22:00",
            "mai",
            "25:00-26:00 x",
            "SC-2026-0001 x",
            "1-2 x",
            "22:00-22:30-23:00 x",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_signal_that_nobody_thought_of_rings() {
        let signal = |name: &str, weight| Signal {
            name: name.to_owned(),
            weight,
            say: Say::default(),
            excerpt: String::new(),
        };
        assert!(!bears_marks(
            Kind::Defaced,
            &[signal("replaced", 3.0), signal("boast", 0.1)]
        ));
        assert!(bears_marks(
            Kind::Planted,
            &[signal("replaced", 3.0), signal("tomorrow", 0.4)]
        ));
        assert!(bears_marks(Kind::Redirected, &[]));
        assert!(!bears_marks(Kind::Down, &[]));
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
