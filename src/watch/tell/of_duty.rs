//! What the duty room is told of itself, made from what is true when it is sent.

use super::{
    super::{World, muster},
    message::{Unspoken, incident, unread},
};
use crate::{
    alert::{Message, duty},
    duty::handover,
    model::{
        About, Incident,
        duty::{Person, Rung},
        incident::What,
    },
    store::Wanted,
};

/// A reminder is among the last lines of a time line, before what came of it: refusals, notes.
const NEAR_THE_END: usize = 10;

/// What the duty room is told of itself: calls, reminders, shifts.
pub(super) async fn message(
    world: &World,
    notifier: &str,
    about: &About,
) -> Result<Message, Unspoken> {
    let zone = &world.config.service.timezone;
    let now = world.clock.now();
    match about {
        About::Call(id, to) => {
            let incident = incident(world, id).await?;
            if incident.taken.is_some() || !incident.stage.is_open() || incident.is_muted(now) {
                return Err(Unspoken::Moot);
            }
            let called = super::super::duty::called(world, &incident, now);
            Ok(duty::call(&incident, *to, &called, &world.words, zone, now))
        }
        About::Nudge(id) => {
            let incident = incident(world, id).await?;
            let rings = incident.stage.is_open() && !incident.is_muted(now);
            let taken = incident.taken.as_ref().filter(|_| rings);
            let by = taken.ok_or(Unspoken::Moot)?.by.clone();
            let taker = super::super::duty::known_person(&world.config, &by);
            let called = super::super::duty::called(world, &incident, now);
            Ok(duty::nudge(
                &incident,
                &taker,
                &called,
                &world.words,
                zone,
                now,
            ))
        }
        About::Calls(to) => calls(world, notifier, *to).await,
        About::Nudges => nudges_of(world, notifier).await,
        About::Handover(at) => {
            let roster = &world.config.duty.roster;
            let before = at.checked_sub(jiff::SignedDuration::from_secs(1));
            let change = handover(roster, before.unwrap_or(*at), *at, zone);
            // the roster was changed since
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
        About::Muster(at) | About::Absent(at) => {
            let people = muster::missing_at(world, *at).await.map_err(unread)?;
            // the shift has begun, or the roster was changed since
            if people.is_empty() || *at <= now {
                return Err(Unspoken::Moot);
            }
            let mut message = match about {
                About::Muster(_) => duty::muster(&people, *at, &world.words, zone),
                _ => duty::absent(&people, *at, &world.words, zone),
            };
            message.silent = muster::is_night(world, now);
            Ok(message)
        }
        other => Err(Unspoken::Gone(format!(
            "{} is no word of the duty room",
            other.key()
        ))),
    }
}

/// One message for all that nobody has taken.
async fn calls(world: &World, notifier: &str, to: Rung) -> Result<Message, Unspoken> {
    let zone = &world.config.service.timezone;
    let now = world.clock.now();
    let all = of_notifier(world, notifier).await?;
    let waits = |it: &Incident| it.taken.is_none() && it.escalated > 0;
    let all: Vec<Incident> = all.into_iter().filter(waits).collect();
    let Some(first) = all.first() else {
        return Err(Unspoken::Moot);
    };
    let mut called = super::super::duty::called(world, first, now);
    let others = all.iter().skip(1);
    let others = others.map(|it| super::super::duty::called(world, it, now));
    let mut heads: Vec<Person> = called.head.iter().cloned().collect();
    for it in others {
        called.since = called.since.min(it.since);
        heads.extend(it.head.filter(|head| !heads.contains(head)));
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

/// One message for all that somebody took long ago.
async fn nudges_of(world: &World, notifier: &str) -> Result<Message, Unspoken> {
    let mut all = of_notifier(world, notifier).await?;
    all.retain(|it| {
        let mut last = it.timeline.iter().rev().take(NEAR_THE_END);
        it.taken.is_some() && last.any(|it| it.what == What::Nudged)
    });
    if all.is_empty() {
        return Err(Unspoken::Moot);
    }
    let mut takers: Vec<(Person, usize)> = Vec::new();
    for taken in all.iter().filter_map(|it| it.taken.as_ref()) {
        let person = super::super::duty::known_person(&world.config, &taken.by);
        match takers.iter_mut().find(|it| it.0 == person) {
            Some(known) => known.1 += 1,
            None => takers.push((person, 1)),
        }
    }
    Ok(duty::nudges(&all, &takers, &world.words))
}

/// Open incidents that ring and are told to a notifier; to the operator's, all.
async fn of_notifier(world: &World, notifier: &str) -> Result<Vec<Incident>, Unspoken> {
    let now = world.clock.now();
    let wanted = Wanted {
        open_only: true,
        ..Wanted::default()
    };
    let mut all = world.store.incidents(&wanted).await.map_err(unread)?;
    let duty = &world.config.defaults.notify;
    if !duty.iter().any(|it| it == notifier) {
        let targets = world.targets().await.map_err(unread)?;
        let ours: std::collections::HashSet<&str> = targets
            .iter()
            .filter(|it| it.settings.notify.iter().any(|it| it == notifier))
            .map(|it| it.id.as_str())
            .collect();
        all.retain(|it| ours.contains(it.target.portal()));
    }
    all.retain(|it| !it.is_muted(now));
    Ok(all)
}
