//! Messages of the duty room's own affairs, made from what is true when they are sent.

use jiff::Timestamp;

use crate::{
    deliver::{
        compose::{Unspoken, incident, is_operators, unread, waits_for},
        rings,
    },
    duty::handover,
    jobs::shift_check,
    model::{
        About, Alert, Incident,
        duty::{Person, Rung},
        incident::{Event, Taken, What},
    },
    notify::{Message, duty, duty::Holder, reminders, words},
    store::Wanted,
    world::World,
};

/// Lines from the end of a time line in which a reminder stands: refusals and notes may follow it.
const NEAR_THE_END: usize = 10;

/// The message of a call, a reminder or a shift.
pub(crate) async fn message(world: &World, alert: &Alert) -> Result<Message, Unspoken> {
    let (notifier, about) = (alert.notifier.as_str(), &alert.about);
    let zone = &world.config.service.timezone;
    let now = world.clock.now();
    match about {
        About::Call(id, to) => {
            let incident = incident(world, id).await?;
            let rings = incident.stage.is_open() && !incident.is_muted_for(notifier, now);
            if !rings || !waits_for(world, notifier, &incident) {
                return Err(Unspoken::Moot);
            }
            let called = crate::jobs::escalation::called(world, &incident, now);
            Ok(duty::call(&incident, *to, &called, &world.words, zone, now))
        }
        About::TakenReminder(id) => {
            let incident = incident(world, id).await?;
            let rings = incident.stage.is_open() && !incident.is_muted_for(notifier, now);
            let taken = held(world, notifier, &incident).filter(|_| rings);
            let holder =
                crate::jobs::escalation::holder(&world.config, taken.ok_or(Unspoken::Moot)?);
            let called = crate::jobs::escalation::called(world, &incident, now);
            Ok(duty::taken_reminder(
                &incident,
                &holder,
                &called,
                &world.words,
                zone,
                now,
            ))
        }
        About::Calls(to) => calls(world, notifier, *to).await,
        About::TakenReminders => taken_reminders_of(world, notifier).await,
        About::Reminders => reminders_of(world, notifier, alert.created).await,
        About::Handover(at) => {
            let roster = &world.config.duty.roster;
            let before = at.checked_sub(jiff::SignedDuration::from_secs(1));
            let change = handover(roster, before.unwrap_or(*at), *at, zone);
            // the roster has changed since
            let change = change.ok_or(Unspoken::Moot)?;
            let wanted = Wanted {
                open_only: true,
                ..Wanted::default()
            };
            let open = world.store.incidents(&wanted).await.map_err(unread)?;
            Ok(duty::handover(
                &change.off,
                &change.on,
                &open,
                *at,
                &world.words,
                zone,
            ))
        }
        About::ShiftCheck(at) | About::Absent(at) => {
            let people = shift_check::missing_at(world, *at).await.map_err(unread)?;
            // the shift has begun, or the roster has changed since
            if people.is_empty() || *at <= now {
                return Err(Unspoken::Moot);
            }
            // at night the question makes no sound; a missing officer is an alarm, which does
            Ok(match about {
                About::ShiftCheck(_) => Message {
                    silent: shift_check::is_night(world, now),
                    ..duty::shift_check(&people, *at, &world.words, zone)
                },
                _ => duty::absent(&people, *at, &world.words, zone),
            })
        }
        other => Err(Unspoken::Gone(format!(
            "{} is no word of the duty room",
            other.key()
        ))),
    }
}

/// One message for all incidents that no officer has taken.
async fn calls(world: &World, notifier: &str, to: Rung) -> Result<Message, Unspoken> {
    let zone = &world.config.service.timezone;
    let now = world.clock.now();
    let all = of_notifier(world, notifier).await?;
    let waits = |it: &Incident| waits_for(world, notifier, it) && it.escalated > 0;
    let all: Vec<Incident> = all.into_iter().filter(waits).collect();
    let Some(first) = all.first() else {
        return Err(Unspoken::Moot);
    };
    let mut called = crate::jobs::escalation::called(world, first, now);
    let mut heads: Vec<Person> = Vec::new();
    for known in &all {
        let it = crate::jobs::escalation::called(world, known, now);
        called.since = called.since.min(it.since);
        // the agency's head is not called where the agency's people have it
        let head = it.head.filter(|_| known.taken.is_none());
        heads.extend(head.filter(|head| !heads.contains(head)));
        let more = it.contacts.into_iter();
        let more = more.filter(|it| !called.contacts.contains(it));
        let more: Vec<_> = more.collect();
        called.contacts.extend(more);
    }
    Ok(duty::calls(
        &all,
        to,
        (&called, &heads),
        &world.words,
        zone,
        now,
    ))
}

/// One message for all incidents that were taken long ago and are still open.
async fn taken_reminders_of(world: &World, notifier: &str) -> Result<Message, Unspoken> {
    let mut all = of_notifier(world, notifier).await?;
    all.retain(|it| {
        let mut last = it.timeline.iter().rev().take(NEAR_THE_END);
        held(world, notifier, it).is_some() && last.any(|it| it.what == What::Nudged)
    });
    if all.is_empty() {
        return Err(Unspoken::Moot);
    }
    let mut holders: Vec<(Holder, usize)> = Vec::new();
    for taken in all.iter().filter_map(|it| held(world, notifier, it)) {
        let is_he = |it: &Taken| (&it.by, &it.origin) == (&taken.by, &taken.origin);
        match holders.iter_mut().find(|it| is_he(&it.0.taken)) {
            Some(known) => known.1 += 1,
            None => holders.push((crate::jobs::escalation::holder(&world.config, taken), 1)),
        }
    }
    Ok(duty::taken_reminders(&all, &holders, &world.words))
}

/// One message for all incidents that were reminded of since `since`.
async fn reminders_of(
    world: &World,
    notifier: &str,
    since: Timestamp,
) -> Result<Message, Unspoken> {
    let mut all = of_notifier(world, notifier).await?;
    let reminded = |it: &Event| it.at >= since && rings::lasts(it);
    all.retain(|it| it.timeline.iter().any(reminded));
    if all.is_empty() {
        return Err(Unspoken::Moot);
    }
    let (zone, now) = (&world.config.service.timezone, world.clock.now());
    Ok(match all.as_slice() {
        [only] => words::reminder(only, &world.words, zone, false),
        _ => reminders::reminders(&all, &world.words, now),
    })
}

/// The holder that a notifier's people remind: in the operator's chats the operator's; where there is none, the
/// agency's.
fn held<'a>(world: &World, notifier: &str, it: &'a Incident) -> Option<&'a Taken> {
    match it.led() {
        Some(led) => Some(led).filter(|_| is_operators(world, notifier)),
        None => it.taken.as_ref(),
    }
}

/// Open incidents that a notifier is told of and has not muted; at the operator's notifiers, of all targets.
async fn of_notifier(world: &World, notifier: &str) -> Result<Vec<Incident>, Unspoken> {
    let now = world.clock.now();
    let wanted = Wanted {
        open_only: true,
        ..Wanted::default()
    };
    let mut all = world.store.incidents(&wanted).await.map_err(unread)?;
    if !is_operators(world, notifier) {
        let targets = world.targets().await.map_err(unread)?;
        let ours: std::collections::HashSet<&str> = targets
            .iter()
            .filter(|it| it.settings.notify.iter().any(|it| it == notifier))
            .map(|it| it.id.as_str())
            .collect();
        all.retain(|it| ours.contains(it.target.portal()));
    }
    all.retain(|it| !it.is_muted_for(notifier, now));
    Ok(all)
}
