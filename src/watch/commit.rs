//! Decides what a look means for the dossier and the incidents of its target, and commits it.

use std::time::Duration;

use jiff::Timestamp;

use crate::{
    incident::{self, Voice},
    judge::{Look, learn::mask_of},
    model::{Dossier, Kind, Target},
    store::{Commit, StoreError},
    watch::{confirmed::Agreement, finding::of_look, incidents, teach},
    world::{
        World,
        decide::{Decision, TRIES, decide},
    },
};

/// The dossier before and after a look that changed it.
type Update = (Dossier, Dossier);

/// Commits a look to the dossier and, where enough looks `agreed`, to incidents, all in one commit. Another task may commit
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
    let dossier = world.store.dossier(&target.id).await?;
    let mut dossier = dossier.unwrap_or_else(|| Dossier::new(target.id.clone()));
    let before = dossier.clone();
    if dossier.baseline.as_ref().map(|it| it.at) != look.baseline_at && look.seen.is_some() {
        tracing::info!(target.id = %target.id, "the baseline was moved while the page was judged; the next look decides");
        return Ok(Decision::nothing(None));
    }
    // an incident that a person ended is not open any more: what is still wrong opens another
    let open = incidents::open(world, &mut dossier).await?;
    let open = open.as_ref();
    let mut commit = Commit::default();
    let lasts = incident::lasts(open, &dossier.sightings, look.class, now);
    let agreed =
        agreed.filter(|_| !lasts && incident::is_news(open, look.class, &look.verdict.signals));
    if let Some(agreed) = agreed {
        let finding = of_look(world, target, &dossier, look, &agreed).await;
        let step = incidents::step(world, target, &mut dossier, open, &finding).await?;
        commit = incidents::commit_of(world, target, &mut dossier, step, now).await?;
    } else if let Some(reminded) = open
        .filter(|it| Kind::of(look.class) == Some(it.kind))
        .and_then(|it| incident::remind(it, now))
    {
        commit.alerts = world.alerts(target, &reminded, Voice::Reminder, now);
        commit.incidents = vec![reminded];
    }
    let after = teach::updated(world, target, &dossier, look, every).await;
    // a look that saw nothing new is a line of history and no more
    if after == before {
        return Ok(Decision::write(commit, None));
    }
    commit.mask = mask_of(look, target, &after);
    commit.dossier = Some(after.clone());
    Ok(Decision::write(commit, Some((before, after))))
}
