//! A notice about the service itself.

use super::{Addressee, Composed, Kind, Unsent};
use crate::{deliver::recipients::Audience, model::Notice, notify::messages::notice};
use async_trait::async_trait;

pub(super) struct OfNotice<'a>(pub &'a Notice);

#[async_trait]
impl Kind for OfNotice<'_> {
    async fn compose(&self, to: &Addressee<'_>) -> Result<Composed, Unsent> {
        let world = to.world;
        let zone = &world.config.service.timezone;
        Ok(notice::message(self.0, &world.locale, zone).into())
    }

    fn audience(&self) -> Audience<'_> {
        Audience::Everybody
    }
}
