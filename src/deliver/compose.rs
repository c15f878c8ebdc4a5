//! What an alert says, made from what is true when it is sent.

use std::{collections::BTreeMap, net::IpAddr};

use crate::{
    actions::{plans, reports, request_alerts::beside},
    deliver::{duty_messages, moved_to, receipts::receipt},
    model::{About, Alert, Incident, IncidentId, registration::RequestId},
    notify::{
        Document, Message, notices, plan, request, requests, storm, storm::Surroundings, windows,
        words,
    },
    registry::limits,
    store::StoreError,
    world::World,
};

/// Why an alert has no words.
pub(crate) enum Unspoken {
    Store(String),
    Gone(String),
    /// There is nothing to say any more, and nobody misses it.
    Moot,
}

/// A message, and the incidents that it is about where they are many.
pub(crate) struct Spoken {
    pub message: Message,
    pub members: Vec<Incident>,
}

impl Spoken {
    fn of(message: Message) -> Self {
        Self {
            message,
            members: Vec::new(),
        }
    }
}

pub(crate) fn unread(error: StoreError) -> Unspoken {
    Unspoken::Store(error.to_string())
}

pub(crate) async fn of(world: &World, alert: &Alert, unsure: bool) -> Result<Spoken, Unspoken> {
    let zone = &world.config.service.timezone;
    let repeat = unsure && !is_edit(world, alert).await;
    let message = match &alert.about {
        // these messages have the mark of a repeat in their first line
        About::Incident(id) => {
            let incident = incident(world, id).await?;
            let message = incident_to(world, &alert.notifier, &incident, repeat);
            return Ok(Spoken::of(message));
        }
        About::Reminder(id) => {
            let incident = incident(world, id).await?;
            let message = words::reminder(&incident, &world.words, zone, repeat);
            return Ok(Spoken::of(message));
        }
        About::Storm(id) | About::Roll(id) | About::Joined(id) => {
            return of_storm(world, alert, id, repeat).await;
        }
        About::Request(id) => request_to(world, &alert.notifier, id).await?,
        About::Requests(_) => {
            let all = world.store.requests().await.map_err(unread)?;
            let waiting: Vec<_> = all.iter().filter(|it| limits::is_together(it)).collect();
            let unproved: Vec<_> = all.iter().filter(|it| limits::is_unproved(it)).collect();
            requests::all(&waiting, &limits::askers(&unproved), &world.words, zone)
        }
        About::Plan(id) => {
            let known = world.store.plan(id).await.map_err(unread)?;
            let known = known.ok_or_else(|| Unspoken::Gone(format!("there is no plan {id}")))?;
            let names = plans::names(world, &known.targets).await.map_err(unread)?;
            let seen = plans::seen_in(world, &known).await.map_err(unread)?;
            let asked = known
                .asked(&world.config.defaults.notify)
                .contains(&&alert.notifier);
            plan::plan(&known, &names, &seen, asked, &world.words, zone)
        }
        About::Window(news) => {
            let facts = crate::jobs::windows::facts(world, news)
                .await
                .map_err(unread)?;
            windows::message(news, &facts, &world.words, zone)
        }
        About::Notice(notice) => notices::notice(notice, &world.words, zone),
        About::Report(file) => {
            let bytes = reports::bytes_of(&world.config, &file.path).map_err(Unspoken::Gone)?;
            let name = format!("gaccong-{}.html", file.week);
            let document = Document { name, bytes };
            words::report(&file.week, &file.summary, document, &world.words)
        }
        About::Call(..)
        | About::Calls(_)
        | About::TakenReminder(_)
        | About::TakenReminders
        | About::Reminders
        | About::Handover(_)
        | About::ShiftCheck(_)
        | About::Absent(_) => duty_messages::message(world, alert).await?,
    };
    Ok(Spoken::of(message.repeated(repeat, &world.words)))
}

pub(crate) async fn incident(world: &World, id: &IncidentId) -> Result<Incident, Unspoken> {
    let known = world.store.incident(id).await.map_err(unread)?;
    known.ok_or_else(|| Unspoken::Gone(format!("there is no incident {id}")))
}

/// Whether a notifier speaks to the operator's people.
pub(crate) fn is_operators(world: &World, notifier: &str) -> bool {
    world.config.defaults.notify.iter().any(|it| it == notifier)
}

/// Whether an incident still needs a taker among a notifier's people. Where one of the agency's people has it, only the
/// operator's people are still wanted.
pub(crate) fn waits_for(world: &World, notifier: &str, it: &Incident) -> bool {
    it.led().is_none() && (it.taken.is_none() || is_operators(world, notifier))
}

fn incident_to(world: &World, notifier: &str, it: &Incident, repeat: bool) -> Message {
    let zone = &world.config.service.timezone;
    let mut message = words::incident(it, &world.words, zone, repeat);
    if !waits_for(world, notifier, it) {
        message.buttons.retain(|it| !it.action.starts_with("take:"));
    }
    message.silent = it.stage.is_open() && it.is_muted_for(notifier, world.clock.now());
    message
}

/// The message of a request: to the officers who decide, or to the asker.
async fn request_to(world: &World, notifier: &str, id: &RequestId) -> Result<Message, Unspoken> {
    let zone = &world.config.service.timezone;
    let known = world.store.request(id).await.map_err(unread)?;
    let request = known.ok_or_else(|| Unspoken::Gone(format!("there is no request {id}")))?;
    if !is_operators(world, notifier) {
        return request::to_asker(&request, &world.words, zone).ok_or(Unspoken::Moot);
    }
    let beside = beside(world, &request).await.map_err(unread)?;
    Ok(request::to_officers(
        &request,
        beside.shown(),
        &world.words,
        zone,
    ))
}

/// The message of a storm, its list, or the ringing message for incidents that joined it.
async fn of_storm(
    world: &World,
    alert: &Alert,
    id: &str,
    repeat: bool,
) -> Result<Spoken, Unspoken> {
    let zone = &world.config.service.timezone;
    let all = world.store.storms(&alert.notifier).await.map_err(unread)?;
    let known = all
        .into_iter()
        .find(|it| it.id == *id)
        .ok_or_else(|| Unspoken::Gone(format!("there is no storm {id}")))?;
    let members = world.store.members(&known).await.map_err(unread)?;
    match (&alert.about, members.as_slice()) {
        // all its incidents are told elsewhere by now
        (_, []) => Err(Unspoken::Moot),
        (About::Joined(_), all) => {
            let (name, now) = (&alert.notifier, world.clock.now());
            let rings = |it: &&Incident| it.stage.is_open() && !it.is_muted_for(name, now);
            let waits = |it: &&Incident| rings(it) && waits_for(world, name, it);
            let named = all.iter().filter(|it| known.joiners.contains(&it.id));
            let named: Vec<Incident> = named.filter(waits).cloned().collect();
            if named.is_empty() {
                return Err(Unspoken::Moot);
            }
            let message = storm::joined(&known, &named, all, &world.words);
            let message = message.repeated(repeat, &world.words);
            Ok(Spoken {
                message,
                members: named,
            })
        }
        (About::Roll(_), all) => {
            let message =
                storm::roll(&known, all, &world.words, zone).repeated(repeat, &world.words);
            Ok(Spoken { message, members })
        }
        // a storm of one incident is told as that incident
        (_, [only]) => {
            let message = incident_to(world, &alert.notifier, only, repeat);
            Ok(Spoken { message, members })
        }
        (_, all) => {
            let around = surroundings(world).await;
            let message = storm::storm(&known, all, &around, &world.words, zone, repeat);
            Ok(Spoken { message, members })
        }
    }
}

/// Whether it brings up to date what stands where its notifier speaks now: that cannot come twice. What was said in a chat
/// before it moved stays behind, and is sent anew.
async fn is_edit(world: &World, alert: &Alert) -> bool {
    let earlier = receipt(world, &alert.notifier, alert).await;
    let (Some(earlier), Some(notifier)) = (earlier, world.notifier(&alert.notifier)) else {
        return false;
    };
    let address = notifier.address();
    let moved = moved_to(&alert.notifier, &address);
    let moved = world.store.milestone(&moved).await.unwrap_or(None);
    address.is_empty() || earlier.place == notifier.place(moved.as_deref())
}

/// Who else is watched where the storm is.
async fn surroundings(world: &World) -> Surroundings {
    let all = world.store.glances().await.unwrap_or_default();
    let mut addresses: BTreeMap<String, (IpAddr, bool)> = BTreeMap::new();
    for it in all {
        if let (Some(address), Some(last)) = (it.address, it.last)
            && !it.target.as_str().contains('~')
        {
            let failing = !matches!(last.1.standing(), crate::model::Standing::Up);
            addresses.insert(it.target.to_string(), (address, failing));
        }
    }
    Surroundings {
        watched: addresses.into_values().collect(),
    }
}
