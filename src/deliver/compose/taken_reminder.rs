//! The reminder of an incident that was taken long ago and is still open.

use super::{
    Addressee, Composed, Kind, Unsent,
    facts::{held, incident},
};
use crate::{deliver::recipients::Audience, model::IncidentId, notify::messages::taken_reminder};
use async_trait::async_trait;

pub(super) struct TakenReminder<'a>(pub &'a IncidentId);

#[async_trait]
impl Kind for TakenReminder<'_> {
    async fn compose(&self, to: &Addressee<'_>) -> Result<Composed, Unsent> {
        let (world, now) = (to.world, to.world.clock.now());
        let incident = incident(world, self.0).await?;
        let rings = incident.stage.is_open() && !incident.is_muted_for(to.notifier, now);
        let taken = held(world, to.notifier, &incident).filter(|_| rings);
        let holder = world.config.holder(taken.ok_or(Unsent::Moot)?);
        let called = world.config.called(&incident, now);
        let (locale, zone) = (&world.locale, &world.config.service.timezone);
        Ok(taken_reminder::message(&incident, &holder, &called, locale, zone, now).into())
    }

    fn audience(&self) -> Audience<'_> {
        Audience::OfIncident {
            id: self.0,
            operators: true,
        }
    }
}
