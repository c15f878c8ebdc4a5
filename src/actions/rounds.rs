//! Requests and registrations as time passes: looks that are due, windows that are over.

use futures_util::StreamExt;
use jiff::Timestamp;

use crate::{
    actions::{candidates, registration::look_at, removal},
    model::registration::Request,
    registry::{self, limits},
    world::World,
};

/// Portals that are looked at at once because of requests.
const AT_ONCE: usize = 8;
/// … and in one round: later askers do not wait for all of them.
const A_ROUND: usize = 32;

/// When a portal is to be looked at next, of those that are asked for.
pub async fn next_look(world: &World) -> Option<Timestamp> {
    let requests = world.store.requests().await.ok()?;
    let open = requests.into_iter().filter(|it| it.stage.is_open());
    let at = |it: Request| {
        let free = world.candidates.free_at(&limits::domain(&it.url));
        free.map_or(it.look_at, |free| free.max(it.look_at))
    };
    open.map(at).chain(world.candidates.next()).min()
}

/// Ends registrations whose window is over, looks at portals that are asked for, ends requests without a decision in time.
pub async fn round(world: &World) {
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
    let wait = due.iter().map(|it| limits::domain(&it.url));
    candidates::round(world, &wait.collect()).await;
    // requests with proof first, then portals without a look: their askers wait for an answer
    due.sort_by_key(|it| (it.proof.is_none(), it.view.is_some(), !it.again, it.at));
    let mut next = Vec::new();
    for it in due {
        // a request that ends now needs no look
        let ends = registry::expire(&it, now).is_some();
        if next.len() < A_ROUND && (ends || world.candidates.begins(&limits::domain(&it.url), now))
        {
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
