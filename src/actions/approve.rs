//! Approval of a page by a person: the present page becomes the approved baseline, and the open incident ends.

use jiff::Timestamp;

use crate::{
    actions::{access::Access, refused::Refused},
    incident::{self, Loudness},
    judge::{self, Look},
    model::{
        About, Alert, Baseline, Class, Incident, IncidentId, Kind, Localized, LookRef, Profile,
        Sightings, Standing, Target, TargetId, TargetState, Urgency, baseline::KEPT,
        incident::Actor,
    },
    store::Commit,
    watch::look::{LookOptions, look},
    world::{
        World,
        decide::{Decision, decide},
    },
};

/// The result of an approval.
pub struct Approved {
    /// The class of the page in the approved look.
    pub class: Class,
    /// Number of approved looks in the new baseline.
    pub looks: usize,
}

/// What an approval does with the looks that were approved before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// They are discarded: the new look alone is the baseline.
    None,
    /// They are kept beside the new look. The approval is refused if the page is not normal compared with them.
    IfNormal,
    /// They are kept beside the new look, together with the learnt looks: content of either page is known from now
    /// on.
    Alongside,
}

/// A person's approval of a page, before it is carried out.
#[derive(Clone, Debug)]
pub struct Approval {
    pub by: Actor,
    /// What becomes of the looks that were approved before.
    pub keep: Keep,
    pub reason: Option<String>,
    /// The incident that the approval refers to. If another incident, or none, is open by then, the approval is
    /// refused.
    pub of: Option<IncidentId>,
    /// Name and value of a marker that is written with the commit.
    pub mark: Option<(String, String)>,
}

impl Approval {
    /// An approval without a reason, an incident or a marker.
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

/// Makes the present page of a target its only approved page, on the caller's authority. Fetches the page.
///
/// # Errors
///
/// As [`approve`]; [`Refused::Forbidden`] if the caller may not change baselines, [`Refused::NotFound`] for an
/// unknown target.
pub async fn approve_page(access: &Access<'_>, id: &TargetId) -> Result<Approved, Refused> {
    let target = access.target(id).await?;
    access.decides("bot-officers-only")?;
    let approval = Approval {
        mark: access.mark(),
        ..Approval::new(access.actor().await, Keep::None)
    };
    approve(access.world, &target, approval, None).await
}

/// Makes the present page part of the baseline and ends the open incident. Fetches the page, unless the caller passes
/// a look that it has just made as `seen`.
///
/// # Errors
///
/// [`Refused::NoPage`] if the portal shows no page now. [`Refused::Doubtful`] if the page is not what the approval is
/// about: with [`Keep::Alongside`], if it has become worse than the open incident, since no person has seen that page
/// yet.
pub async fn approve(
    world: &World,
    target: &Target,
    approval: Approval,
    seen: Option<Look>,
) -> Result<Approved, Refused> {
    let (approval, seen) = (&approval, seen.as_ref());
    decide(world, |_| attempt(world, target, approval, seen)).await
}

async fn attempt(
    world: &World,
    target: &Target,
    approval: &Approval,
    seen: Option<&Look>,
) -> Result<Decision<Approved>, Refused> {
    let known = world.store.target_state(&target.id).await?;
    let known = known.unwrap_or_else(|| TargetState::new(target.id.clone()));
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
    // the look may have taken seconds: the approval is of the page that it brought
    let now = world.clock.now();
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
        marker: approval.mark.clone(),
        target_state: Some(with_baseline(known, baseline, target, &seen, approval.keep)),
        ..Commit::default()
    };
    let reason = approval.reason.clone();
    if let Some(open) = open
        && let Ok(ended) = end(&open, &approval.by, reason, now)
    {
        commit.alerts = world.alerts(target, &ended, Loudness::Normal, now);
        commit.alerts.extend(rings(world, &approval.by, &open, now));
        commit.incidents.push(ended);
    }
    Ok(Decision::write(commit, answer))
}

/// The state of the target after the approval: with the new baseline, and without what was learnt relative to the old
/// one.
fn with_baseline(
    known: TargetState,
    baseline: Baseline,
    target: &Target,
    seen: &Look,
    keep: Keep,
) -> TargetState {
    let mut target_state = known;
    target_state.baseline = Some(baseline);
    target_state.expects = Some(judge::expectations(target));
    target_state.site.clone_from(&seen.site);
    target_state.learning.clear();
    target_state.validators = None;
    // a page that is normal now says nothing about earlier sightings
    if keep != Keep::IfNormal {
        target_state.sightings = Sightings::default();
    }
    target_state.open = None;
    target_state
}

/// Looks once, at the server address where the open incident was seen: the officer approves what the incident shows.
async fn look_again(
    world: &World,
    target: &Target,
    target_state: &TargetState,
    open: Option<&Incident>,
) -> Look {
    let profiles = &target.settings.profiles;
    let profile = profiles.first().copied().unwrap_or(Profile::Desktop);
    let beside = LookOptions {
        address: open.and_then(|it| it.address),
        ..LookOptions::default()
    };
    look(world, target, profile, target_state, beside).await
}

/// The page in a look, unless the portal is down or blocks us.
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

/// The approved looks with the new one at the end; beyond [`KEPT`] the oldest are dropped.
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

/// Alerts that ring at the operator's notifiers when an agency's chat calls a change legitimate. The edited incident
/// message makes no sound, and the attacker may be a member of that chat. Announced changes do not ring: the operator
/// knows of them already.
fn rings(world: &World, by: &Actor, open: &Incident, now: Timestamp) -> Vec<Alert> {
    if !by.is_of_agency() || !open.kind.is_tampering() || open.planned.is_some() {
        return Vec::new();
    }
    let about = About::Reminder(open.id.clone());
    let operators = world.config.operators();
    operators.alerts(&about, Urgency::Urgent, now)
}

/// Ends the incident: suspected tampering is dismissed, an outage is resolved.
fn end(
    open: &Incident,
    by: &Actor,
    reason: Option<String>,
    now: Timestamp,
) -> Result<Incident, Localized> {
    if open.kind.is_tampering() || open.kind == Kind::Asked {
        incident::dismiss(open, by, reason, now)
    } else {
        incident::resolve(open, by, reason, now)
    }
}
