//! Writes what a check has seen: its looks to the history, and what they mean for the target's state and the incidents of the target.

use std::time::Duration;

use jiff::Timestamp;

use crate::{
    incident::{self, Loudness},
    judge::{Look, learn::mask_of},
    model::{Kind, Target, TargetState, history::Mark},
    store::{Commit, StoreError},
    watch::{confirmed::Agreement, incidents, teach},
    world::{
        World,
        decide::{Decision, TRIES, decide},
    },
};

/// Writes the looks of a check. Called only once our own network is known to work: a look that failed because of us is no
/// outage of the portal.
pub(crate) async fn record_history(
    world: &World,
    target: &Target,
    looks: impl Iterator<Item = &Look>,
    every: Duration,
) {
    for look in looks {
        record_look(world, target, look, every).await;
    }
}

async fn record_look(world: &World, target: &Target, look: &Look, every: Duration) {
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

/// The target's state before and after a look that changed it.
type Update = (TargetState, TargetState);

/// Commits a look to the target's state and, where enough looks `agreed`, to incidents, all in one commit. Another task may commit
/// first: then the look is decided anew.
pub(crate) async fn commit(
    world: &World,
    target: &Target,
    look: &Look,
    agreed: Option<Agreement>,
    every: Duration,
) {
    let decided = decide(world, |now| {
        decision(world, target, look, agreed, every, now)
    });
    let updated = match decided.await {
        Ok(updated) => updated,
        Err(StoreError::Conflict) => {
            tracing::error!(target.id = %target.id, "a decision was overtaken {TRIES} times; the next look decides");
            return;
        }
        Err(error) => {
            world.metrics.record_write(false);
            tracing::error!(target.id = %target.id, %error, "a decision cannot be written");
            return;
        }
    };
    world.metrics.record_write(true);
    if let Some((before, after)) = updated {
        let evicted = &world.evicted;
        evicted.remember(&world.evidence, &before, &after).await;
        world.norms.record(&world.workers, target, &after, look);
    }
}

async fn decision(
    world: &World,
    target: &Target,
    look: &Look,
    agreed: Option<Agreement>,
    every: Duration,
    now: Timestamp,
) -> Result<Decision<Option<Update>>, StoreError> {
    let target_state = world.store.target_state(&target.id).await?;
    let mut target_state = target_state.unwrap_or_else(|| TargetState::new(target.id.clone()));
    let before = target_state.clone();
    if target_state.baseline.as_ref().map(|it| it.at) != look.baseline_at && look.seen.is_some() {
        tracing::info!(target.id = %target.id, "the baseline was moved while the page was judged; the next look decides");
        return Ok(Decision::nothing(None));
    }
    // an incident that a person ended is not open any more: what is still wrong opens another
    let open = incidents::open(world, &mut target_state).await?;
    let open = open.as_ref();
    let mut commit = Commit::default();
    let lasts = incident::lasts(open, &target_state.sightings, look.class, now);
    let agreed = agreed.filter(|_| !lasts && incidents::is_news(open, look));
    if let Some(agreed) = agreed {
        let finding = incidents::finding_of_look(world, target, &target_state, look, &agreed).await;
        let step = incidents::step(world, target, &mut target_state, open, &finding).await?;
        commit = incidents::commit_of(world, target, &mut target_state, step, now).await?;
    } else if let Some(reminded) = open
        .filter(|it| Kind::of(look.class) == Some(it.kind))
        .and_then(|it| incident::remind(it, now))
    {
        commit.alerts = world.alerts(target, &reminded, Loudness::Ring, now);
        commit.incidents = vec![reminded];
    }
    let after = teach::updated(world, target, &target_state, look, every).await;
    // a look that saw nothing new is a line of history and no more
    if after == before {
        return Ok(Decision::write(commit, None));
    }
    commit.mask = mask_of(look, target, &after);
    commit
        .puts
        .extend(teach::hosts(world, target, &after, look).await?);
    commit.target_state = Some(after.clone());
    Ok(Decision::write(commit, Some((before, after))))
}
