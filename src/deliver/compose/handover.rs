//! The handover message at the change of a shift.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

use super::{Addressee, Composed, Kind, Unsent, facts::open};
use crate::{deliver::recipients::Audience, duty, notify::messages::handover};

/// Holds the time of the change.
pub(super) struct Handover(pub Timestamp);

#[async_trait]
impl Kind for Handover {
    async fn compose(&self, to: &Addressee<'_>) -> Result<Composed, Unsent> {
        let (world, at) = (to.world, self.0);
        let (locale, zone) = (&world.locale, &world.config.service.timezone);
        let before = at.checked_sub(SignedDuration::from_secs(1)).unwrap_or(at);
        let change = duty::handover(&world.config.duty.roster, before, at, zone);
        // no change any more if the roster was edited since
        let change = change.ok_or(Unsent::Moot)?;
        let open = open(world).await?;
        Ok(handover::message(&change.off, &change.on, &open, at, locale, zone).into())
    }

    fn audience(&self) -> Audience<'_> {
        Audience::Operators
    }
}
