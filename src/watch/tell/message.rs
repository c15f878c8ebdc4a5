//! What an alert says, made from what is true when it is sent.

use std::{collections::BTreeMap, fs, net::IpAddr};

use super::{
    super::{World, muster, plans},
    moved_to, receipt,
};
use crate::{
    alert::{
        Document, Message, duty, plan, request,
        storm::{self, Surroundings},
        windows, words,
    },
    duty::handover,
    model::{About, Alert, Incident},
    store::Wanted,
};

/// Why an alert has no words.
pub(super) enum Unspoken {
    Store(String),
    Gone(String),
    /// There is nothing to say any more, and nobody misses it.
    Moot,
}

/// A message, and the incidents that it is about where they are many.
pub(super) struct Spoken {
    pub message: Message,
    pub members: Vec<Incident>,
}

pub(super) async fn of(world: &World, alert: &Alert, unsure: bool) -> Result<Spoken, Unspoken> {
    let zone = &world.config.service.timezone;
    let alone = |message| Spoken {
        message,
        members: Vec::new(),
    };
    let store = |error: crate::store::StoreError| Unspoken::Store(error.to_string());
    let repeat = unsure && !is_edit(world, alert).await;
    match &alert.about {
        About::Incident(id) => {
            let incident = world.store.incident(id).await.map_err(store)?;
            let incident =
                incident.ok_or_else(|| Unspoken::Gone(format!("there is no incident {id}")))?;
            let mut message = words::incident(&incident, &world.words, zone, repeat);
            message.silent = incident.stage.is_open() && incident.is_muted(world.clock.now());
            Ok(alone(message))
        }
        About::Reminder(id) => {
            let incident = world.store.incident(id).await.map_err(store)?;
            let incident =
                incident.ok_or_else(|| Unspoken::Gone(format!("there is no incident {id}")))?;
            Ok(alone(words::reminder(
                &incident,
                &world.words,
                zone,
                repeat,
            )))
        }
        About::Call(id, to) => {
            let incident = world.store.incident(id).await.map_err(store)?;
            let incident =
                incident.ok_or_else(|| Unspoken::Gone(format!("there is no incident {id}")))?;
            let now = world.clock.now();
            if incident.taken.is_some() || !incident.stage.is_open() || incident.is_muted(now) {
                return Err(Unspoken::Moot);
            }
            let called = super::super::duty::called(world, &incident, now);
            let message = duty::call(&incident, *to, &called, &world.words, zone, now);
            Ok(alone(message.repeated(repeat, &world.words)))
        }
        About::Request(id) => {
            let request = world.store.request(id).await.map_err(store)?;
            let request =
                request.ok_or_else(|| Unspoken::Gone(format!("there is no request {id}")))?;
            let message = if world.config.defaults.notify.contains(&alert.notifier) {
                let window = world.window_ahead(world.clock.now());
                let known = world.targets().await.map_err(store)?;
                let known = world.agencies(&known);
                let beside = request::Beside {
                    window: window.as_ref().map(|it| (it.name.as_str(), it.to)),
                    new_agency: known.iter().all(|it| it.id != request.agency),
                };
                request::to_officers(&request, beside, &world.words, zone)
            } else {
                request::to_asker(&request, &world.words, zone).ok_or(Unspoken::Moot)?
            };
            Ok(alone(message.repeated(repeat, &world.words)))
        }
        About::Plan(id) => {
            let known = world.store.plan(id).await.map_err(store)?;
            let known = known.ok_or_else(|| Unspoken::Gone(format!("there is no plan {id}")))?;
            let names = plans::names(world, &known.targets).await.map_err(store)?;
            let seen = plans::seen_in(world, &known).await.map_err(store)?;
            let asked = known
                .asked(&world.config.defaults.notify)
                .contains(&&alert.notifier);
            let message = plan::plan(&known, &names, &seen, asked, &world.words, zone);
            Ok(alone(message.repeated(repeat, &world.words)))
        }
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
            let open = world.store.incidents(&wanted).await.map_err(store)?;
            let message = duty::handover(&change.off, &change.on, &open, *at, &world.words, zone);
            Ok(alone(message.repeated(repeat, &world.words)))
        }
        About::Nudge(id) => {
            let incident = world.store.incident(id).await.map_err(store)?;
            let incident =
                incident.ok_or_else(|| Unspoken::Gone(format!("there is no incident {id}")))?;
            let now = world.clock.now();
            let taken = incident.taken.as_ref().map(|it| it.by.clone());
            let Some(by) = taken.filter(|_| incident.stage.is_open() && !incident.is_muted(now))
            else {
                return Err(Unspoken::Moot);
            };
            let taker = super::super::duty::known_person(&world.config, &by);
            let called = super::super::duty::called(world, &incident, now);
            let message = duty::nudge(&incident, &taker, &called, &world.words, zone, now);
            Ok(alone(message.repeated(repeat, &world.words)))
        }
        About::Muster(at) | About::Absent(at) => {
            let now = world.clock.now();
            // the shift has begun, or the roster was changed since
            let people = muster::missing_at(world, *at).await.map_err(store)?;
            if people.is_empty() || *at <= now {
                return Err(Unspoken::Moot);
            }
            let mut message = match alert.about {
                About::Muster(_) => duty::muster(&people, *at, &world.words, zone),
                _ => duty::absent(&people, *at, &world.words, zone),
            };
            message.silent = muster::is_night(world, now);
            Ok(alone(message.repeated(repeat, &world.words)))
        }
        About::Window(news) => {
            let facts = super::super::windows::facts(world, news)
                .await
                .map_err(store)?;
            let message = windows::message(news, &facts, &world.words, zone);
            Ok(alone(message.repeated(repeat, &world.words)))
        }
        About::Notice(notice) => Ok(alone(
            words::notice(notice, &world.words, zone).repeated(repeat, &world.words),
        )),
        About::Report(file) => {
            let bytes = fs::read(&file.path)
                .map_err(|error| Unspoken::Gone(format!("{}: {error}", file.path)))?;
            let name = format!("gaccong-{}.html", file.week);
            let document = Document { name, bytes };
            let report = words::report(&file.week, &file.summary, document, &world.words);
            Ok(alone(report.repeated(repeat, &world.words)))
        }
        About::Storm(id) | About::Roll(id) | About::Joined(id) => {
            of_storm(world, alert, id, repeat).await
        }
    }
}

/// The message of a storm, its list, or what rings for those who joined it.
async fn of_storm(
    world: &World,
    alert: &Alert,
    id: &str,
    repeat: bool,
) -> Result<Spoken, Unspoken> {
    let zone = &world.config.service.timezone;
    let store = |error: crate::store::StoreError| Unspoken::Store(error.to_string());
    let all = world.store.storms(&alert.notifier).await.map_err(store)?;
    let known = all
        .into_iter()
        .find(|it| it.id == *id)
        .ok_or_else(|| Unspoken::Gone(format!("there is no storm {id}")))?;
    let members = world.store.members(&known).await.map_err(store)?;
    match (&alert.about, members.as_slice()) {
        // all are told elsewhere by now
        (_, []) => Err(Unspoken::Moot),
        (About::Joined(_), all) => {
            let now = world.clock.now();
            let waits =
                |it: &&Incident| it.stage.is_open() && it.taken.is_none() && !it.is_muted(now);
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
        // one is not many: it is told as what it is
        (_, [only]) => {
            let mut message = words::incident(only, &world.words, zone, repeat);
            message.silent = only.stage.is_open() && only.is_muted(world.clock.now());
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
