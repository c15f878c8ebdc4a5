//! One common reminder of all incidents that keep coming back, or that are open because the portal has refused the
//! looks for long.

use super::{Addressee, Composed, Kind, Unsent, facts::open_at};
use crate::{
    deliver::{recipients::Audience, timeline::lasts},
    model::incident::Event,
    notify::messages::{reminder, reminders},
};
use async_trait::async_trait;

pub(super) struct Reminders;

#[async_trait]
impl Kind for Reminders {
    async fn compose(&self, to: &Addressee<'_>) -> Result<Composed, Unsent> {
        let world = to.world;
        let mut all = open_at(world, to.notifier).await?;
        let reminded = |it: &Event| it.at >= to.since && lasts(it);
        all.retain(|it| it.timeline.iter().any(reminded));
        let (zone, now) = (&world.config.service.timezone, world.clock.now());
        let message = match all.as_slice() {
            [] => return Err(Unsent::Moot),
            [only] => reminder::message(only, &world.locale, zone, false),
            _ => reminders::message(&all, &world.locale, now),
        };
        Ok(message.into())
    }

    /// Each notifier gets its own incidents.
    fn audience(&self) -> Audience<'_> {
        Audience::Everybody
    }
}
