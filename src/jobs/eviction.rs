//! Deletes large page bodies soon after they fell out of a baseline.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;

use super::{Job, When};
use crate::world::World;

pub(super) struct Eviction;

#[async_trait]
impl Job for Eviction {
    fn name(&self) -> &'static str {
        "eviction"
    }

    fn when(&self) -> When {
        When::Every(Duration::from_secs(30))
    }

    async fn run(&mut self, world: &Arc<World>) {
        world
            .evicted
            .clear(world.store.as_ref(), &world.evidence)
            .await;
    }
}
