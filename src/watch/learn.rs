//! What looks teach: a first baseline over several of them, variations beside it, where a portal is at home.

use std::time::Duration;

use super::{
    World,
    look::Look,
    paths::{Path, expects, passed_on},
};
use crate::{
    model::{Baseline, Class, Dossier, Part, Standing, Target, dossier::Validators},
    store::{Commit, StoreError},
};

/// A page judged normal is kept as a variation at most once in so many intervals: portals move on, and the
/// norm with them, but a banner that rotates does not push everything else out at once.
const LEARN_AGAIN_AFTER: u32 = 3;

/// A page that is doubtful, though not enough to ring, teaches nothing: an attack in small steps would be its own excuse.
const DOUBTFUL: f64 = 0.2;

/// What a look adds to what is remembered of a target.
pub(super) fn take_in(
    world: &World,
    target: &Target,
    dossier: &mut Dossier,
    look: &Look,
    every: Duration,
) {
    if let Some(address) = look.observation.answer().and_then(|it| it.address) {
        dossier.address = Some(address);
    }
    if dossier.open.is_none() {
        learn(world, target, dossier, look, every);
    }
    if let Some(certificate) = &look.observation.certificate {
        dossier.certificate_ends = Some(certificate.not_after);
    }
}

/// Whether it adds anything. Most looks do not, and write nothing but a line of history.
pub(super) fn teaches(
    world: &World,
    target: &Target,
    dossier: &Dossier,
    look: &Look,
    every: Duration,
) -> bool {
    let mut after = dossier.clone();
    take_in(world, target, &mut after, look, every);
    after != *dossier
}

/// A visitor's own history grows like the target's.
pub(super) async fn learn_profile(
    world: &World,
    target: &Target,
    mut dossier: Dossier,
    look: &Look,
) {
    let before = dossier.clone();
    learn(world, target, &mut dossier, look, target.settings.every);
    if dossier == before {
        return;
    }
    let after = dossier.clone();
    let commit = Commit {
        mask: passed_on(look, target, &dossier),
        dossier: Some(dossier),
        ..Commit::default()
    };
    match world.store.commit(commit).await {
        // somebody else looked too; the next look learns
        Ok(()) => kept(world, target, &after, look).await,
        Err(StoreError::Conflict) => (),
        Err(error) => {
            tracing::error!(target.id = %target.id, %error, "what a visitor was shown cannot be kept")
        }
    }
}

/// Only pages judged normal teach. A first baseline is learnt over several looks; later variations are
/// kept beside what was approved.
fn learn(world: &World, target: &Target, dossier: &mut Dossier, look: &Look, every: Duration) {
    if look.class.standing() != Standing::Up {
        return;
    }
    if look.verdict.score >= DOUBTFUL {
        if dossier.baseline.is_none() {
            tracing::warn!(target.id = %target.id, score = look.verdict.score,
                "a page that is doubtful at first sight does not become a baseline by itself; look at it and run: gaccong approve {} --by NAME", target.id.portal());
        }
        return;
    }
    let certificate = look.observation.certificate.as_ref();
    dossier.origin.learn(
        certificate.map(|it| it.issuer.as_str()),
        certificate.map(|it| it.subject.as_str()),
        look.observation.network().as_deref(),
    );
    if let Some(facts) = &look.site {
        dossier.site = Some(facts.clone());
        return;
    }
    // what nobody links to has no history: it is judged by what it shows, each time
    if target.part == Some(Part::Unlinked) {
        return;
    }
    let (Some(seen), Some(body)) = (&look.seen, &look.body) else {
        return;
    };
    if let Some(answer) = look.observation.answer()
        && answer.status == 200
    {
        let has = answer.etag.is_some();
        dossier.validators = has.then(|| Validators {
            etag: answer.etag.clone(),
            digest: seen.digest,
        });
    }
    dossier.expects = Some(expects(target));
    let new = match &dossier.baseline {
        None => true,
        Some(baseline) => {
            let last = baseline.learnt.last().map_or(baseline.at, |it| it.at);
            let aged = look.observation.at.duration_since(last).unsigned_abs()
                >= every * LEARN_AGAIN_AFTER;
            // what had to be judged though it is as ever varies where nobody knew
            let news = look.class == Class::NormalChange || look.path == Path::Judged;
            news && aged
        }
    };
    if !new {
        return;
    }
    if let Err(error) = world.evidence.keep(body) {
        tracing::error!(target.id = %target.id, %error, "a page cannot be kept and is not learnt");
        return;
    }
    match &mut dossier.baseline {
        Some(baseline) => baseline.learn(seen.clone()),
        None => {
            dossier.learning.push(seen.clone());
            if dossier.learning.len() as u32 >= target.settings.learn.looks {
                tracing::info!(target.id = %target.id, looks = dossier.learning.len(), "the baseline is learnt");
                dossier.baseline = Some(Baseline {
                    approved: std::mem::take(&mut dossier.learning),
                    by: "gaccong".to_owned(),
                    at: look.observation.at,
                    learnt: Vec::new(),
                });
            }
        }
    }
}

/// What a look leaves in the norm is kept once it is part of the dossier.
pub(super) async fn kept(world: &World, target: &Target, after: &Dossier, look: &Look) {
    let (Some(seen), Some(page)) = (look.seen.clone(), look.page.clone()) else {
        return;
    };
    let (norms, target, after) = (world.norms(), target.clone(), after.clone());
    let work = move || norms.took(&target, &after, &seen, &page);
    if let Err(error) = world.desks.whole(work).await {
        tracing::debug!(%error, "what a look leaves in the norm is not kept; its page will be read again");
    }
}
