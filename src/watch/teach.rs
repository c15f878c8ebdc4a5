//! Writes what looks teach: the dossier, the pages that it refers to, the mask and the features of the norm.

use std::time::Duration;

use crate::{
    evidence::bodies::EvidenceError,
    judge::{Look, learn},
    model::{Dossier, Target, TargetId},
    store::{Commit, StoreError, blocking},
    world::{World, evicted},
};

/// The dossier after a look, with the page in the evidence if it became a known one. A page that cannot be kept teaches
/// nothing.
pub(crate) async fn grown(
    world: &World,
    target: &Target,
    dossier: &Dossier,
    look: &Look,
    every: Duration,
) -> Dossier {
    let mut after = dossier.clone();
    let known = learn::update(target, &mut after, look, every);
    if known {
        let (evidence, body) = (world.evidence.clone(), look.body.clone());
        let kept = blocking::run(move || {
            body.iter().try_for_each(|it| evidence.keep(it).map(drop))?;
            evicted::within_budget(&evidence, &mut after);
            Ok::<_, EvidenceError>(after)
        });
        after = match kept.await {
            Ok(after) => after,
            Err(error) => {
                tracing::error!(target.id = %target.id, %error, "a page cannot be kept and is not learnt");
                return dossier.clone();
            }
        };
    }
    if dossier.baseline.is_none()
        && let Some(baseline) = &after.baseline
    {
        tracing::info!(target.id = %target.id, looks = baseline.approved.len(), "the baseline is learnt");
    }
    after
}

/// Writes what a look of another visitor than the first teaches: each visitor has a history of its own.
pub(crate) async fn learn_profile(world: &World, target: &Target, dossier: Dossier, look: &Look) {
    let after = grown(world, target, &dossier, look, target.settings.every).await;
    if dossier == after {
        return;
    }
    let commit = Commit {
        mask: learn::mask_of(look, target, &after),
        dossier: Some(after.clone()),
        ..Commit::default()
    };
    match world.store.commit(commit).await {
        Ok(()) => {
            evicted::remember(world, &dossier, &after).await;
            keep(world, target, &after, look);
        }
        // another task looked too; the next look learns
        Err(StoreError::Conflict) => (),
        Err(error) => {
            tracing::error!(target.id = %target.id, %error, "what a visitor was shown cannot be kept")
        }
    }
}

/// Keeps the features of a look's page, once the page is part of the dossier. The look does not wait: this work comes after
/// all judgements, and a page without kept features is read again.
pub(crate) fn keep(world: &World, target: &Target, after: &Dossier, look: &Look) {
    let (Some(seen), Some(features)) = (look.seen.clone(), look.features.clone()) else {
        return;
    };
    let Some(under_way) = world.lessons.begin(&after.target.beside("norm")) else {
        return;
    };
    let (norms, desks) = (world.norms(), world.desks.clone());
    let (target, after) = (target.clone(), after.clone());
    tokio::spawn(async move {
        let id = target.id.clone();
        let work = move || norms.took(&target, &after, &seen, features);
        if let Err(error) = desks.learning(&id, work).await {
            tracing::debug!(%error, "what a look leaves in the norm is not kept; its page will be read again");
        }
        drop(under_way);
    });
}

/// Keeps what a look taught of where the page varies. Nothing depends on it: without it, the next look learns it again.
pub async fn keep_mask(world: &World, of: &TargetId, look: &Look) {
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
