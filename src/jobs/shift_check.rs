//! The test call before a shift: the next officers confirm that they are present, or the duty room is warned.

use jiff::{SignedDuration, Timestamp, civil::time};

use crate::{
    duty::{Handover, handover},
    model::{About, Alert, Urgency, duty::Person, names::is_same_name},
    store::{Commit, Result},
    world::World,
};

/// Milestones: the shift that was last asked to confirm, and the shift last reported as missing officers.
const ASKED: &str = "duty/mustered";
const MISSED: &str = "duty/missed";
/// Milestone: the next shift, then the names of officers who have confirmed, a line each.
const PRESENT: &str = "duty/present";
/// Officers without an answer count as missing when one part in this many of the time is left: enough to call others.
const LEFT: i32 = 3;

/// The shift that begins within the time of the test call, if an officer joins it that is not on duty before.
fn ahead(world: &World, now: Timestamp) -> Option<Handover> {
    let lead = SignedDuration::try_from(world.config.duty.test_call?).ok()?;
    let zone = &world.config.service.timezone;
    let until = now.checked_add(lead).ok()?;
    handover(&world.config.duty.roster, now, until, zone).filter(|it| !it.joining.is_empty())
}

/// Sends the test call, and later the report of missing officers. The service calls it every few seconds.
pub(crate) async fn round(world: &World, now: Timestamp) -> Result<()> {
    let Some(change) = ahead(world, now) else {
        return Ok(());
    };
    let at = change.at.to_string();
    if world.store.milestone(ASKED).await?.as_ref() != Some(&at) {
        return tell(
            world,
            About::ShiftCheck(change.at),
            Urgency::Ordinary,
            (ASKED, at),
            now,
        )
        .await;
    }
    let lead = world.config.duty.test_call.unwrap_or_default();
    let lead = SignedDuration::try_from(lead).unwrap_or_default();
    let late = change.at.duration_since(now) <= lead / LEFT;
    let told = world.store.milestone(MISSED).await?.as_ref() == Some(&at);
    if !late || told || missing_at(world, change.at).await?.is_empty() {
        return Ok(());
    }
    tell(
        world,
        About::Absent(change.at),
        Urgency::Urgent,
        (MISSED, at),
        now,
    )
    .await
}

async fn tell(
    world: &World,
    about: About,
    urgency: Urgency,
    (name, at): (&str, String),
    now: Timestamp,
) -> Result<()> {
    let names = world.config.defaults.notify.iter();
    let alerts = names.map(|it| Alert::new(it, about.clone(), urgency, now));
    let commit = Commit {
        alerts: alerts.collect(),
        milestone: Some((name.to_owned(), at)),
        ..Commit::default()
    };
    world.store.commit(commit).await
}

/// The officers that begin their duty at `at`, by the roster of today. Officers that stay on from the shift before are not
/// asked, since they are present.
pub(crate) fn taking_over(world: &World, at: Timestamp) -> Vec<Person> {
    let before = at - SignedDuration::from_secs(1);
    let zone = &world.config.service.timezone;
    let change = handover(&world.config.duty.roster, before, at, zone);
    change
        .filter(|it| it.at == at)
        .map(|it| it.joining)
        .unwrap_or_default()
}

async fn present(world: &World, at: Timestamp) -> Result<Vec<String>> {
    let kept = world.store.milestone(PRESENT).await?.unwrap_or_default();
    let mut lines = kept.lines();
    let ours = lines.next() == Some(at.to_string().as_str());
    Ok(lines.filter(|_| ours).map(str::to_owned).collect())
}

/// The officers who take over at that moment and have not confirmed.
pub(crate) async fn missing_at(world: &World, at: Timestamp) -> Result<Vec<Person>> {
    let present = present(world, at).await?;
    let mut missing = taking_over(world, at);
    missing.retain(|it| !present.contains(&it.name));
    Ok(missing)
}

/// Confirms that an officer is present: found by the account in the roster, by name where the roster has none. Returns
/// the name in the roster; `None` where that person does not take over then.
pub async fn here(
    world: &World,
    at: Timestamp,
    account: Option<i64>,
    called: &str,
) -> Result<Option<String>> {
    // only for the shift of the last test call: what a button says can be forged
    if world.store.milestone(ASKED).await? != Some(at.to_string()) {
        return Ok(None);
    }
    let on = taking_over(world, at);
    let is_he = |it: &&Person| match it.telegram {
        Some(known) => account == Some(known),
        None => is_same_name(&it.name, called),
    };
    let Some(person) = on.iter().find(is_he) else {
        return Ok(None);
    };
    let mut lines = present(world, at).await?;
    if !lines.contains(&person.name) {
        lines.push(person.name.clone());
    }
    lines.insert(0, at.to_string());
    let commit = Commit {
        milestone: Some((PRESENT.to_owned(), lines.join("\n"))),
        ..Commit::default()
    };
    world.store.commit(commit).await?;
    Ok(Some(person.name.clone()))
}

/// Whether it is night (22 to 6 o'clock) in the service's time zone: only alarms ring then.
pub(crate) fn is_night(world: &World, now: Timestamp) -> bool {
    let local = now.to_zoned(world.config.service.timezone.clone()).time();
    local >= time(22, 0, 0, 0) || local < time(6, 0, 0, 0)
}
