//! The call for one incident that no officer took in time.

use super::{
    Addressee, Composed, Kind, Unsent,
    facts::{incident, waits_for},
};
use crate::{
    deliver::recipients::Audience,
    model::{IncidentId, duty::EscalationStep},
    notify::messages::call,
};
use async_trait::async_trait;

/// Holds the incident and the escalation step that is called.
pub(super) struct Call<'a>(pub &'a IncidentId, pub EscalationStep);

#[async_trait]
impl Kind for Call<'_> {
    async fn compose(&self, to: &Addressee<'_>) -> Result<Composed, Unsent> {
        let (world, now) = (to.world, to.world.clock.now());
        let incident = incident(world, self.0).await?;
        let rings = incident.stage.is_open() && !incident.is_muted_for(to.notifier, now);
        if !rings || !waits_for(world, to.notifier, &incident) {
            return Err(Unsent::Moot);
        }
        let called = world.config.called(&incident, now);
        let zone = &world.config.service.timezone;
        Ok(call::message(&incident, self.1, &called, &world.locale, zone, now).into())
    }

    fn audience(&self) -> Audience<'_> {
        Audience::OfIncident {
            id: self.0,
            operators: self.1 != EscalationStep::Head,
        }
    }
}
