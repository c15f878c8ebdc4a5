//! Gauges that are expensive to compute: open incidents, and the bytes of the data directory.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;

use super::{Job, When};
use crate::{
    store::{Wanted, size},
    world::World,
};

pub(super) struct Metrics;

#[async_trait]
impl Job for Metrics {
    fn name(&self) -> &'static str {
        "metrics"
    }

    fn when(&self) -> When {
        When::Every(Duration::from_secs(60))
    }

    async fn run(&mut self, world: &Arc<World>) {
        let wanted = Wanted {
            open_only: true,
            ..Wanted::default()
        };
        if let Ok(open) = world.store.incidents(&wanted).await {
            world.metrics.open_incidents.set(open.len() as i64);
        }
        let folder = world.config.service.data_dir.clone();
        let bytes = tokio::task::spawn_blocking(move || size(&folder))
            .await
            .unwrap_or(0);
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        world.metrics.store_bytes.set(bytes);
    }
}
