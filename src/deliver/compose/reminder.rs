//! The reminder of one incident: it came back, or it is no longer silent.

use super::{Addressee, Composed, Kind, Unsent, facts::incident};
use crate::{deliver::recipients::Audience, model::IncidentId, notify::messages::reminder};
use async_trait::async_trait;

pub(super) struct Reminder<'a>(pub &'a IncidentId);

#[async_trait]
impl Kind for Reminder<'_> {
    async fn compose(&self, to: &Addressee<'_>) -> Result<Composed, Unsent> {
        let world = to.world;
        let incident = incident(world, self.0).await?;
        let zone = &world.config.service.timezone;
        Ok(reminder::message(&incident, &world.locale, zone, to.repeat).into())
    }

    fn audience(&self) -> Audience<'_> {
        Audience::OfIncident {
            id: self.0,
            operators: false,
        }
    }
}
