//! The queue of one notifier: what belongs together is gathered, the rest is sent one by one, at the pace that the notifier
//! takes.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::{
    PAUSE,
    attempt::attempt,
    grouping::{self, Channel, Gathered, Lately},
    rate_limit::RateLimit,
    rings,
};
use crate::{model::Alert, store::StoreError, world::World};

/// The longest pause of a place with no messages left in its minute: graver news has a share of its own.
const SPENT: Duration = Duration::from_secs(1);

/// What the deliveries to all notifiers share.
#[derive(Default)]
pub(super) struct Shared {
    /// Whether news waits for more of its kind: only where a next round follows.
    waits: bool,
    rate_limit: Mutex<RateLimit>,
    lately: Mutex<Lately>,
}

impl Shared {
    /// For a service that makes one round after the other.
    pub fn with_rounds() -> Self {
        Self {
            waits: true,
            ..Self::default()
        }
    }
}

/// Sends a notifier's queue as far as it is taken. Returns its name, and the pause until the next round.
pub(super) async fn deliver(
    world: Arc<World>,
    name: String,
    mut queue: Vec<Alert>,
    shared: Arc<Shared>,
) -> (String, Duration) {
    let notifier = world.notifier(&name);
    let mut held = Duration::ZERO;
    let mut alone = HashMap::new();
    if let Some(notifier) = notifier.as_ref().filter(|it| it.groups()) {
        let channel = Channel {
            name: &name,
            edits: notifier.edits(),
            waits: shared.waits,
            lately: &shared.lately,
        };
        let gathered = async {
            let gathered = grouping::gather(&world, &channel, queue).await?;
            let rest = rings::gather(&world, &channel, gathered.rest).await?;
            Ok::<_, StoreError>(Gathered { rest, ..gathered })
        };
        let gathered = match gathered.await {
            Ok(gathered) => gathered,
            Err(error) => {
                world.measure.stored(false);
                tracing::error!(notifier = name, %error, "alerts wait for the store");
                return (name, PAUSE);
            }
        };
        (queue, held, alone) = (gathered.rest, gathered.held, gathered.alone);
    }
    for alert in queue {
        if let Some(pace) = notifier.as_ref().and_then(|it| it.pace()) {
            let taken = shared
                .rate_limit
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
        if let Some(pause) = attempt(&world, alert).await {
            // what follows would be refused too
            return (name, pause);
        }
    }
    (name, held)
}
