//! Questions to agencies about large changes: answers, the end of the time for them, and the baseline of what is the
//! agency's own.

use jiff::Timestamp;

use crate::{
    actions::{
        access::Access,
        approve::{Approval, Keep, approve},
        incidents::{Many, members, shown, step_all},
        refused::{Noun, Refused},
    },
    incident::{self, question},
    model::{
        Incident, IncidentId, Kind, Target, TargetState,
        action::Group,
        incident::{Actor, Outcome},
    },
    store::{Commit, StoreError, Wanted},
    watch::{
        LookOptions,
        commit::commit,
        confirmed::Agreement,
        incidents::{commit_of, fresh_id},
        visitors,
    },
    world::{
        World,
        decide::{Decision, decide},
    },
};

/// Timeout of the look that an answer triggers: the chat's next tap waits for it.
const LOOKING: std::time::Duration = std::time::Duration::from_secs(10);

/// Records the answer to one question. A change of the agency's own joins the baseline at once if the portal shows it
/// now, otherwise when it does; any other change rings now.
///
/// # Errors
///
/// [`Refused::NotFound`] for an unknown incident, [`Refused::Forbidden`] if the caller may not change baselines,
/// [`Refused::Because`] if the question is over or answered, [`Refused::Doubtful`] if the page has become worse since:
/// it rings.
pub async fn answer(access: &Access<'_>, id: &IncidentId, ours: bool) -> Result<Incident, Refused> {
    access.decides("bot-officers-only")?;
    let (world, by) = (access.world, &access.actor().await);
    access.incident(id).await?;
    if !ours {
        return turn(world, id, Outcome::NotOurs, Some(by), access.mark()).await;
    }
    let known = decide(world, |now| async move {
        let next = question::answered(&access.incident(id).await?, by, true, now)?;
        let target = world.target(&next.target).await?;
        let commit = Commit {
            alerts: shown(world, target.as_ref(), &next, now),
            incidents: vec![next.clone()],
            marker: access.mark(),
            ..Commit::default()
        };
        Ok::<_, Refused>(Decision::write(commit, next))
    })
    .await?;
    adopt(world, &known).await?;
    Ok(world.store.incident(id).await?.unwrap_or(known))
}

/// Records one answer to all open questions of a common message. Changes of the agencies' own join the baselines within
/// a minute; others ring now.
///
/// # Errors
///
/// [`Refused::NotFound`] if the message names no question that the caller may see, [`Refused::Forbidden`] if the caller
/// may not change baselines.
pub async fn answer_all(access: &Access<'_>, group: &Group, ours: bool) -> Result<Many, Refused> {
    access.decides("bot-officers-only")?;
    let ids = members(access, group).await?;
    if ids.is_empty() {
        return Err(Refused::NotFound(Noun::Incident));
    }
    let by = access.actor().await;
    if ours {
        let change = |known: &Incident, now| question::answered(known, &by, true, now).ok();
        return step_all(access, &ids, change).await;
    }
    // each is a commit of its own: after a crash, the next tap goes on with the rest
    let mut out = Many::default();
    for id in &ids {
        match turn(access.world, id, Outcome::NotOurs, Some(&by), None).await {
            Ok(turned) => out.moved.push(turned),
            Err(Refused::Because(_)) => out.left.extend(access.world.store.incident(id).await?),
            Err(why) => return Err(why),
        }
    }
    Ok(out)
}

/// Ends a question and opens an alarm in its place. `by` is the person of the answer «not ours»; `None` where time ran out.
async fn turn(
    world: &World,
    id: &IncidentId,
    outcome: Outcome,
    by: Option<&Actor>,
    mark: Option<(String, String)>,
) -> Result<Incident, Refused> {
    let mark = &mark;
    decide(world, |now| async move {
        let known = world.store.incident(id).await?;
        let known = known.ok_or(Refused::NotFound(Noun::Incident))?;
        let known = match by {
            Some(by) => question::answered(&known, by, false, now)?,
            None if question::is_over(&known, now) => known,
            None => return Ok(Decision::nothing(known)),
        };
        let alarm = fresh_id(world, now).await?;
        let [ended, alarm] = question::turned(&known, outcome, alarm, now);
        let answer = ended.clone();
        let mut commit = match world.target(&known.target).await? {
            Some(target) => {
                let state = state_of(world, &target).await?;
                commit_both(world, &target, state, vec![ended, alarm], now).await?
            }
            None => Commit {
                alerts: world.alerts_to_duty(&alarm, now),
                incidents: vec![ended, alarm],
                ..Commit::default()
            },
        };
        commit.marker.clone_from(mark);
        Ok(Decision::write(commit, answer))
    })
    .await
}

/// The commit of an ended question and its alarm, which is the open incident of the target from now on.
async fn commit_both(
    world: &World,
    target: &Target,
    mut state: TargetState,
    incidents: Vec<Incident>,
    now: Timestamp,
) -> Result<Commit, StoreError> {
    let mut commit = commit_of(world, target, &mut state, incidents, now).await?;
    commit.target_state = Some(state);
    Ok(commit)
}

async fn state_of(world: &World, target: &Target) -> Result<TargetState, StoreError> {
    let known = world.store.target_state(&target.id).await?;
    Ok(known.unwrap_or_else(|| TargetState::new(target.id.clone())))
}

/// Lets the questions ring that have stood for too long.
pub(crate) async fn end_overdue(world: &World) -> Result<(), StoreError> {
    let now = world.clock.now();
    for it in open(world).await? {
        if !question::is_over(&it, now) {
            continue;
        }
        tracing::info!(incident.id = %it.id, "no answer came in time; the change rings");
        match turn(world, &it.id, Outcome::Unanswered, None, None).await {
            Ok(_) => (),
            Err(Refused::Store(error)) => return Err(error),
            Err(why) => tracing::error!(incident.id = %it.id, %why, "a question cannot be ended"),
        }
    }
    Ok(())
}

/// Takes over the changes that agencies called their own and that could not be taken over at once.
pub(crate) async fn adopt_answered(world: &World) -> Result<(), StoreError> {
    for it in open(world).await? {
        let ours = question::waiting(&it).and_then(|it| it.answer.as_ref());
        if ours.is_none_or(|it| !it.ours) {
            continue;
        }
        match adopt(world, &it).await {
            Ok(()) | Err(Refused::Doubtful(_)) => (),
            Err(Refused::Store(error)) => return Err(error),
            Err(why) => {
                tracing::error!(incident.id = %it.id, %why, "an agency's change cannot be taken over")
            }
        }
    }
    Ok(())
}

/// Adds the page of a question to the baseline; its agency called it its own. A page that has become worse rings. If the
/// portal shows no page now, the next run tries again. Fetches the page.
async fn adopt(world: &World, it: &Incident) -> Result<(), Refused> {
    let answer = question::waiting(it).and_then(|it| it.answer.clone());
    let (Some(answer), Some(mut target)) = (answer, world.target(&it.target).await?) else {
        return Ok(());
    };
    target.settings.timeout = target.settings.timeout.min(LOOKING);
    let state = state_of(world, &target).await?;
    let options = LookOptions {
        address: it.address,
        ..LookOptions::default()
    };
    let seen = visitors::look_at(world, &target, &state, options).await;
    let kind = Kind::of(seen.class);
    if kind.is_some_and(|kind| incident::is_graver(kind, it.kind)) {
        let how = Agreement {
            seen_at: seen.observation.at,
            agreed: 1,
            looked: 1,
        };
        commit(world, &target, &seen, Some(how), target.settings.every).await;
        return Err(Refused::Doubtful(seen.class));
    }
    let approval = Approval {
        reason: Some(world.locale.text("question-reason")),
        of: Some(it.id.clone()),
        ..Approval::new(answer.actor(), Keep::Alongside)
    };
    match approve(world, &target, approval, Some(seen)).await {
        Ok(_) | Err(Refused::Store(StoreError::Conflict)) => Ok(()),
        Err(Refused::NoPage(class)) => {
            tracing::info!(incident.id = %it.id, %class, "an agency's own change cannot be seen now");
            Ok(())
        }
        Err(error) => Err(error),
    }
}

/// Questions that are not over.
async fn open(world: &World) -> Result<Vec<Incident>, StoreError> {
    let wanted = Wanted {
        open_only: true,
        ..Wanted::default()
    };
    let mut all = world.store.incidents(&wanted).await?;
    all.retain(|it| question::waiting(it).is_some());
    Ok(all)
}
