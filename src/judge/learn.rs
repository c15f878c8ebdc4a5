//! What a look teaches: a first baseline over several looks, variations beside it, and where a portal is at home.

use std::time::Duration;

use jiff::Timestamp;

use super::{DecidedBy, Look, expectations, mask_source};
use crate::model::{
    Baseline, Class, Mask, Part, Standing, Target, TargetId, TargetState, observation::Certificate,
    target_state::Validators, verdict::State,
};

/// Intervals between two pages that are kept as variations of a baseline: portals move on, and the norm with them, but a
/// banner that rotates must not push everything else out at once.
const LEARN_AGAIN_AFTER: u32 = 3;

/// A page that is doubtful, though not enough to ring, teaches nothing: an attack in small steps would be its own excuse.
const DOUBTFUL: f64 = 0.2;

/// Adds to the target's state what a look teaches. Returns true if its page becomes a known look: the caller must then keep the body.
pub fn update(
    target: &Target,
    target_state: &mut TargetState,
    look: &Look,
    every: Duration,
) -> bool {
    // behind a redirect to another host, the address is that host's
    let own = look
        .observation
        .answer()
        .filter(|it| it.final_url.host_str() == target.url.host_str());
    if let Some(address) = own.and_then(|it| it.address) {
        // a name with several addresses keeps the one that is known until it is none of them any more
        let all = &look.observation.face.all;
        let stays = target_state.address.is_some_and(|it| all.contains(&it));
        if !stays {
            target_state.address = Some(address);
        }
        target_state.faces = look.observation.face.others;
    }
    // a machine in between may have put its own certificate there, which says nothing of the portal's
    let is_own = |it: &&Certificate| {
        it.fault
            .as_ref()
            .is_none_or(|why| why.key == "cause-tls-expired")
    };
    if let Some(certificate) = look.observation.certificate.as_ref().filter(is_own) {
        target_state.certificate_ends = Some(certificate.not_after);
    }
    note_shell(target_state, look);
    target_state.open.is_none() && learn(target, target_state, look, every)
}

/// Whether a first page is too doubtful to become a baseline without a person's approval.
pub fn needs_approval(target_state: &TargetState, look: &Look) -> bool {
    let is_up = look.class.standing() == Standing::Up;
    is_up && look.verdict.score >= DOUBTFUL && target_state.baseline.is_none()
}

/// Whether a look teaches anything. Most looks do not, and write nothing but a line of history.
pub fn teaches(target: &Target, target_state: &TargetState, look: &Look, every: Duration) -> bool {
    let mut after = target_state.clone();
    update(target, &mut after, look, every);
    after != *target_state
}

/// Remembers since when the portal has shown an empty shell in the place of its page. A portal that is silent meanwhile
/// has not shown its page.
fn note_shell(target_state: &mut TargetState, look: &Look) {
    if look.verdict.state == State::Shell && target_state.baseline.is_some() {
        target_state.shell_since = target_state.shell_since.or(Some(look.observation.at));
    } else if look.class.standing() == Standing::Up {
        target_state.shell_since = None;
    }
}

/// Whether what a look showed may become normal. A shell in the place of a known page teaches nothing: what scripts fill
/// it with is not seen. At first sight a portal may be made so.
pub(super) fn may_teach(target_state: &TargetState, look: &Look) -> bool {
    let is_known = target_state.baseline.is_some() || !target_state.learning.is_empty();
    look.verdict.state != State::Shell || !is_known
}

/// Only pages judged normal teach. A first baseline is learnt over several looks; later variations are
/// kept beside what was approved.
fn learn(target: &Target, target_state: &mut TargetState, look: &Look, every: Duration) -> bool {
    let is_up = look.class.standing() == Standing::Up && may_teach(target_state, look);
    if !is_up || look.verdict.score >= DOUBTFUL {
        return false;
    }
    // a page that was sighted as tampering is not learnt only because it no longer looks so
    let digest = look.seen.as_ref().map(|it| it.digest);
    if digest.is_some_and(|it| target_state.sightings.shows(&it)) {
        return false;
    }
    let certificate = look.observation.certificate.as_ref();
    target_state.origin.learn(
        certificate.map(|it| it.issuer.as_str()),
        certificate.map(|it| it.subject.as_str()),
        look.observation.network().as_deref(),
    );
    if let Some(facts) = &look.site {
        target_state.site = Some(facts.clone());
        return false;
    }
    // an unlinked path has no history: each look at it is judged by its page alone
    if target.part == Some(Part::Unlinked) {
        return false;
    }
    let (Some(seen), Some(_)) = (&look.seen, &look.body) else {
        return false;
    };
    if let Some(answer) = look.observation.answer()
        && answer.status == 200
    {
        // a condition holds for the page that gave it, and a visit begins at the address that led there
        let has = answer.etag.is_some() && look.observation.hops.is_empty();
        target_state.validators = has.then(|| Validators {
            etag: answer.etag.clone(),
            digest: seen.digest,
        });
    }
    target_state.expects = Some(expectations(target));
    // an unchanged page that had to be judged varies in a place that the mask did not know
    let news = look.class == Class::NormalChange || look.decided_by == DecidedBy::Judged;
    let new =
        target_state.baseline.is_none() || news && is_due(target_state, look.observation.at, every);
    if !new {
        return false;
    }
    match &mut target_state.baseline {
        Some(baseline) => baseline.learn(seen.clone()),
        None => {
            target_state.learning.push(seen.clone());
            if target_state.learning.len() as u32 >= target.settings.learn.looks {
                target_state.baseline = Some(Baseline {
                    approved: std::mem::take(&mut target_state.learning),
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
pub(super) fn is_due(target_state: &TargetState, at: Timestamp, every: Duration) -> bool {
    target_state.baseline.as_ref().is_none_or(|baseline| {
        let last = baseline.learnt.last().map_or(baseline.at, |it| it.at);
        at.duration_since(last).unsigned_abs() >= every * LEARN_AGAIN_AFTER
    })
}

/// The mask that a look matched or grew, as the mask of the target's state that the look is part of now; `None` if the stored
/// mask is that one. It lets through what it let through before.
pub fn mask_of(look: &Look, target: &Target, after: &TargetState) -> Option<(TargetId, Mask)> {
    let of = mask_source(after, &expectations(target));
    let mask = look.mask.as_deref().filter(|it| it.of != of)?;
    let mask = Mask {
        of,
        approved: after.baseline.as_ref().map(|it| it.at),
        ..mask.clone()
    };
    Some((after.target.clone(), mask))
}
