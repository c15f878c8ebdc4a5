//! The message of one incident in its present state.

use super::{
    Addressee, Composed, Kind, Unsent,
    facts::{incident, waits_for},
    receipts,
};
use crate::{
    deliver::recipients::Audience,
    model::{Action, Incident, IncidentId, Receipt, action::IncidentAction},
    notify::{Message, messages},
    world::World,
};
use async_trait::async_trait;

pub(super) struct OfIncident<'a>(pub &'a IncidentId);

#[async_trait]
impl Kind for OfIncident<'_> {
    async fn compose(&self, to: &Addressee<'_>) -> Result<Composed, Unsent> {
        let incident = incident(to.world, self.0).await?;
        Ok(message_to(to, &incident).into())
    }

    fn audience(&self) -> Audience<'_> {
        Audience::OfIncident {
            id: self.0,
            operators: false,
        }
    }

    async fn earlier(&self, world: &World, notifier: &str) -> Option<Receipt> {
        let known = receipts::stored(world, notifier, &self.0.0).await;
        known.filter(|it| matches!(it, Receipt::Message { .. }))
    }
}

/// The message of an incident for one notifier: without the button to take it if its people need not, and silent if
/// they muted the incident.
pub(super) fn message_to(to: &Addressee<'_>, it: &Incident) -> Message {
    let world = to.world;
    let zone = &world.config.service.timezone;
    let mut message = messages::message_of(it, &world.locale, zone, to.repeat);
    if !waits_for(world, to.notifier, it) {
        let takes = |it: &Action| matches!(it, Action::Incident(IncidentAction::Take, _));
        message.buttons.retain(|it| !takes(&it.action));
    }
    message.silent |= it.stage.is_open() && it.is_muted_for(to.notifier, world.clock.now());
    message
}
