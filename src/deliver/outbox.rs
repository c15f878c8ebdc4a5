//! Reads what is due in the outbox, and records what became of each alert.

use std::{cmp::Reverse, collections::BTreeMap, time::Duration};

use jiff::SignedDuration;

use crate::{
    model::{About, Alert},
    store::Delivery,
    world::World,
};

/// The outbox is read at least this often, even if nothing is due.
const IDLE: Duration = Duration::from_secs(30);
/// An alert that is due later than the longest pause was scheduled while the clock was wrong: it counts as due.
const CLOCK_WAS_WRONG: SignedDuration = SignedDuration::from_secs(660);

/// The due alerts by notifier, the most urgent first, then the oldest; and the time until the next alert is due.
pub(super) async fn due(world: &World) -> (Vec<(String, Vec<Alert>)>, Duration) {
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
    // a stranger's chat that cannot be reached is not a fault of the service
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

/// Sorts by urgency, the most urgent first, then by age, the oldest first.
pub(super) fn in_order(queue: &mut [Alert]) {
    queue.sort_by_key(|it| (Reverse(it.urgency), it.created));
}

/// Records what became of an alert. An error is logged.
pub(super) async fn record(world: &World, delivery: Delivery) -> Result<Option<Alert>, ()> {
    let written = world.store.delivery(delivery).await;
    world.metrics.record_write(written.is_ok());
    written.map_err(|error| tracing::error!(%error, "the outbox cannot be written"))
}
