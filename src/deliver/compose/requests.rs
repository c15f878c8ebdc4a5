//! Strangers' requests without proof, in one message to the officers.

use super::{Addressee, Composed, Kind, Unsent, receipts};
use crate::{
    deliver::recipients::Audience,
    model::{About, Receipt},
    notify::messages::requests,
    registry::limits,
    world::World,
};
use async_trait::async_trait;

/// Holds the subject of the alert: its key finds the earlier message.
pub(super) struct Requests<'a>(pub &'a About);

#[async_trait]
impl Kind for Requests<'_> {
    async fn compose(&self, to: &Addressee<'_>) -> Result<Composed, Unsent> {
        let world = to.world;
        let all = world.store.requests().await?;
        let waiting: Vec<_> = all.iter().filter(|it| limits::is_together(it)).collect();
        let unproved: Vec<_> = all.iter().filter(|it| limits::is_unproved(it)).collect();
        let (askers, zone) = (limits::askers(&unproved), &world.config.service.timezone);
        Ok(requests::message(&waiting, &askers, &world.locale, zone).into())
    }

    fn audience(&self) -> Audience<'_> {
        Audience::Operators
    }

    async fn earlier(&self, world: &World, notifier: &str) -> Option<Receipt> {
        receipts::stored(world, notifier, &self.0.key()).await
    }
}
