//! A person's word on a page: the present page becomes the approved baseline, and what was open about it ends.

use crate::{
    incident::{self, Voice},
    judge::{self, Look},
    model::{
        About, Alert, Baseline, Class, Dossier, Incident, IncidentId, Kind, LookRef, Profile,
        Sightings, Standing, Target, Urgency, baseline::KEPT, incident::Actor,
    },
    store::{Commit, StoreError},
    watch::look::{Beside, look},
    world::World,
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
    Evidence(#[from] crate::evidence::bodies::EvidenceError),
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

/// A commit that was overtaken is decided anew at most this often.
const TRIES: u32 = 5;

/// Looks now (unless a look made a moment ago is given) and makes what is seen the baseline. A page that became worse
/// than what the open incident tells of is not taken [`Keep::Beside`]: nobody has seen it yet.
pub async fn approve(
    world: &World,
    target: &Target,
    word: Word,
    seen: Option<Look>,
) -> Result<Approved, NotApproved> {
    for _ in 0..TRIES {
        match attempt(world, target, &word, seen.as_ref()).await {
            Err(NotApproved::Store(StoreError::Conflict)) => continue,
            decided => return decided,
        }
    }
    Err(StoreError::Conflict.into())
}

async fn attempt(
    world: &World,
    target: &Target,
    word: &Word,
    seen: Option<&Look>,
) -> Result<Approved, NotApproved> {
    let known = world.store.dossier(&target.id).await?;
    let mut dossier = known.unwrap_or_else(|| Dossier::new(target.id.clone()));
    let open = match &dossier.open {
        Some(id) => world.store.incident(id).await?,
        None => None,
    };
    let seen = match seen {
        Some(seen) => seen.clone(),
        None => look_again(world, target, &dossier, open.as_ref()).await,
    };
    let (reference, body) = page_of(&seen)?;
    if is_doubtful(word, &seen, open.as_ref()) {
        return Err(NotApproved::Doubtful(seen.class));
    }
    world.evidence.keep_body(body.clone()).await?;
    let now = world.clock.now();
    let approved = kept_beside(word.keep, dossier.baseline.as_ref(), reference);
    let looks = approved.len();
    dossier.baseline = Some(Baseline {
        approved,
        by: word.by.name.clone(),
        at: now,
        learnt: Vec::new(),
    });
    dossier.expects = Some(judge::expectations(target));
    dossier.site.clone_from(&seen.site);
    dossier.learning.clear();
    dossier.validators = None;
    // a page that is well now says nothing of earlier sightings
    if word.keep != Keep::IfNormal {
        dossier.sightings = Sightings::default();
    }
    dossier.open = None;
    let mut commit = Commit {
        milestone: word.milestone.clone(),
        dossier: Some(dossier),
        ..Commit::default()
    };
    if let Some(open) = open
        && let Ok(ended) = end(&open, &word.by, word.reason.clone(), now)
    {
        commit.alerts = world.alerts(target, &ended, Voice::Plain, now);
        commit.alerts.extend(rings(world, &word.by, &open, now));
        commit.incidents.push(ended);
    }
    world.store.commit(commit).await?;
    Ok(Approved {
        class: seen.class,
        looks,
    })
}

/// One look, at the address where the open incident was seen: an officer approves what the incident tells of.
async fn look_again(
    world: &World,
    target: &Target,
    dossier: &Dossier,
    open: Option<&Incident>,
) -> Look {
    let profiles = &target.settings.profiles;
    let profile = profiles.first().copied().unwrap_or(Profile::Desktop);
    let beside = Beside {
        face: open.and_then(|it| it.address),
        ..Beside::default()
    };
    look(world, target, profile, dossier, beside).await
}

/// The page that a look saw, where the portal shows one.
fn page_of(seen: &Look) -> Result<(&LookRef, &bytes::Bytes), NotApproved> {
    let is_shown = !matches!(seen.class.standing(), Standing::Down | Standing::Blocked);
    match (&seen.seen, &seen.body) {
        (Some(reference), Some(body)) if is_shown => Ok((reference, body)),
        _ => Err(NotApproved::NoPage(seen.class)),
    }
}

fn is_doubtful(word: &Word, seen: &Look, open: Option<&Incident>) -> bool {
    let is_worse = match (open, Kind::of(seen.class)) {
        (Some(open), Some(kind)) => incident::is_graver(kind, open.kind),
        (None, kind) => kind.is_some(),
        (_, None) => false,
    };
    let is_of_another = word.of.is_some() && word.of.as_ref() != open.map(|it| &it.id);
    match word.keep {
        _ if is_of_another => true,
        Keep::None => false,
        Keep::IfNormal => seen.class.standing() != Standing::Up,
        Keep::Beside => is_worse,
    }
}

/// The approved looks with a new one at their end; the oldest make room for it.
fn kept_beside(keep: Keep, known: Option<&Baseline>, new: &LookRef) -> Vec<LookRef> {
    let mut approved: Vec<LookRef> = match (known, keep) {
        (Some(known), Keep::Beside) => known.looks().cloned().collect(),
        (Some(known), Keep::IfNormal) => known.approved.clone(),
        _ => Vec::new(),
    };
    approved.retain(|it| it.digest != new.digest);
    approved.push(new.clone());
    let surplus = approved.len().saturating_sub(KEPT);
    approved.drain(..surplus);
    approved
}

/// What an agency's chat calls legitimate is told to the operator's people so that it rings: an edit rings nobody, and whoever
/// changed the page may sit in that chat. What was announced they know of already.
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
