//! The test call before a shift.

use async_trait::async_trait;
use jiff::{Timestamp, civil::time};

use super::{Addressee, Composed, Kind, Unsent};
use crate::{
    actions::shift_check::missing_at,
    deliver::recipients::Audience,
    notify::{Message, messages::shift_check},
    world::World,
};

/// Holds the time at which the shift begins.
pub(super) struct ShiftCheck(pub Timestamp);

#[async_trait]
impl Kind for ShiftCheck {
    async fn compose(&self, to: &Addressee<'_>) -> Result<Composed, Unsent> {
        let (world, at, now) = (to.world, self.0, to.world.clock.now());
        let people = missing_at(world, at).await?;
        // the shift has begun, everyone has confirmed, or the roster has changed
        if people.is_empty() || at <= now {
            return Err(Unsent::Moot);
        }
        let zone = &world.config.service.timezone;
        let message = Message {
            silent: is_night(world, now),
            ..shift_check::message(&people, at, &world.locale, zone)
        };
        Ok(message.into())
    }

    fn audience(&self) -> Audience<'_> {
        Audience::Operators
    }
}

/// Whether it is night (22:00 to 06:00) in the service's time zone: the test call is silent then.
fn is_night(world: &World, now: Timestamp) -> bool {
    let local = now.to_zoned(world.config.service.timezone.clone()).time();
    local >= time(22, 0, 0, 0) || local < time(6, 0, 0, 0)
}
