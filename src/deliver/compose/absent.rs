//! The alert that officers of the next shift have not confirmed, shortly before the shift begins.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{Addressee, Composed, Kind, Unsent};
use crate::{
    actions::shift_check::missing_at, deliver::recipients::Audience, notify::messages::absent,
};

/// Holds the time at which the shift begins.
pub(super) struct Absent(pub Timestamp);

#[async_trait]
impl Kind for Absent {
    async fn compose(&self, to: &Addressee<'_>) -> Result<Composed, Unsent> {
        let (world, at) = (to.world, self.0);
        let people = missing_at(world, at).await?;
        // the shift has begun, everyone has confirmed, or the roster has changed
        if people.is_empty() || at <= world.clock.now() {
            return Err(Unsent::Moot);
        }
        let zone = &world.config.service.timezone;
        Ok(absent::message(&people, at, &world.locale, zone).into())
    }

    fn audience(&self) -> Audience<'_> {
        Audience::Operators
    }
}
