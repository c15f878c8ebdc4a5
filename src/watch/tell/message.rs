//! What an alert says, made from what is true when it is sent.

use std::{collections::BTreeMap, net::IpAddr};

use super::{
    super::{World, officers::beside, plans, reports},
    moved_to, receipt,
};
use crate::{
    alert::{
        Document, Message, duty, plan, request, requests,
        storm::{self, Surroundings},
        windows, words,
    },
    duty::handover,
    model::{About, Alert, Incident},
    registry::limits,
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
            // of the agency somebody has it: only the operator's people are still wanted
            if incident.taken.is_some() && !world.config.defaults.notify.contains(&alert.notifier) {
                message.buttons.retain(|it| !it.action.starts_with("take:"));
            }
            message.silent = incident.stage.is_open()
                && incident.is_muted_for(&alert.notifier, world.clock.now());
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
            let duty = world.config.defaults.notify.contains(&alert.notifier);
            let has_it = incident.led().is_some() || incident.taken.is_some() && !duty;
            if has_it || !incident.stage.is_open() || incident.is_muted_for(&alert.notifier, now) {
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
                let beside = beside(world, &request).await.map_err(store)?;
                request::to_officers(&request, beside.shown(), &world.words, zone)
            } else {
                request::to_asker(&request, &world.words, zone).ok_or(Unspoken::Moot)?
            };
            Ok(alone(message.repeated(repeat, &world.words)))
        }
        About::Requests(_) => {
            let all = world.store.requests().await.map_err(store)?;
            let waiting: Vec<_> = all.iter().filter(|it| limits::is_unproved(it)).collect();
            let message = requests::all(&waiting, &limits::askers(&waiting), &world.words, zone);
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
            let bytes = reports::bytes_of(&world.config, &file.path).map_err(Unspoken::Gone)?;
            let name = format!("gaccong-{}.html", file.week);
            let document = Document { name, bytes };
            let report = words::report(&file.week, &file.summary, document, &world.words);
            Ok(alone(report.repeated(repeat, &world.words)))
        }
        About::Storm(id) | About::Roll(id) => {
            let all = world.store.storms(&alert.notifier).await.map_err(store)?;
            let known = all
                .into_iter()
                .find(|it| it.id == *id)
                .ok_or_else(|| Unspoken::Gone(format!("there is no storm {id}")))?;
            let members = world.store.members(&known).await.map_err(store)?;
            if matches!(alert.about, About::Roll(_)) {
                let message = storm::roll(&known, &members, &world.words, zone)
                    .repeated(repeat, &world.words);
                return Ok(Spoken { message, members });
            }
            let around = surroundings(world).await;
            let message = storm::storm(&known, &members, &around, &world.words, zone, repeat);
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
    address.is_empty() || earlier.place == moved.unwrap_or(address)
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
