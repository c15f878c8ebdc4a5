//! A person's word on a page: the present page becomes the approved baseline, and what was open about it ends.

use super::{
    World,
    look::{Beside, Look, look},
    paths,
};
use crate::{
    incident::{self, Voice},
    model::{Baseline, Class, Dossier, Incident, Profile, Standing, Target, baseline::KEPT},
    store::{Commit, StoreError},
};

/// Why a page cannot be approved.
#[derive(Debug, thiserror::Error)]
pub enum NotApproved {
    #[error("the portal does not show a page now ({0}); nothing was approved")]
    NoPage(Class),
    #[error("the page is doubtful ({0}); a person may approve it: gaccong approve ID --by NAME")]
    Doubtful(Class),
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("the page cannot be kept: {0}")]
    Evidence(#[from] crate::store::evidence::EvidenceError),
}

/// What was approved.
pub struct Approved {
    pub class: Class,
    pub looks: usize,
}

/// Looks now (unless a look made a moment ago is given) and makes what is seen the baseline. With `keep_variations`, earlier approved looks that the
/// page agrees with stay as known variations; without, the page alone counts.
pub async fn approve(
    world: &World,
    target: &Target,
    by: &str,
    keep_variations: bool,
    seen: Option<Look>,
) -> Result<Approved, NotApproved> {
    for _ in 0..5 {
        let mut dossier = world
            .store
            .dossier(&target.id)
            .await?
            .unwrap_or_else(|| Dossier::new(target.id.clone()));
        let profile = target
            .settings
            .profiles
            .first()
            .copied()
            .unwrap_or(Profile::Desktop);
        let seen = match &seen {
            Some(seen) => seen.clone(),
            None => look(world, target, profile, &dossier, Beside::default()).await,
        };
        let (Some(reference), Some(body)) = (&seen.seen, &seen.body) else {
            return Err(NotApproved::NoPage(seen.class));
        };
        let standing = seen.class.standing();
        if matches!(standing, Standing::Down | Standing::Blocked) {
            return Err(NotApproved::NoPage(seen.class));
        }
        if keep_variations && standing != Standing::Up {
            return Err(NotApproved::Doubtful(seen.class));
        }
        world.evidence.keep(body)?;
        let now = world.clock.now();
        let mut approved = match &dossier.baseline {
            Some(known) if keep_variations && seen.class.standing() == Standing::Up => {
                known.approved.clone()
            }
            _ => Vec::new(),
        };
        approved.retain(|it| it.digest != reference.digest);
        approved.push(reference.clone());
        let surplus = approved.len().saturating_sub(KEPT);
        approved.drain(..surplus);
        let looks = approved.len();
        dossier.baseline = Some(Baseline {
            approved,
            by: by.to_owned(),
            at: now,
            learnt: Vec::new(),
        });
        dossier.expects = Some(paths::expects(target));
        dossier.site.clone_from(&seen.site);
        dossier.learning.clear();
        dossier.validators = None;
        let mut commit = Commit::default();
        if let Some(id) = dossier.open.take()
            && let Some(open) = world.store.incident(&id).await?
            && let Ok(ended) = end(&open, by, now)
        {
            commit.alerts = world.alerts(target, &ended, Voice::Plain, now);
            commit.incidents.push(ended);
        }
        commit.dossier = Some(dossier);
        match world.store.commit(commit).await {
            Err(StoreError::Conflict) => continue,
            Err(error) => return Err(error.into()),
            Ok(()) => {
                return Ok(Approved {
                    class: seen.class,
                    looks,
                });
            }
        }
    }
    Err(StoreError::Conflict.into())
}

/// What was suspected of tampering was none; an outage was one and is over.
fn end(open: &Incident, by: &str, now: jiff::Timestamp) -> Result<Incident, String> {
    if open.kind.is_tampering() {
        incident::dismiss(open, by, None, now)
    } else {
        incident::resolve(open, by, None, now)
    }
}
