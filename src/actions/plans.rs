//! Announced changes: an agency announces, cancels and answers for them.

use jiff::Timestamp;

use crate::{
    actions::{
        access::{Access, Role},
        approve::{Approval, Keep, approve},
        refused::{Noun, Refused},
    },
    incident::{
        Voice,
        plan::{self, Announced},
    },
    model::{
        About, Alert, Dossier, Incident, Kind, TargetId, Urgency,
        incident::Actor,
        plan::{Plan, PlanId, PlanStage},
    },
    store::{Commit, Result, StoreError, Wanted},
    watch::visitors,
    world::{
        World,
        decide::{Decision, decide},
    },
};

// until the looks name it where it is

/// Portals that are edited from one moment to another.
#[derive(Clone, Debug)]
pub struct Announcement {
    pub targets: Vec<TargetId>,
    pub from: Timestamp,
    pub to: Timestamp,
    pub reason: String,
}

/// Announces changes of portals that the caller is told of; the operator's people are told.
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
        // what cannot be announced takes no number
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
            milestone: access.mark(),
            ..Commit::default()
        };
        Ok(Decision::write(commit, plan))
    })
    .await
}

/// Takes an announcement back: every change rings again.
pub async fn cancel(access: &Access<'_>, id: &PlanId) -> std::result::Result<Plan, Refused> {
    let by = &access.actor().await;
    decide(access.world, |now| async move {
        let plan = to_answer(access, id).await?;
        let next = plan::cancel(&plan, by, now)?;
        let commit = Commit {
            alerts: told(access.world, &next, now),
            plans: vec![next.clone()],
            milestone: access.mark(),
            ..Commit::default()
        };
        Ok(Decision::write(commit, next))
    })
    .await
}

/// The agency's answer. What was its own doing is taken into the baseline by the next [`round`]s; what was not rings now.
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
            let loud = plan::disowned(it, by, now);
            alerts.extend(rings(world, &loud, now).await?);
            incidents.push(loud);
        }
        alerts.extend(told(world, &next, now));
        let commit = Commit {
            plans: vec![next.clone()],
            incidents,
            alerts,
            milestone: access.mark(),
            ..Commit::default()
        };
        Ok(Decision::write(commit, next))
    })
    .await
}

/// A plan that the caller may cancel and answer for: one announced in the caller's chat, and any for the operator.
async fn to_answer(access: &Access<'_>, id: &PlanId) -> std::result::Result<Plan, Refused> {
    let known = access.world.store.plan(id).await?;
    let is_own = |it: &Plan| it.notifier.as_deref() == access.recipient();
    let known = known.filter(|it| access.role() == Role::Operator || is_own(it));
    let known = known.ok_or(Refused::NotFound(Noun::Plan))?;
    access.decides("plan-officers-only")?;
    Ok(known)
}

/// Alerts about a plan: to the operator always, to the announcing chat for the question and its answer.
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

/// Alerts with a sound about an incident whose message was silent: an edit makes none.
async fn rings(world: &World, it: &Incident, now: Timestamp) -> Result<Vec<Alert>> {
    // a part may be looked at no more; its portal's notifiers are told
    let portal = it.target.portal();
    let targets = world.targets().await?;
    let names = match targets.iter().find(|it| it.id.as_str() == portal) {
        Some(target) => target.settings.notify.as_slice(),
        None => world.config.operators().names(),
    };
    Ok(world.alerts_for(names, it, Voice::Reminder, now))
}

/// What was seen while a plan lasted.
pub async fn seen_in(world: &World, plan: &Plan) -> Result<Vec<Incident>> {
    let wanted = Wanted {
        since: Some(plan.from),
        ..Wanted::default()
    };
    let mut all = world.store.incidents(&wanted).await?;
    all.retain(|it| it.planned.as_ref() == Some(&plan.id));
    Ok(all)
}

/// Every few seconds: plans that are over are asked about, and none silences anything for longer than it may.
pub async fn round(world: &World) {
    if let Err(error) = brought_forward(world).await {
        tracing::error!(%error, "announced changes cannot be brought forward");
    }
}

async fn brought_forward(world: &World) -> Result<()> {
    let now = world.clock.now();
    let mut plans = world.store.plans().await?;
    for plan in plans
        .iter()
        .filter(|it| it.stage == PlanStage::Announced && it.to <= now)
    {
        end(world, plan, now).await?;
    }
    if !plans.is_empty() {
        plans = world.store.plans().await?;
        sweep(world, &plans, now).await?;
    }
    Ok(())
}

/// Asks about a plan that is over.
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

/// Takes a conflict for success: another commit came first, and the next round decides anew.
fn moved(written: Result<()>) -> Result<()> {
    match written {
        Err(StoreError::Conflict) => Ok(()),
        other => other,
    }
}

/// Open incidents that announced changes silence.
pub(crate) async fn open_planned(world: &World) -> Result<Vec<Incident>> {
    let wanted = Wanted {
        open_only: true,
        ..Wanted::default()
    };
    let mut all = world.store.incidents(&wanted).await?;
    all.retain(|it| it.planned.is_some());
    Ok(all)
}

/// Ends the silence of outages, of cancelled plans and of questions without an answer: none outlives its plan.
async fn sweep(world: &World, plans: &[Plan], now: Timestamp) -> Result<()> {
    for it in open_planned(world).await? {
        let of = plans
            .iter()
            .find(|plan| it.planned.as_ref() == Some(&plan.id));
        if plan::is_left_over(&it, of, now) {
            ring(world, &it, now).await?;
        }
    }
    Ok(())
}

/// Ends the silence of an incident.
pub(crate) async fn ring(world: &World, it: &Incident, now: Timestamp) -> Result<()> {
    let mut loud = plan::loud(it, now);
    loud.rung_at = Some(now);
    let commit = Commit {
        alerts: rings(world, &loud, now).await?,
        incidents: vec![loud],
        ..Commit::default()
    };
    moved(world.store.commit(commit).await)
}

/// What agencies say is their own joins the baseline. A page that became something worse since is not what was meant, and
/// rings. Visits portals: not for the duty room's clock.
pub async fn take_over(world: &World) {
    if let Err(error) = taken_over(world).await {
        tracing::error!(%error, "announced changes cannot be taken over");
    }
}

async fn taken_over(world: &World) -> Result<()> {
    let open = open_planned(world).await?;
    if open.is_empty() {
        return Ok(());
    }
    let plans = world.store.plans().await?;
    for it in open.iter().filter(|it| it.kind.is_tampering()) {
        let plan = plans
            .iter()
            .find(|plan| it.planned.as_ref() == Some(&plan.id));
        if let Some(plan) = plan
            && let PlanStage::Answered {
                by,
                origin,
                ours: true,
                ..
            } = &plan.stage
        {
            let by = Actor {
                name: by.clone(),
                origin: origin.clone(),
            };
            adopt(world, it, plan, &by).await?;
        }
    }
    Ok(())
}

/// Takes a change that the agency calls its own into the baseline. A page that became something worse since rings. Visits
/// the portal.
pub(crate) async fn adopt(world: &World, it: &Incident, plan: &Plan, by: &Actor) -> Result<()> {
    let Some(target) = world.target(&it.target).await? else {
        return Ok(());
    };
    let dossier = world.store.dossier(&target.id).await?;
    let dossier = dossier.unwrap_or_else(|| Dossier::new(target.id.clone()));
    let now = world.clock.now();
    let seen = visitors::look_at(world, &target, &dossier, false, it.address).await;
    let kind = Kind::of(seen.class);
    if kind.is_some_and(|kind| plan::bears_marks(kind, &seen.verdict.signals)) {
        return ring(world, it, now).await;
    }
    let approval = Approval {
        reason: Some(format!("{}: {}", plan.id, plan.reason)),
        of: Some(it.id.clone()),
        ..Approval::new(by, Keep::Alongside)
    };
    match approve(world, &target, approval, Some(seen)).await {
        Ok(_) | Err(Refused::Store(StoreError::Conflict)) => Ok(()),
        // it is tried again; the day is long
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

/// What portals are called, in the order given.
pub async fn names(world: &World, ids: &[TargetId]) -> Result<Vec<String>> {
    let targets = world.targets().await?;
    let name = |id: &TargetId| {
        let known = targets.iter().find(|it| it.id == *id);
        known.map_or_else(|| id.to_string(), |it| it.name.clone())
    };
    Ok(ids.iter().map(name).collect())
}
