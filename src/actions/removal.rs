//! The end of watching a portal: the operator removed it, or it was registered for a watch window that is over.

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;

use crate::{
    actions::{
        access::Access,
        refused::{Noun, Refused},
        registry::{Change, Present, change},
    },
    incident::{self, Loudness},
    model::{
        About, Alert, Incident, Localized, Notice, Target, TargetId, Urgency, alert::Topic,
        excerpt::excerpt,
    },
    registry::{self, Step},
    store::{Commit, StoreError, Wanted},
    world::World,
};

/// Portals that one message names.
const NAMED: usize = 10;
/// Registrations that one commit ends.
const AT_ONCE: usize = 100;

/// Removes a registered target on the operator's behalf, and informs the notifiers that got its alerts.
///
/// # Errors
///
/// [`Refused::Forbidden`] if the caller is no officer, [`Refused::NotFound`] if no registered target has this id;
/// targets of targets.yaml cannot be removed.
pub async fn remove(
    access: &Access<'_>,
    id: &TargetId,
    reason: Option<String>,
) -> Result<(), Refused> {
    access.decides("register-officers-only")?;
    let world = access.world;
    let by = access.name();
    let open = open_of(world, std::slice::from_ref(id)).await?;
    change(world, access.mark(), |present, now| {
        let step = registry::remove(&present.registered, id, &by, reason.clone(), now);
        let step = step.ok_or(Refused::NotFound(Noun::Target))?;
        let say = Localized::new("registry-removed").with("by", &by);
        Ok(ended(world, present, (step, &say), &open, (&by, now)))
    })
    .await?;
    Ok(())
}

/// The change that removes targets: their incidents end, and their notifiers are informed.
fn ended(
    world: &World,
    present: &Present,
    (step, say): (Step, &Localized),
    open: &[Incident],
    (by, now): (&str, Timestamp),
) -> Change {
    let (incidents, mut alerts) = closed(world, present, open, by, now);
    alerts.extend(notices(world, present, &step.removed, say, now));
    Change {
        step,
        alerts,
        incidents,
    }
}

/// Ends registrations after their time. Hundreds may end with one holiday: each notifier gets one message for up to
/// [`AT_ONCE`] of them.
pub(crate) async fn end(world: &World, now: Timestamp) -> Result<(), Refused> {
    let over = registry::ended(&world.store.registry().await?, now);
    let ids: Vec<TargetId> = over.into_iter().map(|it| it.target.id).collect();
    for ids in ids.chunks(AT_ONCE) {
        let open = open_of(world, ids).await?;
        let done = change(world, None, |present, now| {
            let mut step = Step::default();
            for it in registry::ended(&present.registered, now) {
                if ids.contains(&it.target.id) {
                    let one = registry::end(&it.target.id, "gaccong", now);
                    step.removed.extend(one.removed);
                    step.entries.extend(one.entries);
                }
            }
            if step.removed.is_empty() {
                return Err(Refused::NotFound(Noun::Target));
            }
            let say = Localized::new("registry-ended");
            Ok(ended(world, present, (step, &say), &open, ("gaccong", now)))
        });
        match done.await {
            Ok(_) | Err(Refused::NotFound(_)) => (),
            Err(other) => return Err(other),
        }
    }
    Ok(())
}

/// Ends the open incidents of portals that are neither in targets.yaml nor in the registry any more, since no look
/// will end them. Informs the operator, and the chats that have a message of the incident.
pub(crate) async fn unlisted(world: &World, now: Timestamp) -> Result<(), StoreError> {
    let wanted = Wanted {
        open_only: true,
        ..Wanted::default()
    };
    let mut open = world.store.incidents(&wanted).await?;
    if open.is_empty() {
        return Ok(());
    }
    let registered = world.store.registry().await?;
    let registered = registered.iter().map(|it| it.target.id.as_str());
    let of_the_file = world.config.targets.iter().map(|it| it.id.as_str());
    let watched: HashSet<&str> = of_the_file.chain(registered).collect();
    open.retain(|it| !watched.contains(it.target.portal()));
    for it in open {
        let Some(over) = unwatched(world, &it, "gaccong", now) else {
            continue;
        };
        let mut names = Vec::new();
        for name in world.notifiers.keys() {
            let on_duty = world.config.operators().include(name);
            if on_duty || world.store.receipt(name, &over.id.0).await?.is_some() {
                names.push(name.clone());
            }
        }
        tracing::info!(incident.id = %over.id, target.id = %over.target, "ended: the portal is watched no more");
        let commit = Commit {
            alerts: world.alerts_for(&names, &over, Loudness::Normal, now),
            incidents: vec![over],
            ..Commit::default()
        };
        match world.store.commit(commit).await {
            // on a conflict the next round decides anew
            Ok(()) | Err(StoreError::Conflict) => (),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The open incidents of portals and of their parts.
async fn open_of(world: &World, ids: &[TargetId]) -> Result<Vec<Incident>, StoreError> {
    let wanted = Wanted {
        open_only: true,
        ..Wanted::default()
    };
    let mut all = world.store.incidents(&wanted).await?;
    all.retain(|it| ids.iter().any(|id| id.as_str() == it.target.portal()));
    Ok(all)
}

fn unwatched(world: &World, it: &Incident, by: &str, now: Timestamp) -> Option<Incident> {
    let note = world.locale.text("incident-unwatched");
    incident::unwatch(it, by, note, now).ok()
}

/// Closes the open incidents of portals that the service stops watching: no look would end them.
fn closed(
    world: &World,
    present: &Present,
    open: &[Incident],
    by: &str,
    now: Timestamp,
) -> (Vec<Incident>, Vec<Alert>) {
    let mut alerts = Vec::new();
    let mut ended = Vec::new();
    for it in open {
        let Some(over) = unwatched(world, it, by, now) else {
            continue;
        };
        let targets = &present.targets;
        let target = targets
            .iter()
            .find(|of| of.id.as_str() == it.target.portal());
        if let Some(target) = target {
            alerts.extend(world.alerts(target, &over, Loudness::Normal, now));
        }
        ended.push(over);
    }
    (ended, alerts)
}

/// One message for each notifier of the removed targets.
fn notices(
    world: &World,
    present: &Present,
    ids: &[TargetId],
    say: &Localized,
    now: Timestamp,
) -> Vec<Alert> {
    let mut told: BTreeMap<&String, Vec<&Target>> = BTreeMap::new();
    for gone in present.targets.iter().filter(|it| ids.contains(&it.id)) {
        let operators = world.config.operators().names().iter();
        for name in operators.chain(&gone.settings.notify) {
            let theirs = told.entry(name).or_default();
            if theirs.last().is_none_or(|it| it.id != gone.id) {
                theirs.push(gone);
            }
        }
    }
    let alert = |(name, theirs): (&String, Vec<&Target>)| {
        let named = theirs.iter().take(NAMED);
        let mut names: Vec<String> = named
            .map(|it| format!("{} ({})", excerpt(&it.name, 80), it.id))
            .collect();
        if theirs.len() > NAMED {
            let more = world.locale.count((theirs.len() - NAMED) as u64);
            names.push(world.locale.text_with("bot-more", &[("count", &more)]));
        }
        let notice = Notice::Event {
            topic: Topic::Registry,
            at: now,
            detail: say.clone().with("names", names.join(", ")),
        };
        Alert::new(name, About::Notice(notice), Urgency::Ordinary, now)
    };
    told.into_iter().map(alert).collect()
}
