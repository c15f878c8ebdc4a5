//! Delivery: takes alerts from the outbox, sends them to the notifiers, and writes the outcome back into the store.

mod attempt;
mod compose;
mod fallback;
mod grouping;
mod outbox;
mod queue;
mod rate_limit;
mod receipts;
mod recipients;
mod rings;
mod send;
mod storms;
mod timeline;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use outbox::due;
use queue::{Shared, deliver};
use tokio::{
    task::JoinSet,
    time::{Instant, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::world::{Live, World};

/// The first pause after a refusal that names none; it doubles with each attempt.
const PAUSE: Duration = Duration::from_secs(5);
/// Time that deliveries in progress may take after the service was asked to stop.
const LAST_WORDS: Duration = Duration::from_secs(4);

/// Delivers until `stop` is cancelled. Each notifier has its own task, so that a slow one does not delay the others.
pub async fn run(worlds: Live, stop: CancellationToken) {
    let mut pulse = worlds.borrow().store.pulse();
    let mut busy: JoinSet<(String, Duration)> = JoinSet::new();
    let mut in_flight = InFlight {
        shared: Arc::new(Shared::with_rounds()),
        ..InFlight::default()
    };
    loop {
        let world = worlds.borrow().clone();
        let wait = round(&world, &mut busy, &mut in_flight).await;
        tokio::select! {
            () = stop.cancelled() => break,
            changed = pulse.changed() => if changed.is_err() { tokio::time::sleep(wait).await },
            Some(done) = busy.join_next(), if !busy.is_empty() => match done {
                Ok((name, pause)) => {
                    in_flight.names.remove(&name);
                    in_flight.not_before.insert(name, Instant::now() + pause);
                }
                // a task panicked and its notifier is unknown: all may start again; begun alerts are marked as begun
                // in the store
                Err(error) => {
                    tracing::error!(%error, "a delivery failed");
                    in_flight.names.clear();
                    tokio::time::sleep(PAUSE).await;
                }
            },
            () = tokio::time::sleep(wait) => (),
        }
    }
    let _ = timeout(LAST_WORDS, async {
        while busy.join_next().await.is_some() {}
    })
    .await;
}

/// The notifiers that are being served now, and the pauses of the others.
#[derive(Default)]
struct InFlight {
    names: HashSet<String>,
    not_before: HashMap<String, Instant>,
    shared: Arc<Shared>,
}

/// Delivers everything that is due, once; for commands and tests that do not run the service.
pub async fn flush(world: &Arc<World>) {
    let shared = Arc::new(Shared::default());
    for (name, queue) in due(world).await.0 {
        deliver(world.clone(), name, queue, shared.clone()).await;
    }
}

async fn round(
    world: &Arc<World>,
    busy: &mut JoinSet<(String, Duration)>,
    in_flight: &mut InFlight,
) -> Duration {
    let (queues, mut next) = due(world).await;
    let now = Instant::now();
    for (name, queue) in queues {
        let pause = in_flight
            .not_before
            .get(&name)
            .map_or(Duration::ZERO, |it| it.saturating_duration_since(now));
        if !pause.is_zero() {
            next = next.min(pause);
        } else if in_flight.names.insert(name.clone()) {
            busy.spawn(deliver(
                world.clone(),
                name,
                queue,
                in_flight.shared.clone(),
            ));
        }
    }
    next
}
