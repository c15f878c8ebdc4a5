//! What targets.yaml names is part of the registry, and its changes of the registry's history.

use crate::{
    registry::listed,
    store::{Commit, StoreError},
    world::World,
};

/// Lines of history in one commit.
const LINES: usize = 500;
/// What targets.yaml named last.
const LISTED: &str = "registry/listed";

/// Writes down what of targets.yaml is not as it was: a change of the file changes who is watched, too.
pub async fn compare(world: &World) -> Result<(), StoreError> {
    let known = world.store.milestone(LISTED).await?;
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
            milestone: last.then(|| (LISTED.to_owned(), text.clone())),
            ..Commit::default()
        };
        world.store.commit(commit).await?;
        if last {
            return Ok(());
        }
        rest = more;
    }
}
