//! A person's word on a page: the present page becomes the approved baseline, and what was open about it ends.

use super::{
    World,
    look::{Beside, Look, look},
    paths,
};
use crate::{
    incident::{self, Voice},
    model::{
        About, Alert, Baseline, Class, Dossier, Incident, IncidentId, Kind, Profile, Sightings,
        Standing, Target, Urgency, baseline::KEPT, incident::Actor,
    },
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

/// What becomes of the looks that were approved before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// The page alone counts from now on.
    None,
    /// They stay beside it, and it must be normal by them.
    IfNormal,
    /// They stay beside it: what is new on it becomes known, what was known stays so.
    Beside,
}

/// A person's word.
#[derive(Clone, Debug)]
pub struct Word {
    pub by: Actor,
    pub keep: Keep,
    pub reason: Option<String>,
    /// The incident that it is about: nothing is approved where that is not the open one any more.
    pub of: Option<IncidentId>,
    /// Written in the same commit.
    pub milestone: Option<(String, String)>,
}

impl Word {
    pub fn new(by: impl Into<Actor>, keep: Keep) -> Self {
        Self {
            by: by.into(),
            keep,
            reason: None,
            of: None,
            milestone: None,
        }
    }
}

/// Looks now (unless a look made a moment ago is given) and makes what is seen the baseline. A page that became worse
/// than what the open incident tells of is not taken [`Keep::Beside`]: nobody has seen it yet.
pub async fn approve(
    world: &World,
    target: &Target,
    word: Word,
    seen: Option<Look>,
) -> Result<Approved, NotApproved> {
    let by = &word.by;
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
        let open = match &dossier.open {
            Some(id) => world.store.incident(id).await?,
            None => None,
        };
        // an officer approves the page of the incident, which may stand at one address only
        let beside = Beside {
            face: open.as_ref().and_then(|it| it.address),
            ..Beside::default()
        };
        let seen = match &seen {
            Some(seen) => seen.clone(),
            None => look(world, target, profile, &dossier, beside).await,
        };
        let (Some(reference), Some(body)) = (&seen.seen, &seen.body) else {
            return Err(NotApproved::NoPage(seen.class));
        };
        let standing = seen.class.standing();
        if matches!(standing, Standing::Down | Standing::Blocked) {
            return Err(NotApproved::NoPage(seen.class));
        }
        let worse = match (&open, Kind::of(seen.class)) {
            (Some(open), Some(kind)) => incident::is_graver(kind, open.kind),
            (None, kind) => kind.is_some(),
            (_, None) => false,
        };
        let other = word.of.is_some() && word.of.as_ref() != open.as_ref().map(|it| &it.id);
        let doubtful = match word.keep {
            _ if other => true,
            Keep::None => false,
            Keep::IfNormal => standing != Standing::Up,
            Keep::Beside => worse,
        };
        if doubtful {
            return Err(NotApproved::Doubtful(seen.class));
        }
        world.evidence.keep(body)?;
        let now = world.clock.now();
        let mut approved = match &dossier.baseline {
            Some(known) if word.keep == Keep::Beside => known.looks().cloned().collect(),
            Some(known) if word.keep == Keep::IfNormal => known.approved.clone(),
            _ => Vec::new(),
        };
        approved.retain(|it| it.digest != reference.digest);
        approved.push(reference.clone());
        let surplus = approved.len().saturating_sub(KEPT);
        approved.drain(..surplus);
        let looks = approved.len();
        dossier.baseline = Some(Baseline {
            approved,
            by: by.name.clone(),
            at: now,
            learnt: Vec::new(),
        });
        dossier.expects = Some(paths::expects(target));
        dossier.site.clone_from(&seen.site);
        dossier.learning.clear();
        dossier.validators = None;
        // a page that is well now says nothing of earlier sightings
        if word.keep != Keep::IfNormal {
            dossier.sightings = Sightings::default();
        }
        let mut commit = Commit {
            milestone: word.milestone.clone(),
            ..Commit::default()
        };
        dossier.open = None;
        if let Some(open) = open
            && let Ok(ended) = end(&open, by, word.reason.clone(), now)
        {
            commit.alerts = world.alerts(target, &ended, Voice::Plain, now);
            commit.alerts.extend(rings(world, by, &open, now));
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

/// Alerts that ring the operator's people when an agency's chat calls tampering legitimate: an edit rings no phone, and
/// a person who changed the page may sit in that chat. None for announced changes: the operator's people know of them.
fn rings(world: &World, by: &Actor, open: &Incident, now: jiff::Timestamp) -> Vec<Alert> {
    if !by.is_of_agency() || !open.kind.is_tampering() || open.planned.is_some() {
        return Vec::new();
    }
    let about = About::Reminder(open.id.clone());
    let duty = world.config.defaults.notify.iter();
    let alert = |name: &String| Alert::new(name, about.clone(), Urgency::Urgent, now);
    duty.map(alert).collect()
}

/// What was suspected of tampering was none; an outage was one and is over.
fn end(
    open: &Incident,
    by: &Actor,
    reason: Option<String>,
    now: jiff::Timestamp,
) -> Result<Incident, String> {
    if open.kind.is_tampering() {
        incident::dismiss(open, by, reason, now)
    } else {
        incident::resolve(open, by, reason, now)
    }
}
