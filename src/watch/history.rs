//! Writes looks into the history of their target.

use std::time::Duration;

use crate::{
    judge::Look,
    model::{Target, history::Mark},
    store::Commit,
    world::World,
};

/// Writes the looks of a check. Called only once our own network is known to work: a look that failed because of us is no
/// outage of the portal.
pub(crate) async fn record(
    world: &World,
    target: &Target,
    looks: impl Iterator<Item = &Look>,
    every: Duration,
) {
    for look in looks {
        record_one(world, target, look, every).await;
    }
}

async fn record_one(world: &World, target: &Target, look: &Look, every: Duration) {
    let seen = &look.observation;
    world
        .metrics
        .count_look(look.class, seen.elapsed_ms, seen.at);
    tracing::debug!(target.id = %target.id, class = %look.class, elapsed_ms = seen.elapsed_ms, "looked");
    // what lies before a time offline is not joined to what comes after it
    let online = world
        .connectivity
        .last_offline()
        .map(|it| seen.at.duration_since(it).as_secs().max(0) as u64);
    let gap = online.map_or(longest_gap(every), |it| longest_gap(every).min(it));
    let commit = Commit {
        mark: Some(Mark {
            target: target.id.clone(),
            at: seen.at,
            class: look.class,
            elapsed_ms: seen.answer().map(|_| seen.elapsed_ms),
            max_gap_s: u32::try_from(gap).unwrap_or(u32::MAX),
        }),
        ..Commit::default()
    };
    let written = world.store.commit(commit).await;
    world.metrics.record_write(written.is_ok());
    if let Err(error) = written {
        tracing::error!(target.id = %target.id, %error, "a look cannot be written");
    }
}

/// The longest gap between two looks, in seconds, that still counts as watched: twice the interval, and 60 s for a look.
fn longest_gap(every: Duration) -> u64 {
    (every * 2).as_secs() + 60
}
