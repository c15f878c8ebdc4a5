//! The ringing message about incidents that joined a storm after its first message.

use super::{
    Addressee, Composed, Fallback, Kind, Unsent,
    facts::{self, waits_for},
};
use crate::{deliver::recipients::Audience, model::Incident, notify::messages::joined};
use async_trait::async_trait;

/// Holds the storm's id.
pub(super) struct Joined<'a>(pub &'a str);

#[async_trait]
impl Kind for Joined<'_> {
    async fn compose(&self, to: &Addressee<'_>) -> Result<Composed, Unsent> {
        let (world, now) = (to.world, to.world.clock.now());
        let (known, members) = facts::storm(world, to.notifier, self.0).await?;
        let rings = |it: &Incident| it.stage.is_open() && !it.is_muted_for(to.notifier, now);
        let waits = |it: &Incident| rings(it) && waits_for(world, to.notifier, it);
        let named = members.iter().filter(|it| known.joiners.contains(&it.id));
        let named: Vec<Incident> = named.filter(|it| waits(it)).cloned().collect();
        if named.is_empty() {
            return Err(Unsent::Moot);
        }
        Ok(Composed {
            message: joined::message(&known, &named, &members, &world.locale),
            members: named,
        })
    }

    fn audience(&self) -> Audience<'_> {
        Audience::Everybody
    }

    /// The fallback of the storm's own message covers these incidents.
    fn fallback(&self) -> Fallback<'_> {
        Fallback::Nothing
    }
}
