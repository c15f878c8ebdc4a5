//! Many incidents at once become one message at each notifier: what came first is told one by one, the rest is
//! gathered, and the message grows with them.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::super::World;
use crate::model::{
    About, Alert, Incident, Storm, Urgency,
    incident::{Event, What},
    storm::Family,
};
use crate::store::{Commit, Result};

/// So many incidents of a family are told one by one within a while; the next begins a storm. With the storm's own
/// message and its list that makes five in the first minute.
const ONE_BY_ONE: usize = 3;
const WHILE: Duration = Duration::from_secs(120);
/// Who comes later than this after the last is not of the storm.
const CALM: SignedDuration = SignedDuration::from_mins(5);
/// The message is brought up to date so often at the most.
const UPDATE: SignedDuration = SignedDuration::from_secs(20);
/// The list waits for those that are being confirmed, and is made again when it has become twice as long.
const LIST_AFTER: SignedDuration = SignedDuration::from_secs(45);

/// When incidents were told one by one, by notifier and family. In memory: after a restart a few more go alone.
#[derive(Default)]
pub(super) struct Lately(HashMap<(String, Family), VecDeque<Instant>>);

impl Lately {
    fn count(&mut self, notifier: &str, family: Family) -> usize {
        let told = self.0.entry((notifier.to_owned(), family)).or_default();
        while told.front().is_some_and(|it| it.elapsed() > WHILE) {
            told.pop_front();
        }
        told.len()
    }

    fn note(&mut self, notifier: &str, family: Family) {
        let told = self.0.entry((notifier.to_owned(), family)).or_default();
        told.push_back(Instant::now());
    }
}

/// Takes out of a notifier's queue what belongs to a storm, and gathers it there. What is left is told one by one.
pub(super) async fn gather(
    world: &World,
    name: &str,
    queue: Vec<Alert>,
    lately: &std::sync::Mutex<Lately>,
) -> Result<Vec<Alert>> {
    let now = world.clock.now();
    let mut rest = Vec::new();
    let mut fresh: BTreeMap<Family, Vec<(Alert, Incident)>> = BTreeMap::new();
    let mut of_storm: BTreeMap<String, Vec<Alert>> = BTreeMap::new();
    for alert in queue {
        let About::Incident(id) = &alert.about else {
            rest.push(alert);
            continue;
        };
        let receipt = world.store.receipt(name, &id.0).await?;
        match receipt.as_ref().map(Storm::of) {
            Some(Some(storm)) => of_storm.entry(storm.to_owned()).or_default().push(alert),
            Some(None) => rest.push(alert),
            None => match world.store.incident(id).await? {
                // where messages leave no receipt, the time line tells what was said
                Some(incident) if was_told(&incident, name) => rest.push(alert),
                // what is to be silent is not gathered into something loud
                Some(incident) if incident.is_muted_for(name, now) => rest.push(alert),
                Some(incident) => fresh
                    .entry(incident.kind.into())
                    .or_default()
                    .push((alert, incident)),
                None => rest.push(alert),
            },
        }
    }
    if fresh.is_empty() && of_storm.is_empty() {
        return Ok(rest);
    }
    let storms = world.store.storms(name).await?;
    for (family, news) in fresh {
        let live = storms
            .iter()
            .filter(|it| it.family == family && now.duration_since(it.joined) <= CALM)
            .max_by_key(|it| it.joined);
        // one that was begun to be sent alone goes on alone: it may have arrived
        let (begun, news): (Vec<_>, Vec<_>) = news.into_iter().partition(|it| it.0.begun);
        rest.extend(begun.into_iter().map(|it| it.0));
        let told = lately
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .count(name, family);
        if live.is_none() && told + news.len() <= ONE_BY_ONE {
            let mut lately = lately
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            for (alert, _) in news {
                // what is tried again was counted
                if alert.attempts == 0 {
                    lately.note(name, family);
                }
                rest.push(alert);
            }
            continue;
        }
        let Some((_, first)) = news.first() else {
            continue;
        };
        let storm = match live {
            Some(storm) => storm.clone(),
            None => {
                let storm = Storm::new(name, first, now);
                tracing::warn!(
                    notifier = name,
                    storm.id = storm.id,
                    "many incidents at once are told as one"
                );
                storm
            }
        };
        let storm = Storm {
            joined: now,
            ..storm
        };
        let alerts = news.into_iter().map(|it| it.0).collect();
        join(world, alerts, storm, now).await?;
    }
    for (id, alerts) in of_storm {
        match storms.iter().find(|it| it.id == id) {
            Some(storm) => join(world, alerts, storm.clone(), now).await?,
            None => rest.extend(alerts),
        }
    }
    rest.sort_by_key(|it| (std::cmp::Reverse(it.urgency), it.created));
    Ok(rest)
}

async fn join(world: &World, alerts: Vec<Alert>, storm: Storm, now: Timestamp) -> Result<()> {
    let urgency = alerts.iter().map(|it| it.urgency).max().unwrap_or_default();
    let about = About::Storm(storm.id.clone());
    let mut told = Alert::new(&storm.notifier, about, urgency, now);
    if let Some(last) = storm.told {
        told.due = last.checked_add(UPDATE).unwrap_or(now).max(now);
    }
    world.store.gather(alerts, storm, told).await
}

/// After a storm's message went out: notes it in the members' time lines, and asks for a list where one is due.
pub(super) async fn told(world: &World, name: &str, id: &str, members: Vec<Incident>) {
    let now = world.clock.now();
    let storm = match world.store.storms(name).await {
        Ok(all) => all.into_iter().find(|it| it.id == id),
        Err(error) => {
            tracing::error!(%error, "a storm cannot be read");
            None
        }
    };
    let Some(mut storm) = storm else { return };
    storm.told = Some(now);
    if members.len() >= 2 * storm.listed.max(1) {
        storm.listed = members.len();
        let about = About::Roll(storm.id.clone());
        let mut roll = Alert::new(name, about, Urgency::Low, now);
        roll.due = storm.begun.checked_add(LIST_AFTER).unwrap_or(now).max(now);
        let commit = Commit {
            alerts: vec![roll],
            ..Commit::default()
        };
        if let Err(error) = world.store.commit(commit).await {
            tracing::error!(%error, "the list of a storm cannot be asked for");
        }
    }
    if let Err(error) = world.store.put_storm(storm).await {
        tracing::error!(%error, "a storm cannot be written");
    }
    let mut untold: Vec<Incident> = members
        .into_iter()
        .filter(|it| !was_told(it, name))
        .collect();
    for it in &mut untold {
        it.timeline.push(Event {
            at: now,
            what: What::Told,
            by: None,
            origin: None,
            note: Some(name.to_owned()),
        });
    }
    for some in untold.chunks(200) {
        let commit = Commit {
            incidents: some.to_vec(),
            ..Commit::default()
        };
        // where a check was faster, each by itself
        if world.store.commit(commit).await.is_err() {
            for it in some {
                super::note(world, &it.id, What::Told, name, None).await;
            }
        }
    }
}

fn was_told(it: &Incident, name: &str) -> bool {
    it.timeline
        .iter()
        .any(|it| it.what == What::Told && it.note.as_deref() == Some(name))
}
