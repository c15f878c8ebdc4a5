//! Findings of looks and sightings, and the pages that prove them.

use crate::{
    incident::Finding,
    judge::Look,
    model::{
        Baseline, Dossier, LookRef, Target,
        incident::{Evidence, Intermittent},
        sighting::Shown,
    },
    watch::confirmed::Agreement,
    world::World,
};

/// The finding of a look that others agree with.
pub(crate) async fn of_look(
    world: &World,
    target: &Target,
    dossier: &Dossier,
    look: &Look,
    how: &Agreement,
) -> Finding {
    Finding {
        class: look.class,
        seen_at: how.seen_at,
        confirmed_at: world.clock.now(),
        agreed: how.agreed,
        looked: how.looked,
        vantage: look.observation.vantage.clone(),
        cause: look.cause.clone(),
        score: look.verdict.score,
        signals: look.verdict.signals.clone(),
        title_before: world.norm(target, dossier).await.title.clone(),
        title_now: look.title.clone(),
        changes: look.changes.clone(),
        before: page_before(dossier),
        evidence: keep_evidence(world, target, look).await,
        address: look.observation.face.address.or(dossier.address),
        one_of: look.observation.face.others,
    }
}

/// The finding of several sightings, with the page that was shown last.
pub(crate) async fn of_sightings(
    world: &World,
    target: &Target,
    dossier: &Dossier,
    shown: &Shown,
    how: &Intermittent,
) -> Finding {
    let pending = dossier.sightings.seen.iter().find(|it| !it.told);
    Finding {
        class: shown.class,
        seen_at: pending.map_or(shown.at, |it| it.at),
        confirmed_at: world.clock.now(),
        agreed: how.times,
        looked: how.looks,
        vantage: world.config.service.vantage.clone(),
        cause: shown.cause.clone(),
        score: shown.score,
        signals: shown.signals.clone(),
        title_before: world.norm(target, dossier).await.title.clone(),
        title_now: shown.title.clone(),
        changes: shown.changes.clone(),
        before: page_before(dossier),
        evidence: shown.page.clone(),
        address: shown.address.or(dossier.address),
        one_of: shown.one_of,
    }
}

/// Keeps the page of a look as evidence; `None` where the look has no page, or it cannot be kept.
pub(crate) async fn keep_evidence(world: &World, target: &Target, look: &Look) -> Option<Evidence> {
    let body = look.body.clone()?;
    match world.evidence.keep_body(body).await {
        Ok(_) => look.seen.as_ref().map(reference),
        Err(error) => {
            tracing::error!(target.id = %target.id, %error, "evidence cannot be kept; the alert goes out without it");
            None
        }
    }
}

/// The page that officers see as "before".
fn page_before(dossier: &Dossier) -> Option<Evidence> {
    let baseline = dossier.baseline.as_ref();
    baseline.and_then(Baseline::latest).map(reference)
}

fn reference(look: &LookRef) -> Evidence {
    Evidence {
        at: look.at,
        digest: look.digest,
        url: look.url.clone(),
        content_type: look.content_type.clone(),
    }
}
