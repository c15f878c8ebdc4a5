//! Processes registration requests as soon as they come, and ends registrations after their time.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use futures_util::StreamExt;
use jiff::Timestamp;

use super::{Job, When, reloaded};
use crate::{
    actions::{candidates, registration::look_at, removal},
    model::registration::Request,
    registry::{expire, limits},
    world::{Live, World},
};

/// The period for what becomes due without an action: the next look for a proof, the end of a registration.
const IDLE: Duration = Duration::from_secs(30);
/// The pause before a look is tried again if its result could not be written.
const SOON: Duration = Duration::from_secs(1);
/// Portals of requests that are looked at in parallel.
const AT_ONCE: usize = 8;
/// Portals that one run looks at, so that the request of a new asker does not wait for all others.
const A_RUN: usize = 32;

/// Holds the store's counter of requests at the beginning of the last run.
#[derive(Default)]
pub struct Registration {
    requests: u64,
}

#[async_trait]
impl Job for Registration {
    fn name(&self) -> &'static str {
        "registration"
    }

    fn when(&self) -> When {
        When::Every(IDLE)
    }

    async fn run(&mut self, world: &Arc<World>) {
        self.requests = world.store.pulse().borrow().requests;
        round(world).await;
    }

    /// Wakes on a new request, on the due time of a request's next look, and on a new configuration.
    async fn woken(&mut self, worlds: &mut Live) {
        let world = worlds.borrow().clone();
        let now = world.clock.now();
        let next = next_look(&world).await;
        let wait = next.and_then(|it| it.duration_since(now).try_into().ok());
        let wait = wait.map_or(IDLE, |it: Duration| it.clamp(SOON, IDLE));
        let mut pulse = world.store.pulse();
        let asked = async {
            while pulse.borrow_and_update().requests == self.requests {
                if pulse.changed().await.is_err() {
                    return std::future::pending().await;
                }
            }
        };
        tokio::select! {
            () = asked => (),
            () = world.candidates.asked.notified() => (),
            () = reloaded(worlds) => (),
            () = tokio::time::sleep(wait) => (),
        }
    }
}

/// When the next look at a requested portal is due; `None` if no request is open.
pub async fn next_look(world: &World) -> Option<Timestamp> {
    let requests = world.store.requests().await.ok()?;
    let open = requests.into_iter().filter(|it| it.stage.is_open());
    let at = |it: Request| {
        let free = world.candidates.free_at(&limits::domain(&it.url));
        free.map_or(it.look_at, |free| free.max(it.look_at))
    };
    open.map(at).chain(world.candidates.next()).min()
}

/// Ends registrations after their time, looks at requested portals, and ends requests that were not decided in time.
async fn round(world: &World) {
    let now = world.clock.now();
    if let Err(error) = removal::end(world, now).await {
        tracing::error!(?error, "a registration whose time is over cannot be ended");
    }
    if let Err(error) = removal::unlisted(world, now).await {
        tracing::error!(%error, "incidents of portals that are watched no more cannot be ended");
    }
    let mut due = match world.store.requests().await {
        Ok(requests) => requests,
        Err(error) => return tracing::error!(%error, "requests cannot be read"),
    };
    due.retain(|it| it.stage.is_open() && it.look_at <= now);
    let waiting = due.iter().map(|it| limits::domain(&it.url));
    candidates::round(world, &waiting.collect()).await;
    // requests with proof first, then portals without a look, because their askers wait for an answer
    due.sort_by_key(|it| (it.proof.is_none(), it.view.is_some(), !it.again, it.at));
    let mut next = Vec::new();
    for it in due {
        // an expired request needs no look
        let ends = expire(&it, now).is_some();
        if next.len() < A_RUN && (ends || world.candidates.begins(&limits::domain(&it.url), now)) {
            next.push(it);
        }
    }
    futures_util::stream::iter(next)
        .for_each_concurrent(AT_ONCE, |it| async move {
            if let Err(error) = look_at(world, it).await {
                tracing::error!(?error, "a request cannot be brought forward");
            }
        })
        .await;
}
