//! From the outbox to the notifiers, and what became of it back into the store.

mod attempt;
mod compose;
mod duty_messages;
mod fallback;
mod grouping;
mod rate_limit;
mod receipts;
mod rings;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use attempt::send;
use jiff::{SignedDuration, Timestamp};
use receipts::{receipt_at, said};
use tokio::{
    task::JoinSet,
    time::{Instant, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::{
    model::{
        About, Alert, IncidentId,
        incident::{Event, What},
    },
    notify::{Message, Refusal},
    store::{Commit, Delivery, StoreError},
    world::{Live, World},
};

/// First pause after a refusal that names none; doubled each time.
const PAUSE: Duration = Duration::from_secs(5);
/// The same after an answer that was lost: four times as long each time.
const UNSURE: Duration = Duration::from_secs(10);
/// After an outage of an hour everything is to be out within two minutes of its end.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// A pause that the other side asks for is believed so far; a longer one is asked for again.
const LONGEST_ASKED: Duration = Duration::from_secs(600);
/// What is due later than any pause was planned by a clock that was wrong.
const CLOCK_WAS_WRONG: SignedDuration = SignedDuration::from_secs(660);
/// Who asks for something and cannot be told for so long may ask again.
const ASKER: SignedDuration = SignedDuration::from_hours(24);
/// The longest pause of a place with no messages left in its minute: graver news has a share of its own.
const SPENT: Duration = Duration::from_secs(1);
/// With nothing due, the outbox is read this often all the same.
const IDLE: Duration = Duration::from_secs(30);

/// Delivers until told to stop. Notifiers do not wait for each other.
pub async fn run(worlds: Live, stop: CancellationToken) {
    let mut pulse = worlds.borrow().store.pulse();
    let mut busy: JoinSet<(String, Duration)> = JoinSet::new();
    let mut desks = Desks {
        shared: Arc::new(Shared {
            waits: true,
            ..Shared::default()
        }),
        ..Desks::default()
    };
    loop {
        let world = worlds.borrow().clone();
        let wait = round(&world, &mut busy, &mut desks).await;
        tokio::select! {
            () = stop.cancelled() => break,
            changed = pulse.changed() => if changed.is_err() { tokio::time::sleep(wait).await },
            Some(done) = busy.join_next(), if !busy.is_empty() => match done {
                Ok((name, pause)) => {
                    desks.at_work.remove(&name);
                    desks.not_before.insert(name, Instant::now() + pause);
                }
                // whose it was is not known; all may begin again, and begun ones are marked as such
                Err(error) => {
                    tracing::error!(%error, "a delivery failed");
                    desks.at_work.clear();
                    tokio::time::sleep(PAUSE).await;
                }
            },
            () = tokio::time::sleep(wait) => (),
        }
    }
    let _ = timeout(Duration::from_secs(4), async {
        while busy.join_next().await.is_some() {}
    })
    .await;
}

/// Which notifiers are at work, and which asked to be left alone for a while.
#[derive(Default)]
struct Desks {
    at_work: HashSet<String>,
    not_before: HashMap<String, Instant>,
    shared: Arc<Shared>,
}

/// What deliveries at work know in common.
#[derive(Default)]
struct Shared {
    /// Whether news waits for more of its kind: only where a next round follows.
    waits: bool,
    budget: Mutex<rate_limit::Budget>,
    lately: Mutex<grouping::Lately>,
}

/// Delivers all that is due once, for commands and tests that do not run the service.
pub async fn flush(world: &Arc<World>) {
    let shared = Arc::new(Shared::default());
    for (name, queue) in due(world).await.0 {
        deliver(world.clone(), name, queue, shared.clone()).await;
    }
}

async fn round(
    world: &Arc<World>,
    busy: &mut JoinSet<(String, Duration)>,
    desks: &mut Desks,
) -> Duration {
    let (queues, mut next) = due(world).await;
    let now = Instant::now();
    for (name, queue) in queues {
        let pause = desks
            .not_before
            .get(&name)
            .map_or(Duration::ZERO, |it| it.saturating_duration_since(now));
        if !pause.is_zero() {
            next = next.min(pause);
        } else if desks.at_work.insert(name.clone()) {
            busy.spawn(deliver(world.clone(), name, queue, desks.shared.clone()));
        }
    }
    next
}

/// What is due by notifier, the most urgent first, then the oldest; and how long until something else is.
async fn due(world: &World) -> (Vec<(String, Vec<Alert>)>, Duration) {
    let now = world.clock.now();
    let outbox = match world.store.outbox().await {
        Ok(outbox) => outbox,
        Err(error) => {
            world.metrics.record_write(false);
            tracing::error!(%error, "the outbox cannot be read");
            return (Vec::new(), IDLE);
        }
    };
    world.metrics.outbox_depth.set(outbox.len() as i64);
    // a stranger's chat that takes nothing is no trouble of ours
    let age = outbox
        .iter()
        .find(|it| !matches!(it.about, About::Request(_)))
        .map_or(0, |it| now.duration_since(it.created).as_secs());
    world.metrics.outbox_age.set(age);
    let mut queues: BTreeMap<String, Vec<Alert>> = BTreeMap::new();
    let mut next = IDLE;
    for alert in outbox {
        let wait = alert.due.duration_since(now);
        if wait <= SignedDuration::ZERO || wait > CLOCK_WAS_WRONG {
            queues
                .entry(alert.notifier.clone())
                .or_default()
                .push(alert);
        } else {
            next = next.min(wait.unsigned_abs() + Duration::from_millis(10));
        }
    }
    for queue in queues.values_mut() {
        queue.sort_by_key(|it| (std::cmp::Reverse(it.urgency), it.created));
    }
    (queues.into_iter().collect(), next)
}

/// Tries a notifier's queue; returns how long it is to be left alone.
async fn deliver(
    world: Arc<World>,
    name: String,
    mut queue: Vec<Alert>,
    shared: Arc<Shared>,
) -> (String, Duration) {
    let notifier = world.notifier(&name);
    let mut held = Duration::ZERO;
    let mut alone = HashMap::new();
    if let Some(notifier) = notifier.as_ref().filter(|it| it.groups()) {
        let desk = grouping::Desk {
            name: &name,
            edits: notifier.edits(),
            waits: shared.waits,
            lately: &shared.lately,
        };
        let gathered = async {
            let gathered = grouping::gather(&world, &desk, queue).await?;
            let rest = rings::gather(&world, &desk, gathered.rest).await?;
            Ok::<_, StoreError>(grouping::Gathered { rest, ..gathered })
        };
        let gathered = match gathered.await {
            Ok(gathered) => gathered,
            Err(error) => {
                world.metrics.record_write(false);
                tracing::error!(notifier = name, %error, "alerts wait for the store");
                return (name, PAUSE);
            }
        };
        (queue, held, alone) = (gathered.rest, gathered.held, gathered.alone);
    }
    for alert in queue {
        if let Some(pace) = notifier.as_ref().and_then(|it| it.pace()) {
            let taken = shared
                .budget
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(&pace, alert.urgency, Instant::now());
            // the queue is read anew then: something graver may have come
            if let Err(wait) = taken {
                return (name, wait.min(SPENT));
            }
        }
        // counted when it goes out, and once: one that waits for its turn comes by again and again
        if let Some(family) = alone.remove(&alert.about.key()) {
            let mut lately = shared.lately.lock().unwrap_or_else(PoisonError::into_inner);
            lately.note(&name, family);
        }
        if let Some(pause) = one(&world, &name, alert).await {
            // what follows would be refused too
            return (name, pause);
        }
    }
    (name, held)
}

/// Tries one alert; returns the pause that the notifier asked for, or that the store needs.
async fn one(world: &Arc<World>, name: &str, mut alert: Alert) -> Option<Duration> {
    let unsure = alert.begun;
    alert.begun = true;
    alert.attempts += 1;
    match kept(world, Delivery::Begun(alert.clone())).await {
        Ok(stored) => alert = stored.unwrap_or(alert),
        Err(()) => return Some(PAUSE),
    }
    let spoken = match compose::of(world, &alert, unsure).await {
        Ok(spoken) => spoken,
        Err(compose::Unspoken::Store(why)) => {
            tracing::error!(
                notifier = name,
                about = alert.about.key(),
                why,
                "an alert waits for the store"
            );
            return Some(PAUSE);
        }
        Err(compose::Unspoken::Moot) => return left_out(world, alert).await,
        Err(compose::Unspoken::Gone(why)) => {
            tracing::error!(
                notifier = name,
                about = alert.about.key(),
                why,
                "an alert has nothing to tell of any more"
            );
            alert.refused = Some(why);
            let _ = kept(world, Delivery::Dead(alert)).await;
            return None;
        }
    };
    // where nothing can be edited, saying the same again tells nobody anything: what changed has changed back
    let said = said(world, name, &alert, &spoken.message);
    if let Some(said) = &said
        && !unsure
        && receipt_at(world, name, &alert).await.as_ref() == Some(said)
    {
        return left_out(world, alert).await;
    }
    let outcome = send(world, name, &alert, &spoken.message).await;
    world.metrics.count_delivery(name, outcome.is_ok());
    match outcome {
        Ok(receipt) => {
            let receipt = receipt.or(said);
            fallback::works(world, name);
            let written = kept(
                world,
                Delivery::Sent {
                    alert: alert.clone(),
                    receipt,
                },
            )
            .await;
            match &alert.about {
                About::Incident(id) => note(world, id, What::Told, name, None).await,
                About::Storm(id) => grouping::told(world, name, id, spoken.members).await,
                About::Joined(id) => grouping::rang(world, name, id, &spoken.members).await,
                _ => rings::sent(world, name, &alert).await,
            }
            // not written down, it will be sent once more, as a repeat; not at once
            written.is_err().then_some(LONGEST_PAUSE)
        }
        Err(refusal) => {
            // an earlier try may have arrived, whatever became of this one
            alert.begun = unsure;
            refused(world, name, alert, &spoken.message, refusal).await
        }
    }
}

/// Ends an alert that has nothing to say any more as if it were sent.
async fn left_out(world: &World, alert: Alert) -> Option<Duration> {
    let sent = Delivery::Sent {
        alert,
        receipt: None,
    };
    kept(world, sent).await.is_err().then_some(PAUSE)
}

async fn refused(
    world: &World,
    name: &str,
    mut alert: Alert,
    message: &Message,
    refusal: Refusal,
) -> Option<Duration> {
    let now = world.clock.now();
    match refusal {
        Refusal::Never(why) => {
            alert.refused = Some(why.clone());
            if let About::Incident(id)
            | About::Reminder(id)
            | About::TakenReminder(id)
            | About::Call(id, _) = &alert.about
            {
                note(world, id, What::Undelivered, name, Some(why.clone())).await;
            }
            fallback::gone(world, name, &alert, message, &why).await;
            let _ = kept(world, Delivery::Dead(alert)).await;
            None
        }
        Refusal::Later(after, why) => {
            Some(postpone(world, name, alert, now, after, why, false).await)
        }
        Refusal::Unsure(why) => Some(postpone(world, name, alert, now, None, why, true).await),
        Refusal::Moved(to) => {
            let why = format!("moved to {to}");
            Some(postpone(world, name, alert, now, None, why, false).await)
        }
    }
}

async fn postpone(
    world: &World,
    name: &str,
    mut alert: Alert,
    now: Timestamp,
    after: Option<Duration>,
    why: String,
    unsure: bool,
) -> Duration {
    let tries = alert.attempts.saturating_sub(1).min(10);
    let doubled = if unsure {
        // it has probably arrived, and each try is a message more
        UNSURE
            .saturating_mul(1 << (2 * tries).min(10))
            .min(LONGEST_ASKED)
    } else {
        PAUSE.saturating_mul(1 << tries).min(LONGEST_PAUSE)
    };
    let asked = after.map(|it| it.min(LONGEST_ASKED));
    let pause = asked.unwrap_or(doubled) + Duration::from_millis(fastrand::u64(..=250));
    tracing::warn!(
        notifier = name,
        about = alert.about.key(),
        why,
        again_in_s = pause.as_secs(),
        "an alert waits"
    );
    let signed = SignedDuration::try_from(pause).unwrap_or(SignedDuration::from_secs(60));
    alert.due = now.checked_add(signed).unwrap_or(now);
    let given_up =
        matches!(alert.about, About::Request(_)) && now.duration_since(alert.created) > ASKER;
    if given_up {
        alert.refused = Some(why);
        let _ = kept(world, Delivery::Dead(alert)).await;
        return pause.min(LONGEST_PAUSE);
    }
    alert.begun |= unsure;
    alert.refused = Some(why);
    fallback::slow(world, name, &mut alert, now).await;
    let _ = kept(world, Delivery::Postponed(alert)).await;
    pause.min(LONGEST_PAUSE.max(asked.unwrap_or_default()))
}

async fn kept(world: &World, delivery: Delivery) -> Result<Option<Alert>, ()> {
    let written = world.store.delivery(delivery).await;
    world.metrics.record_write(written.is_ok());
    written.map_err(|error| tracing::error!(%error, "the outbox cannot be written"))
}

/// A line in the incident's time line; a check that commits at the same moment goes first.
async fn note(world: &World, id: &IncidentId, what: What, name: &str, why: Option<String>) {
    for _ in 0..5 {
        let Ok(Some(mut incident)) = world.store.incident(id).await else {
            return;
        };
        let note = why
            .as_ref()
            .map_or(name.to_owned(), |why| format!("{name}: {why}"));
        if what == What::Told
            && incident
                .timeline
                .iter()
                .any(|it| it.what == What::Told && it.note.as_deref() == Some(&note))
        {
            return;
        }
        incident.timeline.push(Event {
            at: world.clock.now(),
            what,
            by: None,
            origin: None,
            note: Some(note),
        });
        match world
            .store
            .commit(Commit {
                incidents: vec![incident],
                ..Commit::default()
            })
            .await
        {
            Err(StoreError::Conflict) => continue,
            Err(error) => {
                tracing::error!(incident.id = %id, %error, "the time line cannot be written")
            }
            Ok(()) => (),
        }
        return;
    }
}
