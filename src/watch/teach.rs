//! Writes what looks teach: the target's state, the pages that it refers to, the mask and the features of the norm.

use std::time::Duration;

use crate::{
    evidence::bodies::EvidenceError,
    judge::{Look, known_looks, learn},
    model::{Target, TargetId, TargetState, portal_hosts::PortalHosts, time::day},
    store::{Commit, Put, StoreError},
    world::{World, evicted},
};

/// The target's state after a look. Writes the page of the look to the evidence if it becomes a known one; a page that
/// cannot be written teaches nothing.
pub(crate) async fn updated(
    world: &World,
    target: &Target,
    target_state: &TargetState,
    look: &Look,
    every: Duration,
) -> TargetState {
    let mut after = target_state.clone();
    let known = learn::update(target, &mut after, look, every);
    if known {
        let body = look.body.clone();
        let kept = world.evidence.run(move |evidence| {
            body.iter().try_for_each(|it| evidence.keep(it).map(drop))?;
            evicted::keep_within_budget(evidence, &mut after);
            Ok::<_, EvidenceError>(after)
        });
        after = match kept.await {
            Ok(after) => after,
            Err(error) => {
                tracing::error!(target.id = %target.id, %error, "a page cannot be kept and is not learnt");
                return target_state.clone();
            }
        };
    }
    if target_state.baseline.is_none()
        && let Some(baseline) = &after.baseline
    {
        tracing::info!(target.id = %target.id, looks = baseline.approved.len(), "the baseline is learnt");
    }
    after
}

/// What a look teaches the fleet: the hosts that the portal uses, if its page has become a known one (`after`). `None` if
/// that was known.
///
/// # Errors
///
/// The store's, where what is known of the portal cannot be read.
pub(crate) async fn hosts(
    world: &World,
    target: &Target,
    after: &TargetState,
    look: &Look,
) -> Result<Option<Put>, StoreError> {
    let is_learnt = known_looks(after).any(|it| Some(it) == look.seen.as_ref());
    if target.part.is_some() || look.features.is_none() || !is_learnt {
        return Ok(None);
    }
    let known = match world.store.record::<PortalHosts>(target.id.as_str()).await {
        Err(StoreError::Damaged { .. }) => None,
        known => known?,
    };
    let before = known.unwrap_or_else(|| PortalHosts::new(target.id.clone()));
    let mut now = before.clone();
    let today = day(world.clock.now());
    let approved = known_looks(after).next().map_or(today, |it| day(it.at));
    now.learn(&look.hosts, approved, today);
    (now != before).then(|| Put::of(now)).transpose()
}

/// Writes what a look of another profile than the first teaches: each profile has a history of its own.
pub(crate) async fn learn_profile(
    world: &World,
    target: &Target,
    target_state: TargetState,
    look: &Look,
) {
    let after = updated(world, target, &target_state, look, target.settings.every).await;
    if target_state == after {
        return;
    }
    let commit = Commit {
        mask: learn::mask_of(look, target, &after),
        target_state: Some(after.clone()),
        ..Commit::default()
    };
    match world.store.commit(commit).await {
        Ok(()) => {
            let evicted = &world.evicted;
            evicted
                .remember(&world.evidence, &target_state, &after)
                .await;
            world.norms.record(&world.workers, target, &after, look);
        }
        // not decided anew: another task has just looked as this profile, and the next look learns
        Err(StoreError::Conflict) => (),
        Err(error) => {
            tracing::error!(target.id = %target.id, %error, "what a visitor was shown cannot be kept")
        }
    }
}

/// Keeps the mask that a look has learnt. Nothing depends on it: without it, the next look learns it again.
pub async fn record_mask(world: &World, of: &TargetId, look: &Look) {
    let Some(update) = &look.mask_update else {
        return;
    };
    let commit = Commit {
        mask: Some((of.clone(), update.as_ref().clone())),
        ..Commit::default()
    };
    if let Err(error) = world.store.commit(commit).await {
        tracing::debug!(%error, "a mask cannot be kept");
    }
}
