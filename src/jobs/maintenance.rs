//! Nightly maintenance of the store and the evidence folder.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;

use super::{Job, When};
use crate::{
    actions::reports,
    world::{World, cache_files, evicted, sheet_files},
};

/// 03:40, when portals are quiet.
const NIGHT: &str = "0 40 3 * * *";
/// Age from which an evidence file without a reference is deleted.
const UNREFERRED: Duration = Duration::from_secs(2 * 86_400);
/// Age from which derived files and reports to single chats are deleted. Derived files get this old if their portal
/// does not change or is no longer watched.
const UNTOUCHED: Duration = Duration::from_secs(90 * 86_400);

pub(super) struct Maintenance;

#[async_trait]
impl Job for Maintenance {
    fn name(&self) -> &'static str {
        "maintenance"
    }

    fn when(&self) -> When {
        When::At(NIGHT)
    }

    async fn run(&mut self, world: &Arc<World>) {
        match world.store.nightly(world.clock.now()).await {
            Ok(()) => tracing::info!("the store is tidy"),
            Err(error) => tracing::error!(%error, "the store's nightly upkeep failed"),
        }
        sweep(world).await;
    }
}

/// Deletes old page bodies that nothing refers to, old derived files, and old reports to single chats.
async fn sweep(world: &World) {
    let referred = match evicted::all_referenced(world.store.as_ref()).await {
        Ok(referred) => referred,
        Err(error) => {
            tracing::error!(%error, "evidence is not swept: what refers to it cannot be read");
            return;
        }
    };
    let (evidence, files) = (world.evidence.clone(), cache_files(&world.config));
    let config = world.config.clone();
    let swept = tokio::task::spawn_blocking(move || {
        files.sweep(UNTOUCHED);
        sheet_files(&config).sweep(UNTOUCHED);
        reports::sweep(&config, UNTOUCHED);
        evidence.sweep(&referred, UNREFERRED)
    })
    .await;
    match swept {
        Ok(Ok(gone)) => tracing::info!(gone, "evidence swept"),
        Ok(Err(error)) => tracing::error!(%error, "evidence could not be swept"),
        Err(error) => tracing::error!(%error, "evidence could not be swept"),
    }
}
