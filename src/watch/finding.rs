//! What an incident is made of: the looks that showed it, as a finding, and the pages that prove it.

use jiff::Timestamp;

use crate::{
    incident::{self, Finding},
    judge::{Look, shows_mark},
    model::{Baseline, Dossier, Incident, LookRef, Target, incident::Evidence},
    world::World,
};

/// The number of looks made and of those that agreed, with the moment of the first.
pub(crate) struct Agreed {
    pub seen_at: Timestamp,
    pub agreed: u32,
    pub looked: u32,
}

/// Whether a look says something that the open incident does not already say (see [`incident::is_news`]).
pub(crate) fn is_news(known: Option<&Incident>, look: &Look) -> bool {
    let signals = &look.verdict.signals;
    incident::is_news(known, look.class, signals, shows_mark(signals))
}

pub(crate) async fn finding(
    world: &World,
    target: &Target,
    dossier: &Dossier,
    look: &Look,
    how: &Agreed,
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
        is_marked: shows_mark(&look.verdict.signals),
        signals: look.verdict.signals.clone(),
        title_before: world.norm(target, dossier).await.title.clone(),
        title_now: look.title.clone(),
        changes: look.changes.clone(),
        before: before(dossier).map(identity),
        evidence: evidence(world, target, look).await,
        address: look.observation.face.address.or(dossier.address),
        one_of: look.observation.face.others,
    }
}

/// Keeps the page of a look as evidence; `None` where the look has no page, or it cannot be kept.
pub(crate) async fn evidence(world: &World, target: &Target, look: &Look) -> Option<Evidence> {
    let body = look.body.clone()?;
    match world.evidence.keep_body(body).await {
        Ok(_) => look.seen.as_ref().map(identity),
        Err(error) => {
            tracing::error!(target.id = %target.id, %error, "evidence cannot be kept; the alert goes out without it");
            None
        }
    }
}

/// The page that officers see as "before".
pub(crate) fn before(dossier: &Dossier) -> Option<&LookRef> {
    dossier.baseline.as_ref().and_then(Baseline::latest)
}

pub(crate) fn identity(look: &LookRef) -> Evidence {
    Evidence {
        at: look.at,
        digest: look.digest,
        url: look.url.clone(),
        content_type: look.content_type.clone(),
    }
}
