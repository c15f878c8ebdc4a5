//! A campaign of an attacker over several portals, by what they share.

use async_trait::async_trait;

use super::{Addressee, Composed, Kind, Unsent};
use crate::{
    actions::campaigns, deliver::recipients::Audience, model::incident::Trace,
    notify::messages::campaign,
};

pub(super) struct OfCampaign<'a>(pub &'a Trace);

#[async_trait]
impl Kind for OfCampaign<'_> {
    async fn compose(&self, to: &Addressee<'_>) -> Result<Composed, Unsent> {
        let world = to.world;
        let incidents = campaigns::incidents_of(world, self.0).await?;
        if incidents.is_empty() {
            return Err(Unsent::Moot);
        }
        let zone = &world.config.service.timezone;
        Ok(campaign::message(self.0, &incidents, &world.locale, zone).into())
    }

    fn audience(&self) -> Audience<'_> {
        Audience::Operators
    }
}
