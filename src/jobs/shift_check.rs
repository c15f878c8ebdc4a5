//! The test call before a shift: asks the next officers to confirm, and warns the operator about missing
//! confirmations.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

use super::{DUTY_ROOM, Job, When};
use crate::{
    actions::shift_check::{ASKED, missing_at},
    duty::{Handover, handover},
    model::{About, Urgency},
    store::{Commit, Result},
    world::World,
};

/// Marker: the last shift reported as missing officers.
const MISSED: &str = "duty/missed";
/// Officers without a confirmation are reported when one part in this many of the lead time is left: enough to call
/// others.
const LEFT: i32 = 3;

pub(super) struct ShiftCheck;

#[async_trait]
impl Job for ShiftCheck {
    fn name(&self) -> &'static str {
        "shift-check"
    }

    fn when(&self) -> When {
        When::Every(DUTY_ROOM)
    }

    async fn run(&mut self, world: &Arc<World>) {
        if let Err(error) = check(world, world.clock.now()).await {
            tracing::error!(%error, "who takes over a shift cannot be asked");
        }
    }
}

/// The shift that begins within the lead time of the test call, if an officer joins it that is not on duty before.
fn ahead(world: &World, now: Timestamp) -> Option<Handover> {
    let lead = SignedDuration::try_from(world.config.duty.test_call?).ok()?;
    let zone = &world.config.service.timezone;
    let until = now.checked_add(lead).ok()?;
    handover(&world.config.duty.roster, now, until, zone).filter(|it| !it.joining.is_empty())
}

/// Sends the test call, and later the report of missing officers.
async fn check(world: &World, now: Timestamp) -> Result<()> {
    let Some(change) = ahead(world, now) else {
        return Ok(());
    };
    let at = change.at.to_string();
    if world.store.marker(ASKED).await?.as_ref() != Some(&at) {
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
    let told = world.store.marker(MISSED).await?.as_ref() == Some(&at);
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
        marker: Some((name.to_owned(), at)),
        ..Commit::default()
    };
    world.store.commit(commit).await
}
