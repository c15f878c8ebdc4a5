//! From the outbox to the notifiers, and what became of it back into the store.

use std::{
    collections::HashMap,
    fs,
    sync::Arc,
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use tokio::{task::JoinSet, time::timeout};
use tokio_util::sync::CancellationToken;

use super::World;
use crate::{
    alert::{Document, Message, Notifier, Place, Refusal, notifiers::Console, words},
    model::{
        About, Alert, IncidentId,
        incident::{Event, What},
    },
    store::{Commit, Delivery, StoreError},
};

/// First pause after a refusal that names none; doubled each time.
const PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(600);
/// A send that takes longer is given up, and may have arrived.
const PATIENCE: Duration = Duration::from_secs(60);
/// With nothing due, the outbox is read this often all the same.
const IDLE: Duration = Duration::from_secs(30);

/// Delivers until told to stop. Notifiers do not wait for each other.
pub async fn run(world: Arc<World>, stop: CancellationToken) {
    let mut pulse = world.store.pulse();
    let mut busy: JoinSet<String> = JoinSet::new();
    let mut at_work: HashMap<String, ()> = HashMap::new();
    loop {
        let wait = round(&world, &mut busy, &mut at_work).await;
        tokio::select! {
            () = stop.cancelled() => break,
            changed = pulse.changed() => if changed.is_err() { tokio::time::sleep(wait).await },
            Some(done) = busy.join_next(), if !busy.is_empty() => {
                match done {
                    Ok(name) => { at_work.remove(&name); }
                    // whose it was is not known; all may begin again, and begun ones are marked as such
                    Err(error) => { tracing::error!(%error, "a delivery failed"); at_work.clear(); }
                }
            }
            () = tokio::time::sleep(wait) => (),
        }
    }
    let _ = timeout(Duration::from_secs(5), async { while busy.join_next().await.is_some() {} }).await;
}

/// Delivers all that is due once, for commands and tests that do not run the service.
pub async fn flush(world: &Arc<World>) {
    for (name, queue) in due(world).await.0 {
        deliver(world.clone(), name, queue).await;
    }
}

async fn round(world: &Arc<World>, busy: &mut JoinSet<String>, at_work: &mut HashMap<String, ()>) -> Duration {
    let (queues, next) = due(world).await;
    for (name, queue) in queues {
        if at_work.insert(name.clone(), ()).is_none() {
            busy.spawn(deliver(world.clone(), name, queue));
        }
    }
    next
}

/// What is due by notifier, oldest first, and how long until something else is.
async fn due(world: &World) -> (Vec<(String, Vec<Alert>)>, Duration) {
    let now = world.clock.now();
    let outbox = match world.store.outbox().await {
        Ok(outbox) => outbox,
        Err(error) => {
            world.measure.stored(false);
            tracing::error!(%error, "the outbox cannot be read");
            return (Vec::new(), IDLE);
        }
    };
    world.measure.outbox_depth.set(outbox.len() as i64);
    let age = outbox.first().map_or(0, |it| now.duration_since(it.created).as_secs());
    world.measure.outbox_age.set(age);
    let mut queues: HashMap<String, Vec<Alert>> = HashMap::new();
    let mut next = IDLE;
    for alert in outbox {
        if alert.due <= now {
            queues.entry(alert.notifier.clone()).or_default().push(alert);
        } else {
            let wait = alert.due.duration_since(now).unsigned_abs();
            next = next.min(wait + Duration::from_millis(10));
        }
    }
    (queues.into_iter().collect(), next)
}

async fn deliver(world: Arc<World>, name: String, queue: Vec<Alert>) -> String {
    for alert in queue {
        let pressed = one(&world, &name, alert).await;
        if pressed {
            // the chat asked for a pause: what follows for it would be refused too
            break;
        }
    }
    name
}

/// Tries one alert; returns whether the notifier asked for a pause.
async fn one(world: &Arc<World>, name: &str, mut alert: Alert) -> bool {
    let unsure = alert.begun;
    alert.begun = true;
    alert.attempts += 1;
    if !kept(world, Delivery::Begun(alert.clone())).await {
        return true;
    }
    let message = match message(world, &alert, unsure).await {
        Ok(message) => message,
        Err(why) => {
            tracing::error!(notifier = name, about = alert.about.key(), why, "an alert cannot be put into words");
            alert.refused = Some(why);
            kept(world, Delivery::Dead(alert)).await;
            return false;
        }
    };
    let outcome = send(world, name, &alert, &message).await;
    world.measure.told(name, outcome.is_ok());
    match outcome {
        Ok(receipt) => {
            kept(world, Delivery::Sent { alert: alert.clone(), receipt }).await;
            if let About::Incident(id) = &alert.about {
                note(world, id, What::Told, name, None).await;
            }
            false
        }
        Err(refusal) => refused(world, name, alert, &message, refusal).await,
    }
}

async fn send(world: &World, name: &str, alert: &Alert, message: &Message) -> Result<Option<crate::model::Receipt>, Refusal> {
    let Some(notifier) = world.notifiers.get(name) else {
        return Err(Refusal::Never(format!("no notifier is called {name} any more")));
    };
    let receipt = match &alert.about {
        About::Incident(id) => world.store.receipt(name, id).await.unwrap_or(None),
        _ => None,
    };
    let mut moved = world.store.milestone(&moved_to(name)).await.unwrap_or(None);
    for _ in 0..2 {
        let place = Place { receipt: receipt.as_ref(), moved_to: moved.as_deref() };
        match timeout(PATIENCE, notifier.send(message, place)).await {
            Ok(Err(Refusal::Moved(to))) => {
                tracing::warn!(notifier = name, to, "the chat has moved; it is followed");
                let milestone = Some((moved_to(name), to.clone()));
                if let Err(error) = world.store.commit(Commit { milestone, ..Commit::default() }).await {
                    tracing::error!(%error, "where the chat moved to cannot be written");
                }
                moved = Some(to);
            }
            Ok(outcome) => return outcome,
            Err(_) => return Err(Refusal::Unsure(format!("no answer within {} s", PATIENCE.as_secs()))),
        }
    }
    Err(Refusal::Later(None, "the chat keeps moving".to_owned()))
}

fn moved_to(notifier: &str) -> String {
    format!("moved/{notifier}")
}

async fn refused(world: &World, name: &str, mut alert: Alert, message: &Message, refusal: Refusal) -> bool {
    let now = world.clock.now();
    match refusal {
        Refusal::Never(why) => {
            tracing::error!(notifier = name, about = alert.about.key(), why, "an alert was refused for good; it goes to the console");
            alert.refused = Some(why.clone());
            let _ = Console.send(message, Place::default()).await;
            if let About::Incident(id) = &alert.about {
                note(world, id, What::Undelivered, name, Some(why)).await;
            }
            kept(world, Delivery::Dead(alert)).await;
            false
        }
        Refusal::Later(after, why) => {
            postpone(world, name, alert, now, after, why, false).await;
            true
        }
        Refusal::Unsure(why) => {
            postpone(world, name, alert, now, None, why, true).await;
            true
        }
        Refusal::Moved(to) => {
            postpone(world, name, alert, now, None, format!("moved to {to}"), false).await;
            true
        }
    }
}

async fn postpone(world: &World, name: &str, mut alert: Alert, now: Timestamp, after: Option<Duration>, why: String, unsure: bool) {
    let doubled = PAUSE.saturating_mul(1 << alert.attempts.saturating_sub(1).min(10)).min(LONGEST_PAUSE);
    let pause = after.unwrap_or(doubled);
    let jitter = Duration::from_millis(fastrand::u64(..=250));
    let pause = SignedDuration::try_from(pause + jitter).unwrap_or(SignedDuration::from_secs(60));
    tracing::warn!(notifier = name, about = alert.about.key(), why, again_in_s = pause.as_secs(), "an alert waits");
    alert.due = now.checked_add(pause).unwrap_or(now);
    alert.begun = unsure;
    alert.refused = Some(why);
    kept(world, Delivery::Postponed(alert)).await;
}

async fn kept(world: &World, delivery: Delivery) -> bool {
    let written = world.store.delivery(delivery).await;
    world.measure.stored(written.is_ok());
    if let Err(error) = &written {
        tracing::error!(%error, "the outbox cannot be written");
    }
    written.is_ok()
}

async fn message(world: &World, alert: &Alert, unsure: bool) -> Result<Message, String> {
    let zone = &world.config.service.timezone;
    match &alert.about {
        About::Incident(id) => {
            let incident = world.store.incident(id).await.map_err(|it| it.to_string())?;
            let incident = incident.ok_or_else(|| format!("there is no incident {id}"))?;
            let earlier = world.store.receipt(&alert.notifier, id).await.unwrap_or(None);
            Ok(words::incident(&incident, &world.words, zone, unsure && earlier.is_none()))
        }
        About::Notice(notice) => Ok(words::notice(notice, &world.words, zone)),
        About::Report(file) => {
            let bytes = fs::read(&file.path).map_err(|error| format!("{}: {error}", file.path))?;
            let name = format!("gaccong-{}.html", file.week);
            let summary = world.store.milestone(&super::reports::summary_name(&file.week)).await.unwrap_or(None);
            Ok(words::report(&file.week, &summary.unwrap_or_default(), Document { name, bytes }, &world.words))
        }
    }
}

/// A line in the incident's time line; a check that commits at the same moment goes first.
async fn note(world: &World, id: &IncidentId, what: What, name: &str, why: Option<String>) {
    for _ in 0..5 {
        let Ok(Some(mut incident)) = world.store.incident(id).await else { return };
        let note = why.as_ref().map_or(name.to_owned(), |why| format!("{name}: {why}"));
        if what == What::Told && incident.timeline.iter().any(|it| it.what == What::Told && it.note.as_deref() == Some(&note)) {
            return;
        }
        incident.timeline.push(Event { at: world.clock.now(), what, by: None, note: Some(note) });
        match world.store.commit(Commit { incidents: vec![incident], ..Commit::default() }).await {
            Err(StoreError::Conflict) => continue,
            Err(error) => tracing::error!(incident.id = %id, %error, "the time line cannot be written"),
            Ok(()) => (),
        }
        return;
    }
}
