//! A person's approval of a page: the present page becomes the approved baseline, and the open incident ends.

use jiff::Timestamp;

use crate::{
    actions::{access::Access, refused::Refused},
    incident::{self, Voice},
    judge::{self, Look},
    model::{
        About, Alert, Baseline, Class, Dossier, Incident, IncidentId, Kind, LookRef, Profile, Say,
        Sightings, Standing, Target, TargetId, Urgency, baseline::KEPT, incident::Actor,
    },
    store::Commit,
    watch::look::{LookOptions, look},
    world::{
        World,
        decide::{Decision, decide},
    },
};

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
    Alongside,
}

/// A person's approval of a page.
#[derive(Clone, Debug)]
pub struct Approval {
    pub by: Actor,
    pub keep: Keep,
    pub reason: Option<String>,
    /// The incident that it is about: nothing is approved where that is not the open one any more.
    pub of: Option<IncidentId>,
    /// A milestone that is written in the same commit.
    pub mark: Option<(String, String)>,
}

impl Approval {
    pub fn new(by: impl Into<Actor>, keep: Keep) -> Self {
        Self {
            by: by.into(),
            keep,
            reason: None,
            of: None,
            mark: None,
        }
    }
}

/// Makes the present page of a target the only approved one, for the operator. Visits the portal.
pub async fn approve_page(access: &Access<'_>, id: &TargetId) -> Result<Approved, Refused> {
    let target = access.target(id).await?;
    access.decides("bot-officers-only")?;
    let approval = Approval {
        mark: access.mark(),
        ..Approval::new(access.actor().await, Keep::None)
    };
    approve(access.world, &target, approval, None).await
}

/// Looks now (unless a look made a moment ago is given) and makes what is seen the baseline; the open incident ends. A page
/// that became worse than what the open incident tells of is not kept [`Keep::Alongside`]: no person has seen it yet.
pub async fn approve(
    world: &World,
    target: &Target,
    approval: Approval,
    seen: Option<Look>,
) -> Result<Approved, Refused> {
    let (approval, seen) = (&approval, seen.as_ref());
    decide(world, |now| attempt(world, target, approval, seen, now)).await
}

async fn attempt(
    world: &World,
    target: &Target,
    approval: &Approval,
    seen: Option<&Look>,
    now: Timestamp,
) -> Result<Decision<Approved>, Refused> {
    let known = world.store.dossier(&target.id).await?;
    let known = known.unwrap_or_else(|| Dossier::new(target.id.clone()));
    let open = match &known.open {
        Some(id) => world.store.incident(id).await?,
        None => None,
    };
    let seen = match seen {
        Some(seen) => seen.clone(),
        None => look_again(world, target, &known, open.as_ref()).await,
    };
    let (reference, body) = page_of(&seen)?;
    if is_doubtful(approval, &seen, open.as_ref()) {
        return Err(Refused::Doubtful(seen.class));
    }
    world.evidence.keep_body(body.clone()).await?;
    let approved = alongside(approval.keep, known.baseline.as_ref(), reference);
    let answer = Approved {
        class: seen.class,
        looks: approved.len(),
    };
    let baseline = Baseline {
        approved,
        by: approval.by.name.clone(),
        at: now,
        learnt: Vec::new(),
    };
    let mut commit = Commit {
        milestone: approval.mark.clone(),
        dossier: Some(with_baseline(known, baseline, target, &seen, approval.keep)),
        ..Commit::default()
    };
    let reason = approval.reason.clone();
    if let Some(open) = open
        && let Ok(ended) = end(&open, &approval.by, reason, now)
    {
        commit.alerts = world.alerts(target, &ended, Voice::Plain, now);
        commit.alerts.extend(rings(world, &approval.by, &open, now));
        commit.incidents.push(ended);
    }
    Ok(Decision::write(commit, answer))
}

/// What is known of the target from now on: the new baseline, and nothing that belongs to the old one.
fn with_baseline(
    known: Dossier,
    baseline: Baseline,
    target: &Target,
    seen: &Look,
    keep: Keep,
) -> Dossier {
    let mut dossier = known;
    dossier.baseline = Some(baseline);
    dossier.expects = Some(judge::expectations(target));
    dossier.site.clone_from(&seen.site);
    dossier.learning.clear();
    dossier.validators = None;
    // a page that is well now says nothing of earlier sightings
    if keep != Keep::IfNormal {
        dossier.sightings = Sightings::default();
    }
    dossier.open = None;
    dossier
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
    let beside = LookOptions {
        address: open.and_then(|it| it.address),
        ..LookOptions::default()
    };
    look(world, target, profile, dossier, beside).await
}

/// The page that a look saw, where the portal shows one.
fn page_of(seen: &Look) -> Result<(&LookRef, &bytes::Bytes), Refused> {
    let is_shown = !matches!(seen.class.standing(), Standing::Down | Standing::Blocked);
    match (&seen.seen, &seen.body) {
        (Some(reference), Some(body)) if is_shown => Ok((reference, body)),
        _ => Err(Refused::NoPage(seen.class)),
    }
}

fn is_doubtful(approval: &Approval, seen: &Look, open: Option<&Incident>) -> bool {
    let is_worse = match (open, Kind::of(seen.class)) {
        (Some(open), Some(kind)) => incident::is_graver(kind, open.kind),
        (None, kind) => kind.is_some(),
        (_, None) => false,
    };
    let is_of_another = approval.of.is_some() && approval.of.as_ref() != open.map(|it| &it.id);
    match approval.keep {
        _ if is_of_another => true,
        Keep::None => false,
        Keep::IfNormal => seen.class.standing() != Standing::Up,
        Keep::Alongside => is_worse,
    }
}

/// The approved looks with a new one at their end; the oldest make room for it.
fn alongside(keep: Keep, known: Option<&Baseline>, new: &LookRef) -> Vec<LookRef> {
    let mut approved: Vec<LookRef> = match (known, keep) {
        (Some(known), Keep::Alongside) => known.looks().cloned().collect(),
        (Some(known), Keep::IfNormal) => known.approved.clone(),
        _ => Vec::new(),
    };
    approved.retain(|it| it.digest != new.digest);
    approved.push(new.clone());
    let surplus = approved.len().saturating_sub(KEPT);
    approved.drain(..surplus);
    approved
}

/// Alerts that ring at the operator's people when an agency's chat calls a change legitimate: an edit makes no sound, and the
/// person who changed the page may sit in that chat. Announced changes are known to the operator already.
fn rings(world: &World, by: &Actor, open: &Incident, now: Timestamp) -> Vec<Alert> {
    if !by.is_of_agency() || !open.kind.is_tampering() || open.planned.is_some() {
        return Vec::new();
    }
    let about = About::Reminder(open.id.clone());
    let operators = world.config.operators();
    operators.alerts(&about, Urgency::Urgent, now)
}

/// What was suspected of tampering was none; an outage was one and is over.
fn end(
    open: &Incident,
    by: &Actor,
    reason: Option<String>,
    now: Timestamp,
) -> Result<Incident, Say> {
    if open.kind.is_tampering() {
        incident::dismiss(open, by, reason, now)
    } else {
        incident::resolve(open, by, reason, now)
    }
}
