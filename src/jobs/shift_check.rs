//! The test call before a shift: the next officers confirm that they are present, or the duty room is warned.

use jiff::{SignedDuration, Timestamp, civil::time};

use crate::{
    actions::shift_check::{ASKED, missing_at},
    duty::{Handover, handover},
    model::{About, Urgency},
    store::{Commit, Result},
    world::World,
};

/// Milestone: the shift last reported as missing officers.
const MISSED: &str = "duty/missed";
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
    let commit = Commit {
        alerts: world.config.operators().alerts(&about, urgency, now),
        milestone: Some((name.to_owned(), at)),
        ..Commit::default()
    };
    world.store.commit(commit).await
}

/// Whether it is night (22 to 6 o'clock) in the service's time zone: only alarms ring then.
pub(crate) fn is_night(world: &World, now: Timestamp) -> bool {
    let local = now.to_zoned(world.config.service.timezone.clone()).time();
    local >= time(22, 0, 0, 0) || local < time(6, 0, 0, 0)
}
