//! Actions on incidents: take, mute, note, close. Each action is one commit with the alerts that show the change in
//! all chats.

use std::collections::HashMap;

use jiff::{Timestamp, ToSpan, civil::time};

use crate::{
    actions::{
        access::Access,
        approve::{Approval, Approved, Keep, approve},
        refused::{Noun, Refused},
    },
    incident::{self, Loudness},
    model::{
        Alert, Incident, IncidentId, Target,
        action::{Group, Silence},
        incident::{Event, What},
    },
    store::{Commit, StoreError, Wanted},
    world::{
        World,
        decide::{Decision, decide},
    },
};

/// Timeout of a look that a person's answer triggers: the chat's next tap waits for it.
const LOOKING: std::time::Duration = std::time::Duration::from_secs(10);
/// Length of the reason for a legitimate change, in characters; the rest is cut off.
const LONGEST_REASON: usize = 500;

/// Assigns the incident to the caller. Only the first caller gets it.
///
/// # Errors
///
/// [`Refused::Taken`] with the holder if another person has taken it.
pub async fn take(access: &Access<'_>, id: &IncidentId) -> Result<Incident, Refused> {
    let by = access.actor().await;
    step(access, id, |known, now| {
        incident::take(known, &by, now).map_err(|say| {
            let first = known.led().or(known.taken.as_ref());
            match first.filter(|_| known.stage.is_open()) {
                Some(taken) => Refused::Taken(Box::new(taken.clone())),
                None => say.into(),
            }
        })
    })
    .await
}

/// Mutes the incident at the caller's notifiers; the operator's mute holds at every notifier.
///
/// # Errors
///
/// [`Refused::Because`] for [`Silence::Window`] while no watch window is open.
pub async fn mute(
    access: &Access<'_>,
    id: &IncidentId,
    silence: Silence,
) -> Result<Incident, Refused> {
    let by = access.actor().await;
    let now = access.world.clock.now();
    let until = until(access.world, silence, now);
    let until = until.ok_or_else(|| Refused::because("bot-no-window"))?;
    step(access, id, |known, _| {
        Ok(incident::mute(
            known,
            &by,
            access.own_notifiers(),
            until,
            now,
        )?)
    })
    .await
}

/// When a mute that begins at `now` ends; `None` for a mute until the end of the watch window while none is open.
fn until(world: &World, silence: Silence, now: Timestamp) -> Option<Timestamp> {
    match silence {
        Silence::Hour => now.checked_add(1.hour()).ok(),
        Silence::Morning => {
            let zone = world.config.service.timezone.clone();
            let local = now.to_zoned(zone.clone());
            let seven = local.date().to_datetime(time(7, 0, 0, 0));
            let today = seven.to_zoned(zone).ok()?;
            let next = if local < today {
                today
            } else {
                today.checked_add(1.day()).ok()?
            };
            Some(next.timestamp())
        }
        Silence::Window => {
            let windows = world.windows(now);
            let open = windows.iter().filter(|it| it.from <= now && now < it.to);
            open.map(|it| it.to).max()
        }
    }
}

/// Ends the mute of the caller's own notifiers; the operator ends the mute that holds at every notifier.
///
/// # Errors
///
/// [`Refused::Because`] if the incident is not muted.
pub async fn unmute(access: &Access<'_>, id: &IncidentId) -> Result<Incident, Refused> {
    let by = access.actor().await;
    step(access, id, |known, now| {
        Ok(incident::unmute(known, &by, access.own_notifiers(), now)?)
    })
    .await
}

/// Adds a note to the incident's time line.
///
/// # Errors
///
/// [`Refused::Because`] if the text is empty, or the incident has too many notes.
pub async fn note(access: &Access<'_>, id: &IncidentId, text: &str) -> Result<Incident, Refused> {
    let by = access.actor().await;
    step(access, id, |known, now| {
        Ok(incident::note(known, &by, text, now)?)
    })
    .await
}

/// Closes the incident: it was real and is over.
///
/// # Errors
///
/// [`Refused::Because`] if the incident has ended.
pub async fn close(
    access: &Access<'_>,
    id: &IncidentId,
    note: Option<String>,
) -> Result<Incident, Refused> {
    let by = access.actor().await;
    step(access, id, |known, now| {
        Ok(incident::resolve(known, &by, note.clone(), now)?)
    })
    .await
}

/// Marks the change that the incident shows as legitimate: the present page joins the baseline, and the incident ends
/// with the reason. Fetches the page.
///
/// # Errors
///
/// As [`approve`]; [`Refused::Because`] if the incident has ended, [`Refused::Forbidden`] if the caller may not
/// change baselines.
pub async fn legitimate(
    access: &Access<'_>,
    known: &Incident,
    reason: &str,
) -> Result<Approved, Refused> {
    access.decides("bot-officers-only")?;
    if !known.stage.is_open() {
        return Err(Refused::because("bot-over"));
    }
    let mut target = access.target(&known.target).await?;
    target.settings.timeout = target.settings.timeout.min(LOOKING);
    let approval = Approval {
        by: access.actor().await,
        keep: Keep::Alongside,
        reason: Some(reason.chars().take(LONGEST_REASON).collect()),
        of: Some(known.id.clone()),
        mark: access.mark(),
    };
    approve(access.world, &target, approval, None).await
}

/// Changes one incident that the caller may see. Returns the changed incident.
async fn step(
    access: &Access<'_>,
    id: &IncidentId,
    change: impl Fn(&Incident, Timestamp) -> Result<Incident, Refused> + Sync,
) -> Result<Incident, Refused> {
    let change = &change;
    decide(access.world, |now| async move {
        let next = change(&access.incident(id).await?, now)?;
        let target = access.world.target(&next.target).await?;
        let commit = Commit {
            incidents: vec![next.clone()],
            alerts: shown(access.world, target.as_ref(), &next, now),
            marker: access.mark(),
            ..Commit::default()
        };
        Ok(Decision::write(commit, next))
    })
    .await
}

/// The result of changing several incidents at once.
#[derive(Debug, Default)]
pub struct Many {
    /// The incidents that changed, in their new state.
    pub moved: Vec<Incident>,
    /// The incidents that stayed as they were.
    pub left: Vec<Incident>,
}

/// Takes all untaken open incidents that one message names (a storm, a common call, a common reminder).
///
/// # Errors
///
/// [`Refused::NotFound`] if the message names no incident that the caller may see.
pub async fn take_all(access: &Access<'_>, group: &Group) -> Result<Many, Refused> {
    let ours = members(access, group).await?;
    if ours.is_empty() {
        return Err(Refused::NotFound(Noun::Incident));
    }
    let by = access.actor().await;
    let take = |known: &Incident, now| incident::take(known, &by, now).ok();
    step_all(access, &ours, take).await
}

/// Changes several incidents in one commit, so that a crash leaves either all changes or none. `ids` must hold only
/// incidents that the caller may change; `change` returns `None` for an incident that stays as it is.
pub(super) async fn step_all(
    access: &Access<'_>,
    ids: &[IncidentId],
    change: impl Fn(&Incident, Timestamp) -> Option<Incident> + Sync,
) -> Result<Many, Refused> {
    let world = access.world;
    let targets = world.targets().await?;
    let targets: HashMap<&str, &Target> = targets.iter().map(|it| (it.id.as_str(), it)).collect();
    let (targets, change) = (&targets, &change);
    decide(world, |now| async move {
        let mut out = Many::default();
        let mut alerts = Vec::new();
        for id in ids {
            let Some(known) = world.store.incident(id).await? else {
                continue;
            };
            let Some(next) = change(&known, now) else {
                out.left.push(known);
                continue;
            };
            // an incident of a part goes to the notifiers of its portal
            let target = targets.get(next.target.portal()).copied();
            alerts.extend(shown(world, target, &next, now));
            out.moved.push(next);
        }
        if out.moved.is_empty() {
            return Ok(Decision::nothing(out));
        }
        let commit = Commit {
            incidents: out.moved.clone(),
            alerts,
            marker: access.mark(),
            ..Commit::default()
        };
        Ok(Decision::write(commit, out))
    })
    .await
}

/// The alerts that show the change of an incident in the chats.
pub(super) fn shown(
    world: &World,
    target: Option<&Target>,
    it: &Incident,
    now: Timestamp,
) -> Vec<Alert> {
    match target {
        Some(target) => world.alerts(target, it, Loudness::Normal, now),
        None => world.alerts_to_duty(it, now),
    }
}

/// The incidents that the message named and that the caller may still see. A storm belongs to one notifier: another
/// chat finds nothing under its id.
pub(super) async fn members(
    access: &Access<'_>,
    group: &Group,
) -> Result<Vec<IncidentId>, StoreError> {
    let store = &access.world.store;
    let mut members = Vec::new();
    match group {
        Group::Called(by) => members = rung_for(access, &[What::Escalated], *by).await?,
        Group::Lasting(by) => {
            members = rung_for(access, &[What::Blind, What::Reminded], *by).await?;
        }
        Group::Storm(id) => {
            for name in access.notifiers() {
                for storm in store.storms(name).await?.iter().filter(|it| it.id == *id) {
                    members.extend(store.members(storm).await?);
                }
            }
        }
    }
    let members = access.visible(members).await?;
    let mut ids: Vec<IncidentId> = members.into_iter().map(|it| it.id).collect();
    ids.sort();
    ids.dedup();
    Ok(ids)
}

/// The open incidents that a common message rang for: those with an event of kind `of` no later than the second of
/// `by`. Incidents that are muted at all of the caller's notifiers were not in the message.
async fn rung_for(
    access: &Access<'_>,
    of: &[What],
    by: Timestamp,
) -> Result<Vec<Incident>, StoreError> {
    let wanted = Wanted {
        open_only: true,
        ..Wanted::default()
    };
    let now = access.world.clock.now();
    let rang = |it: &Event| of.contains(&it.what) && it.at.as_second() <= by.as_second();
    let names = access.notifiers();
    let heard = |it: &Incident| names.iter().any(|name| !it.is_muted_for(name, now));
    let mut all = access.world.store.incidents(&wanted).await?;
    all.retain(|it| it.timeline.iter().any(rang) && heard(it));
    Ok(all)
}
