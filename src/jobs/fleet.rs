//! Adds up what the portals use, for the judge.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;

use super::{Job, When};
use crate::world::World;

/// A host becomes ordinary after two months: hours do not matter.
const PERIOD: Duration = Duration::from_secs(3 * 3600);

pub(super) struct Fleet;

#[async_trait]
impl Job for Fleet {
    fn name(&self) -> &'static str {
        "fleet"
    }

    fn when(&self) -> When {
        When::Every(PERIOD)
    }

    async fn run(&mut self, world: &Arc<World>) {
        if let Err(error) = world.add_up_fleet().await {
            tracing::error!(%error, "what the portals use cannot be added up; the judge keeps what it knew");
        }
    }
}
