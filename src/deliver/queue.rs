//! The queue of one notifier: alerts that belong together are grouped, the others are sent one by one, within the
//! notifier's rate limit.

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
    rate_limit::RateLimiter,
    rings,
};
use crate::{model::Alert, store::StoreError, world::World};

/// The longest pause after a chat's rate limit is used up: grave news has a reserve in it and must not wait.
const SPENT: Duration = Duration::from_secs(1);

/// State that the deliveries to all notifiers share.
#[derive(Default)]
pub(super) struct Shared {
    /// Whether news is held for more of its kind: only if another round follows.
    waits: bool,
    rate_limit: Mutex<RateLimiter>,
    lately: Mutex<Lately>,
}

impl Shared {
    /// For a service, which runs one round after another.
    pub fn with_rounds() -> Self {
        Self {
            waits: true,
            ..Self::default()
        }
    }
}

/// Sends a notifier's queue until the notifier refuses. Returns its name, and the pause until its next round.
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
                world.metrics.record_write(false);
                tracing::error!(notifier = name, %error, "alerts wait for the store");
                return (name, PAUSE);
            }
        };
        (queue, held, alone) = (gathered.rest, gathered.held, gathered.alone);
    }
    for alert in queue {
        if let Some(pace) = notifier.as_ref().and_then(|it| it.rate_limit()) {
            let taken = shared
                .rate_limit
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(&pace, alert.urgency, Instant::now());
            // the next round reads the queue again: a graver alert may have come
            if let Err(wait) = taken {
                return (name, wait.min(SPENT));
            }
        }
        // counted when it is sent, and only once: a held alert passes here in each round
        if let Some(family) = alone.remove(&alert.about.key()) {
            let mut lately = shared.lately.lock().unwrap_or_else(PoisonError::into_inner);
            lately.note(&name, family);
        }
        if let Some(pause) = attempt(&world, alert).await {
            // the notifier would refuse the following alerts too
            return (name, pause);
        }
    }
    (name, held)
}
