//! Announced changes (plans): an agency announces and cancels them, and confirms them afterwards.

use jiff::Timestamp;

use crate::{
    actions::{
        access::{Access, Role},
        approve::{Approval, Keep, approve},
        refused::{Noun, Refused},
    },
    incident::{
        Loudness,
        plan::{self, Announced},
    },
    judge::shows_mark,
    model::{
        About, Alert, Incident, Kind, TargetId, TargetState, Urgency,
        incident::Actor,
        plan::{Plan, PlanId, PlanStage},
    },
    store::{Commit, Result, StoreError, Wanted},
    watch::{LookOptions, visitors},
    world::{
        World,
        decide::{Decision, decide},
    },
};

/// An announcement that certain portals will be edited within a period.
#[derive(Clone, Debug)]
pub struct Announcement {
    pub targets: Vec<TargetId>,
    /// Begin and end of the period.
    pub from: Timestamp,
    pub to: Timestamp,
    pub reason: String,
}

/// Announces changes of portals that the caller may see, and alerts the operator. Repeating an announcement returns
/// the existing plan.
///
/// # Errors
///
/// [`Refused::NotFound`] if the caller may not see one of the portals, [`Refused::Forbidden`] if the caller may not
/// change baselines, [`Refused::Because`] if the period or the number of plans is out of bounds.
pub async fn announce(access: &Access<'_>, it: Announcement) -> std::result::Result<Plan, Refused> {
    access.decides("plan-officers-only")?;
    let world = access.world;
    let ours = access.targets().await?;
    if it
        .targets
        .iter()
        .any(|id| ours.iter().all(|it| it.id != *id))
    {
        return Err(Refused::NotFound(Noun::Target));
    }
    let it = Announced {
        targets: it.targets,
        from: it.from,
        to: it.to,
        by: access.actor().await,
        reason: it.reason,
        notifier: access.recipient().map(str::to_owned),
    };
    let it = &it;
    decide(world, |now| async move {
        // check first, so that an invalid announcement uses up no number
        let again = plan::announce(it.clone(), PlanId::new(0, 0), now)?;
        // a retry after a lost answer must not make a second plan, which would outlive the first one's cancellation
        let known = world.store.plans().await?;
        if let Some(known) = known.iter().rev().find(|it| plan::is_repeat(it, &again)) {
            return Ok(Decision::nothing(known.clone()));
        }
        plan::leaves_room(&known, &again)?;
        let year = now.to_zoned(world.config.service.timezone.clone()).year();
        let plan = plan::announce(it.clone(), world.store.plan_id(year).await?, now)?;
        let commit = Commit {
            alerts: told(world, &plan, now),
            plans: vec![plan.clone()],
            marker: access.mark(),
            ..Commit::default()
        };
        Ok(Decision::write(commit, plan))
    })
    .await
}

/// Cancels a plan: changes of its portals ring again.
///
/// # Errors
///
/// [`Refused::NotFound`] if the caller may not see the plan, [`Refused::Forbidden`] if the caller may not change
/// baselines, [`Refused::Because`] if the plan is over or already cancelled.
pub async fn cancel(access: &Access<'_>, id: &PlanId) -> std::result::Result<Plan, Refused> {
    let by = &access.actor().await;
    decide(access.world, |now| async move {
        let plan = to_answer(access, id).await?;
        let next = plan::cancel(&plan, by, now)?;
        let commit = Commit {
            alerts: told(access.world, &next, now),
            plans: vec![next.clone()],
            marker: access.mark(),
            ..Commit::default()
        };
        Ok(Decision::write(commit, next))
    })
    .await
}

/// Records the agency's answer to whether it made the changes itself. If `ours`, the job `adoption` adds them to the
/// baseline; if not, they ring now.
///
/// # Errors
///
/// [`Refused::NotFound`] and [`Refused::Forbidden`] as in [`cancel`]; [`Refused::Because`] if the agency is not being
/// asked, or has answered.
pub async fn answer(
    access: &Access<'_>,
    id: &PlanId,
    ours: bool,
) -> std::result::Result<Plan, Refused> {
    let world = access.world;
    let by = &access.actor().await;
    decide(world, |now| async move {
        let plan = to_answer(access, id).await?;
        let next = plan::answer(&plan, by, ours, now)?;
        let mut alerts = Vec::new();
        let mut incidents = Vec::new();
        let seen = seen_in(world, &plan).await?;
        for it in seen.iter().filter(|it| !ours && it.stage.is_open()) {
            let unmuted = plan::rejected(it, by, now);
            alerts.extend(rings(world, &unmuted, now).await?);
            incidents.push(unmuted);
        }
        alerts.extend(told(world, &next, now));
        let commit = Commit {
            plans: vec![next.clone()],
            incidents,
            alerts,
            marker: access.mark(),
            ..Commit::default()
        };
        Ok(Decision::write(commit, next))
    })
    .await
}

/// A plan that the caller may cancel or answer: one that was announced in the caller's chat; any plan for the
/// operator.
async fn to_answer(access: &Access<'_>, id: &PlanId) -> std::result::Result<Plan, Refused> {
    let known = access.world.store.plan(id).await?;
    let is_own = |it: &Plan| it.notifier.as_deref() == access.recipient();
    let known = known.filter(|it| access.role() == Role::Operator || is_own(it));
    let known = known.ok_or(Refused::NotFound(Noun::Plan))?;
    access.decides("plan-officers-only")?;
    Ok(known)
}

/// Alerts about a plan: always to the operator; the question and its answer also to the announcing chat.
fn told(world: &World, plan: &Plan, now: Timestamp) -> Vec<Alert> {
    let duty = world.config.operators().names();
    let mut names: Vec<&String> = duty.iter().collect();
    if matches!(plan.stage, PlanStage::Asked | PlanStage::Answered { .. }) {
        names.extend(plan.asked(duty));
    }
    names.sort();
    names.dedup();
    let about = About::Plan(plan.id.clone());
    let alert = |name: &&String| Alert::new(name, about.clone(), Urgency::Ordinary, now);
    names.iter().map(alert).collect()
}

/// Alerts that ring for an incident with a silent first message: an edit of that message makes no sound.
async fn rings(world: &World, it: &Incident, now: Timestamp) -> Result<Vec<Alert>> {
    // the part itself may no longer be watched, so its portal's notifiers are used
    let portal = it.target.portal();
    let targets = world.targets().await?;
    let names = match targets.iter().find(|it| it.id.as_str() == portal) {
        Some(target) => target.settings.notify.as_slice(),
        None => world.config.operators().names(),
    };
    Ok(world.alerts_for(names, it, Loudness::Ring, now))
}

/// The incidents that were seen while a plan was in force.
pub async fn seen_in(world: &World, plan: &Plan) -> Result<Vec<Incident>> {
    let wanted = Wanted {
        since: Some(plan.from),
        ..Wanted::default()
    };
    let mut all = world.store.incidents(&wanted).await?;
    all.retain(|it| it.planned.as_ref() == Some(&plan.id));
    Ok(all)
}

/// Ends a plan after its period, and asks the agency about the changes that were seen.
pub(crate) async fn end(world: &World, known: &Plan, now: Timestamp) -> Result<()> {
    let seen = seen_in(world, known).await?;
    let Some(next) = plan::over(known, &seen, now) else {
        return Ok(());
    };
    let commit = Commit {
        alerts: told(world, &next, now),
        plans: vec![next],
        ..Commit::default()
    };
    moved(world.store.commit(commit).await)
}

/// Treats a conflict as success: another commit came first, and the next round decides anew.
fn moved(written: Result<()>) -> Result<()> {
    match written {
        Err(StoreError::Conflict) => Ok(()),
        other => other,
    }
}

/// Open incidents that are silent because of a plan.
pub(crate) async fn open_planned(world: &World) -> Result<Vec<Incident>> {
    let wanted = Wanted {
        open_only: true,
        ..Wanted::default()
    };
    let mut all = world.store.incidents(&wanted).await?;
    all.retain(|it| it.planned.is_some());
    Ok(all)
}

/// Ends the silence of an incident and alerts its notifiers with sound.
pub(crate) async fn ring(world: &World, it: &Incident, now: Timestamp) -> Result<()> {
    let mut unmuted = plan::unmuted(it, now);
    unmuted.rung_at = Some(now);
    let commit = Commit {
        alerts: rings(world, &unmuted, now).await?,
        incidents: vec![unmuted],
        ..Commit::default()
    };
    moved(world.store.commit(commit).await)
}

/// Adds a change that the agency calls its own to the baseline. If the page has become worse in the meantime, the
/// incident rings instead. Fetches the page.
pub(crate) async fn adopt(world: &World, it: &Incident, plan: &Plan, by: &Actor) -> Result<()> {
    let Some(target) = world.target(&it.target).await? else {
        return Ok(());
    };
    let target_state = world.store.target_state(&target.id).await?;
    let target_state = target_state.unwrap_or_else(|| TargetState::new(target.id.clone()));
    let now = world.clock.now();
    let options = LookOptions {
        address: it.address,
        ..LookOptions::default()
    };
    let seen = visitors::look_at(world, &target, &target_state, options).await;
    let kind = Kind::of(seen.class);
    if kind.is_some_and(|kind| plan::is_attack(kind, shows_mark(&seen.verdict.signals))) {
        return ring(world, it, now).await;
    }
    let approval = Approval {
        reason: Some(format!("{}: {}", plan.id, plan.reason)),
        of: Some(it.id.clone()),
        ..Approval::new(by, Keep::Alongside)
    };
    match approve(world, &target, approval, Some(seen)).await {
        Ok(_) | Err(Refused::Store(StoreError::Conflict)) => Ok(()),
        // the job tries again each minute
        Err(Refused::NoPage(class)) => {
            tracing::info!(incident.id = %it.id, %class, "an announced change cannot be seen now");
            Ok(())
        }
        Err(Refused::Doubtful(_)) => ring(world, it, now).await,
        Err(error) => {
            tracing::error!(incident.id = %it.id, %error, "an announced change cannot be taken over");
            Ok(())
        }
    }
}

/// The names of portals, in the order of `ids`.
pub async fn names(world: &World, ids: &[TargetId]) -> Result<Vec<String>> {
    let targets = world.targets().await?;
    let name = |id: &TargetId| {
        let known = targets.iter().find(|it| it.id == *id);
        known.map_or_else(|| id.to_string(), |it| it.name.clone())
    };
    Ok(ids.iter().map(name).collect())
}
