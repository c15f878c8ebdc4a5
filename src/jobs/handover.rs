//! Sends one message with the open incidents at the change of a shift.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;

use super::{DUTY_ROOM, Job, When};
use crate::{
    duty::handover,
    model::{About, Urgency},
    store::{Commit, StoreError},
    world::World,
};

/// Marker: the time up to which changes of shifts have been processed.
const SEEN_TO: &str = "duty/seen-to";
/// After a longer downtime of the service, missed changes of shifts are skipped: the people on duty were informed at
/// the start.
const LONGEST_AWAY: jiff::SignedDuration = jiff::SignedDuration::from_hours(12);

pub(super) struct Handover;

#[async_trait]
impl Job for Handover {
    fn name(&self) -> &'static str {
        "handover"
    }

    fn when(&self) -> When {
        When::Every(DUTY_ROOM)
    }

    async fn run(&mut self, world: &Arc<World>) {
        if let Err(error) = hand_over(world).await {
            tracing::error!(%error, "a shift cannot be handed over");
        }
    }
}

async fn hand_over(world: &World) -> Result<(), StoreError> {
    let roster = &world.config.duty.roster;
    if roster.is_empty() {
        return Ok(());
    }
    let now = world.clock.now();
    let zone = &world.config.service.timezone;
    let seen = world.store.marker(SEEN_TO).await?;
    let seen: Option<Timestamp> = seen.and_then(|it| it.parse().ok());
    let since = seen.filter(|it| *it <= now && now.duration_since(*it) <= LONGEST_AWAY);
    let change = since.and_then(|since| handover(roster, since, now, zone));
    let recently = since.is_some_and(|it| now.duration_since(it).as_secs() < 600);
    if change.is_none() && recently {
        return Ok(());
    }
    let alerts = match &change {
        Some(change) => {
            let about = About::Handover(change.at);
            let operators = world.config.operators();
            operators.alerts(&about, Urgency::Ordinary, now)
        }
        None => Vec::new(),
    };
    let commit = Commit {
        alerts,
        marker: Some((SEEN_TO.to_owned(), now.to_string())),
        ..Commit::default()
    };
    world.store.commit(commit).await
}
