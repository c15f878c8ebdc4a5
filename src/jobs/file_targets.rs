//! Records changes of targets.yaml in the registry's history, because the file, too, decides what is watched.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use async_trait::async_trait;

use super::{Job, When, reloaded};
use crate::{
    registry::listed,
    store::{Commit, StoreError},
    world::{Live, World},
};

/// The pause before the next attempt if the history could not be written.
const AGAIN: Duration = Duration::from_secs(30);
/// Lines of history of one commit.
const LINES: usize = 500;
/// Marker: the targets of the file when it was last compared.
const LISTED: &str = "registry/listed";

/// Holds the world of the last comparison: each configuration is compared once.
#[derive(Default)]
pub struct FileTargets {
    compared: Weak<World>,
}

#[async_trait]
impl Job for FileTargets {
    fn name(&self) -> &'static str {
        "file-targets"
    }

    fn when(&self) -> When {
        When::Every(AGAIN)
    }

    async fn run(&mut self, world: &Arc<World>) {
        if self.compared.ptr_eq(&Arc::downgrade(world)) {
            return;
        }
        match compare(world).await {
            Ok(()) => self.compared = Arc::downgrade(world),
            Err(error) => {
                tracing::error!(%error, "what targets.yaml changes of the registry cannot be written");
            }
        }
    }

    async fn woken(&mut self, worlds: &mut Live) {
        reloaded(worlds).await;
    }
}

/// Writes into the history what `targets.yaml` added, changed and removed since the last comparison.
///
/// # Errors
///
/// The store's error if it cannot be read or written.
pub async fn compare(world: &World) -> Result<(), StoreError> {
    let known = world.store.marker(LISTED).await?;
    let before: listed::Listed = known
        .and_then(|it| serde_json::from_str(&it).ok())
        .unwrap_or_default();
    let now = listed::listed(&world.config.targets);
    if before == now {
        return Ok(());
    }
    let at = world.clock.now();
    let targets = &world.config.targets;
    let entries = listed::entries(&before, &now, targets, "targets.yaml", at);
    let text = serde_json::to_string(&now).unwrap_or_default();
    let mut rest = entries.as_slice();
    loop {
        let (lines, more) = rest.split_at(rest.len().min(LINES));
        let last = more.is_empty();
        let commit = Commit {
            entries: lines.to_vec(),
            marker: last.then(|| (LISTED.to_owned(), text.clone())),
            ..Commit::default()
        };
        world.store.commit(commit).await?;
        if last {
            return Ok(());
        }
        rest = more;
    }
}
