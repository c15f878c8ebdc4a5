//! Announced changes in the world: what they silence, and what is asked when they are over.

use jiff::Timestamp;

use crate::{
    actions::{
        approve::{Keep, NotApproved, Word, approve},
        registration::NotDone,
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
    watch::check::gravest_at,
    world::World,
};

/// A commit that was overtaken is decided anew so many times.
const TRIES: u32 = 5;

// until the looks name it where it is

/// Writes down what somebody announces; the people who run the service are told.
pub async fn announce(
    world: &World,
    it: Announced,
    milestone: Option<(String, String)>,
) -> std::result::Result<Plan, NotDone> {
    let now = world.clock.now();
    // what cannot be announced takes no number
    let again = plan::announce(it.clone(), PlanId::new(0, 0), now)?;
    // whose answer was lost says it again: of two plans one would be silent unseen, and when the other is cancelled
    let known = world.store.plans().await?;
    if let Some(known) = known.iter().rev().find(|it| plan::is_repeat(it, &again)) {
        return Ok(known.clone());
    }
    plan::leaves_room(&known, &again)?;
    let year = now.to_zoned(world.config.service.timezone.clone()).year();
    let plan = plan::announce(it, world.store.plan_id(year).await?, now)?;
    let commit = Commit {
        alerts: told(world, &plan, now),
        plans: vec![plan.clone()],
        milestone,
        ..Commit::default()
    };
    world.store.commit(commit).await?;
    Ok(plan)
}

pub async fn cancel(
    world: &World,
    id: &PlanId,
    by: impl Into<Actor>,
    milestone: Option<(String, String)>,
) -> std::result::Result<Plan, NotDone> {
    let by = by.into();
    decided(world, id, milestone, |plan, now| {
        let next = plan::cancel(plan, &by, now)?;
        Ok((next, Vec::new(), Vec::new()))
    })
    .await
}

/// The agency's answer. What was its own doing is taken into the baseline by the next [`round`]s; what was not rings now.
pub async fn answer(
    world: &World,
    id: &PlanId,
    by: impl Into<Actor>,
    ours: bool,
    milestone: Option<(String, String)>,
) -> std::result::Result<Plan, NotDone> {
    let by = by.into();
    for _ in 0..TRIES {
        let seen = match world.store.plan(id).await? {
            Some(plan) => seen_in(world, &plan).await?,
            None => return Err(NotDone::Unknown),
        };
        let mut rung = Vec::new();
        let now = world.clock.now();
        if !ours {
            for it in seen.iter().filter(|it| it.stage.is_open()) {
                let loud = plan::disowned(it, &by, now);
                let alerts = rings(world, &loud, now).await?;
                rung.push((loud, alerts));
            }
        }
        let done = decided(world, id, milestone.clone(), |plan, now| {
            let next = plan::answer(plan, &by, ours, now)?;
            let (incidents, alerts): (Vec<Incident>, Vec<Vec<Alert>>) =
                rung.iter().cloned().unzip();
            Ok((next, incidents, alerts.concat()))
        });
        match done.await {
            // an incident moved meanwhile
            Err(NotDone::Store(StoreError::Conflict)) => continue,
            done => return done,
        }
    }
    Err(StoreError::Conflict.into())
}

async fn decided(
    world: &World,
    id: &PlanId,
    milestone: Option<(String, String)>,
    decide: impl Fn(&Plan, Timestamp) -> std::result::Result<(Plan, Vec<Incident>, Vec<Alert>), NotDone>,
) -> std::result::Result<Plan, NotDone> {
    let plan = world.store.plan(id).await?.ok_or(NotDone::Unknown)?;
    let now = world.clock.now();
    let (next, incidents, mut alerts) = decide(&plan, now)?;
    alerts.extend(told(world, &next, now));
    let commit = Commit {
        plans: vec![next.clone()],
        incidents,
        alerts,
        milestone,
        ..Commit::default()
    };
    world.store.commit(commit).await?;
    Ok(next)
}

/// The people who run the service always know; who announced it is asked, and sees what came of the question.
fn told(world: &World, plan: &Plan, now: Timestamp) -> Vec<Alert> {
    let duty = &world.config.defaults.notify;
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

/// As loud as what keeps coming back: an edit of a silent message rings nobody.
async fn rings(world: &World, it: &Incident, now: Timestamp) -> Result<Vec<Alert>> {
    // a part that is not looked at any more is its portal's all the same
    let portal = it.target.portal();
    let targets = world.targets().await?;
    let names = match targets.iter().find(|it| it.id.as_str() == portal) {
        Some(target) => &target.settings.notify,
        None => &world.config.defaults.notify,
    };
    Ok(world.alerts_of(names, it, Voice::Reminder, now))
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

async fn end(world: &World, known: &Plan, now: Timestamp) -> Result<()> {
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

/// Somebody else was faster: the next round decides anew.
fn moved(written: Result<()>) -> Result<()> {
    match written {
        Err(StoreError::Conflict) => Ok(()),
        other => other,
    }
}

async fn open_ones(world: &World) -> Result<Vec<Incident>> {
    let wanted = Wanted {
        open_only: true,
        ..Wanted::default()
    };
    let mut all = world.store.incidents(&wanted).await?;
    all.retain(|it| it.planned.is_some());
    Ok(all)
}

/// No silence outlives its plan: of an outage, of a plan that was taken back, of a question that nobody answers.
async fn sweep(world: &World, plans: &[Plan], now: Timestamp) -> Result<()> {
    for it in open_ones(world).await? {
        let of = plans
            .iter()
            .find(|plan| it.planned.as_ref() == Some(&plan.id));
        if plan::is_left_over(&it, of, now) {
            ring(world, &it, now).await?;
        }
    }
    Ok(())
}

async fn ring(world: &World, it: &Incident, now: Timestamp) -> Result<()> {
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
    let open = open_ones(world).await?;
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
            take(world, it, plan, &by).await?;
        }
    }
    Ok(())
}

async fn take(world: &World, it: &Incident, plan: &Plan, by: &Actor) -> Result<()> {
    let Some(target) = world.target(&it.target).await? else {
        return Ok(());
    };
    let dossier = world.store.dossier(&target.id).await?;
    let dossier = dossier.unwrap_or_else(|| Dossier::new(target.id.clone()));
    let now = world.clock.now();
    let seen = gravest_at(world, &target, &dossier, false, it.address).await;
    let kind = Kind::of(seen.class);
    if kind.is_some_and(|kind| plan::bears_marks(kind, &seen.verdict.signals)) {
        return ring(world, it, now).await;
    }
    let word = Word {
        by: by.clone(),
        keep: Keep::Beside,
        reason: Some(format!("{}: {}", plan.id, plan.reason)),
        of: Some(it.id.clone()),
        milestone: None,
    };
    match approve(world, &target, word, Some(seen)).await {
        Ok(_) | Err(NotApproved::Store(StoreError::Conflict)) => Ok(()),
        // it is tried again; the day is long
        Err(NotApproved::NoPage(class)) => {
            tracing::info!(incident.id = %it.id, %class, "an announced change cannot be seen now");
            Ok(())
        }
        Err(NotApproved::Doubtful(_)) => ring(world, it, now).await,
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
