//! What looks teach: a first baseline over several of them, variations beside it, where a portal is at home.

use std::time::Duration;

use jiff::Timestamp;

use super::{
    look::Look,
    paths::{Path, expects, passed_on},
};
use crate::{
    model::{
        Baseline, Class, Dossier, Part, Standing, Target, dossier::Validators,
        observation::Certificate,
    },
    store::{Commit, StoreError},
    world::{World, evicted},
};

/// A page judged normal is kept as a variation at most once in so many intervals: portals move on, and the
/// norm with them, but a banner that rotates does not push everything else out at once.
const LEARN_AGAIN_AFTER: u32 = 3;

/// A page that is doubtful, though not enough to ring, teaches nothing: an attack in small steps would be its own excuse.
const DOUBTFUL: f64 = 0.2;

/// What a look adds to what is remembered of a target; whether its page becomes a known one, whose body must be kept.
fn take_in(target: &Target, dossier: &mut Dossier, look: &Look, every: Duration) -> bool {
    // behind a redirect to another host, the address is that host's
    let own = look
        .observation
        .answer()
        .filter(|it| it.final_url.host_str() == target.url.host_str());
    if let Some(address) = own.and_then(|it| it.address) {
        // a name with several addresses keeps the one that is known until it is none of them any more
        let all = &look.observation.face.all;
        let stays = dossier.address.is_some_and(|it| all.contains(&it));
        if !stays {
            dossier.address = Some(address);
        }
        dossier.faces = look.observation.face.others;
    }
    // a machine in between may have put its own certificate there, which says nothing of the portal's
    let is_own = |it: &&Certificate| {
        it.fault
            .as_ref()
            .is_none_or(|why| why.key == "cause-tls-expired")
    };
    if let Some(certificate) = look.observation.certificate.as_ref().filter(is_own) {
        dossier.certificate_ends = Some(certificate.not_after);
    }
    dossier.open.is_none() && learn(target, dossier, look, every)
}

/// Says where a first page is too doubtful to become a baseline by itself.
pub(crate) fn warn_of_doubt(target: &Target, dossier: &Dossier, look: &Look) {
    let up = look.class.standing() == Standing::Up;
    if up && look.verdict.score >= DOUBTFUL && dossier.baseline.is_none() {
        tracing::warn!(target.id = %target.id, score = look.verdict.score,
            "a page that is doubtful at first sight does not become a baseline by itself; look at it and run: gaccong approve {} --by NAME", target.id.portal());
    }
}

/// Whether it adds anything. Most looks do not, and write nothing but a line of history.
pub(crate) fn teaches(target: &Target, dossier: &Dossier, look: &Look, every: Duration) -> bool {
    let mut after = dossier.clone();
    take_in(target, &mut after, look, every);
    after != *dossier
}

/// The dossier after a look, its page kept where it became a known one. A page that cannot be kept teaches nothing.
pub(crate) fn grown(
    world: &World,
    target: &Target,
    dossier: &Dossier,
    look: &Look,
    every: Duration,
) -> Dossier {
    let mut after = dossier.clone();
    let known = take_in(target, &mut after, look, every);
    if known
        && let Some(body) = &look.body
        && let Err(error) = world.evidence.keep(body)
    {
        tracing::error!(target.id = %target.id, %error, "a page cannot be kept and is not learnt");
        return dossier.clone();
    }
    if known {
        evicted::within_budget(&world.evidence, &mut after);
    }
    if dossier.baseline.is_none()
        && let Some(baseline) = &after.baseline
    {
        tracing::info!(target.id = %target.id, looks = baseline.approved.len(), "the baseline is learnt");
    }
    after
}

/// A visitor's own history grows like the target's.
pub(crate) async fn learn_profile(world: &World, target: &Target, dossier: Dossier, look: &Look) {
    let after = grown(world, target, &dossier, look, target.settings.every);
    if dossier == after {
        return;
    }
    let commit = Commit {
        mask: passed_on(look, target, &after),
        dossier: Some(after.clone()),
        ..Commit::default()
    };
    match world.store.commit(commit).await {
        // somebody else looked too; the next look learns
        Ok(()) => {
            evicted::remember(world, &dossier, &after);
            keep(world, target, &after, look);
        }
        Err(StoreError::Conflict) => (),
        Err(error) => {
            tracing::error!(target.id = %target.id, %error, "what a visitor was shown cannot be kept")
        }
    }
}

/// Only pages judged normal teach. A first baseline is learnt over several looks; later variations are
/// kept beside what was approved.
fn learn(target: &Target, dossier: &mut Dossier, look: &Look, every: Duration) -> bool {
    if look.class.standing() != Standing::Up || look.verdict.score >= DOUBTFUL {
        return false;
    }
    // a page that was sighted as tampering is not learnt only because it no longer looks so
    let digest = look.seen.as_ref().map(|it| it.digest);
    if digest.is_some_and(|it| dossier.sightings.shows(&it)) {
        return false;
    }
    let certificate = look.observation.certificate.as_ref();
    dossier.origin.learn(
        certificate.map(|it| it.issuer.as_str()),
        certificate.map(|it| it.subject.as_str()),
        look.observation.network().as_deref(),
    );
    if let Some(facts) = &look.site {
        dossier.site = Some(facts.clone());
        return false;
    }
    // what nobody links to has no history: it is judged by what it shows, each time
    if target.part == Some(Part::Unlinked) {
        return false;
    }
    let (Some(seen), Some(_)) = (&look.seen, &look.body) else {
        return false;
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
    // what had to be judged though it is as ever varies where nobody knew
    let news = look.class == Class::NormalChange || look.path == Path::Judged;
    let new = dossier.baseline.is_none() || news && is_due(dossier, look.observation.at, every);
    if !new {
        return false;
    }
    match &mut dossier.baseline {
        Some(baseline) => baseline.learn(seen.clone()),
        None => {
            dossier.learning.push(seen.clone());
            if dossier.learning.len() as u32 >= target.settings.learn.looks {
                dossier.baseline = Some(Baseline {
                    approved: std::mem::take(&mut dossier.learning),
                    by: "gaccong".to_owned(),
                    at: look.observation.at,
                    learnt: Vec::new(),
                });
            }
        }
    }
    true
}

/// Whether a normal page that differs is kept as a variation now: the last one is old enough.
pub(crate) fn is_due(dossier: &Dossier, at: Timestamp, every: Duration) -> bool {
    dossier.baseline.as_ref().is_none_or(|baseline| {
        let last = baseline.learnt.last().map_or(baseline.at, |it| it.at);
        at.duration_since(last).unsigned_abs() >= every * LEARN_AGAIN_AFTER
    })
}

/// Keeps what a look leaves in the norm, once it is part of the dossier. The look does not wait for it: lessons come after
/// all judgements, and what is not kept is read again.
pub(crate) fn keep(world: &World, target: &Target, after: &Dossier, look: &Look) {
    let (Some(seen), Some(left)) = (look.seen.clone(), look.left.clone()) else {
        return;
    };
    let Some(under_way) = world.lessons.begin(&after.target.beside("norm")) else {
        return;
    };
    let (norms, desks) = (world.norms(), world.desks.clone());
    let (target, after) = (target.clone(), after.clone());
    tokio::spawn(async move {
        let id = target.id.clone();
        let work = move || norms.took(&target, &after, &seen, left);
        if let Err(error) = desks.learning(&id, work).await {
            tracing::debug!(%error, "what a look leaves in the norm is not kept; its page will be read again");
        }
        drop(under_way);
    });
}
