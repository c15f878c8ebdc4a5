//! What is due in the outbox, and what became of it.

use std::{cmp::Reverse, collections::BTreeMap, time::Duration};

use jiff::SignedDuration;

use crate::{
    model::{About, Alert},
    store::Delivery,
    world::World,
};

/// With nothing due, the outbox is read this often all the same.
const IDLE: Duration = Duration::from_secs(30);
/// An alert that is due later than any pause was planned by a clock that was wrong.
const CLOCK_WAS_WRONG: SignedDuration = SignedDuration::from_secs(660);

/// What is due by notifier, the most urgent first, then the oldest; and how long until something else is.
pub(super) async fn due(world: &World) -> (Vec<(String, Vec<Alert>)>, Duration) {
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
    // a stranger's chat that takes nothing is no trouble of the service
    let age = outbox
        .iter()
        .find(|it| !matches!(it.about, About::Request(_)))
        .map_or(0, |it| now.duration_since(it.created).as_secs());
    world.measure.outbox_age.set(age);
    let mut queues: BTreeMap<String, Vec<Alert>> = BTreeMap::new();
    let mut next = IDLE;
    for alert in outbox {
        let wait = alert.due.duration_since(now);
        if wait <= SignedDuration::ZERO || wait > CLOCK_WAS_WRONG {
            let queue = queues.entry(alert.notifier.clone()).or_default();
            queue.push(alert);
        } else {
            next = next.min(wait.unsigned_abs() + Duration::from_millis(10));
        }
    }
    for queue in queues.values_mut() {
        in_order(queue);
    }
    (queues.into_iter().collect(), next)
}

/// The most urgent first, then the oldest.
pub(super) fn in_order(queue: &mut [Alert]) {
    queue.sort_by_key(|it| (Reverse(it.urgency), it.created));
}

/// Writes what became of an alert. An error is logged.
pub(super) async fn record(world: &World, delivery: Delivery) -> Result<Option<Alert>, ()> {
    let written = world.store.delivery(delivery).await;
    world.measure.stored(written.is_ok());
    written.map_err(|error| tracing::error!(%error, "the outbox cannot be written"))
}
