//! All incidents of a storm, as a file.

use super::{Addressee, Composed, Fallback, Kind, Unsent, facts};
use crate::{deliver::recipients::Audience, notify::messages::storm_list};
use async_trait::async_trait;

/// Holds the storm's id.
pub(super) struct StormList<'a>(pub &'a str);

#[async_trait]
impl Kind for StormList<'_> {
    async fn compose(&self, to: &Addressee<'_>) -> Result<Composed, Unsent> {
        let world = to.world;
        let (known, members) = facts::storm(world, to.notifier, self.0).await?;
        let zone = &world.config.service.timezone;
        Ok(storm_list::message(&known, &members, &world.locale, zone).into())
    }

    fn audience(&self) -> Audience<'_> {
        Audience::Everybody
    }

    /// The fallback of the storm's own message covers these incidents.
    fn fallback(&self) -> Fallback<'_> {
        Fallback::Nothing
    }
}
