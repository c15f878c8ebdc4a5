//! Reloads targets.yaml and the files that it names while the service runs. A change is accepted as a whole, or not
//! at all.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use tokio::{sync::watch, task::spawn_blocking};

use super::{
    Global,
    configuration::{self, Texts},
};
use crate::{
    config::{Config, Pace},
    jobs::watchdog::event,
    model::{Digest, Localized, TargetId, alert::Topic},
    world::World,
};

/// Time between two readings of the files. A change is accepted after two equal readings, so that a half-written file
/// is not.
pub(super) const LOOK_EVERY: Duration = Duration::from_secs(2);
/// A file with less than this share of the present targets, or with none, is treated as a mistake.
const SHRUNK: f64 = 0.5;
/// Up to this number of targets, a smaller file is accepted without asking.
const FEW: usize = 4;

/// The marker by which an operator accepts a much smaller file.
pub(super) const ACCEPTED: &str = "config/accepted";

/// Watches the files, and publishes new configurations.
pub(super) struct Reload {
    global: Global,
    pace: Pace,
    change: watch::Sender<Arc<World>>,
    /// The files of the configuration in force.
    force: Texts,
    /// The files at the last reading.
    last: Texts,
    /// The files that were refused last, so that a refusal is reported once.
    refused: Option<Texts>,
}

/// Why a changed file is not accepted.
enum Obstacle {
    Faulty(String),
    Shrunk { now: usize, before: usize },
}

impl Reload {
    /// `force`: the files from which the present world of `change` was made.
    pub fn new(
        global: &Global,
        pace: Pace,
        change: watch::Sender<Arc<World>>,
        force: Texts,
    ) -> Self {
        Self {
            global: global.clone(),
            pace,
            change,
            last: force.clone(),
            force,
            refused: None,
        }
    }

    /// The files as they are now. Read on another thread, like everything here, because a file system may hang.
    async fn seen(&self) -> Texts {
        let (last, global) = (self.last.clone(), self.global.clone());
        let seen = spawn_blocking(move || last.now(&global)).await;
        seen.unwrap_or_default()
    }

    /// Reloads the files if one has changed and none is still changing.
    pub async fn if_changed(&mut self) {
        let seen = self.seen().await;
        let still = seen == self.last;
        self.last = seen.clone();
        if seen == self.force {
            self.refused = None;
            return;
        }
        let known = self.refused.as_ref() == Some(&seen);
        let accepted = known && seen.yaml.is_some() && self.accepted().await == seen.yaml;
        if still && (!known || accepted) {
            self.take(false).await;
        }
    }

    /// Reloads the files at a person's request.
    pub async fn now(&mut self) {
        self.take(true).await;
    }

    async fn accepted(&self) -> Option<Digest> {
        let store = self.change.borrow().store.clone();
        store.marker(ACCEPTED).await.ok()??.parse().ok()
    }

    async fn take(&mut self, asked: bool) {
        let old = self.change.borrow().clone();
        let (config, texts) = self.read().await;
        // compare with what was read now: a file may have changed since the last reading
        self.last = texts.clone();
        let renewed = match config {
            Ok(config) => self.renewed(&old, config, &texts).await,
            Err(why) => Err(Obstacle::Faulty(why)),
        };
        match renewed {
            Ok((world, summary)) => {
                self.force = texts;
                self.refused = None;
                let world = Arc::new(world);
                let changed = summary.is_some() || asked;
                self.change.send_replace(world.clone());
                tracing::info!("the configuration was taken in");
                if let Some(summary) = summary.filter(|_| changed) {
                    event(&world, Topic::Reloaded, summary).await;
                }
            }
            Err(obstacle) => {
                self.refused = Some(texts);
                let detail = match obstacle {
                    Obstacle::Faulty(text) => Localized::new("detail-config").with("text", text),
                    Obstacle::Shrunk { now, before } => Localized::new("detail-shrunk")
                        .with("now", now)
                        .with("before", before),
                };
                tracing::error!(
                    why = old.locale.localized(&detail),
                    "the old configuration stays in force"
                );
                event(&old, Topic::Config, detail).await;
            }
        }
    }

    async fn read(&self) -> (Result<Config, String>, Texts) {
        let (global, pace) = (self.global.clone(), self.pace);
        let read = spawn_blocking(move || {
            let mut texts = Texts::default();
            let config = configuration::read(&global, pace, true, &mut texts);
            (config.map_err(|it| it.message().to_owned()), texts)
        });
        let failed = |error: tokio::task::JoinError| (Err(error.to_string()), Texts::default());
        read.await.unwrap_or_else(failed)
    }

    async fn renewed(
        &self,
        old: &Arc<World>,
        config: Config,
        texts: &Texts,
    ) -> Result<(World, Option<Localized>), Obstacle> {
        let (before, now) = (ids(&old.config), ids(&config));
        let shrunk = now.is_empty() && !before.is_empty()
            || before.len() > FEW && (now.len() as f64) < SHRUNK * before.len() as f64;
        if shrunk && self.accepted().await != texts.yaml {
            return Err(Obstacle::Shrunk {
                now: now.len(),
                before: before.len(),
            });
        }
        let of = old.clone();
        let (world, remarks) = spawn_blocking(move || of.renewed(config))
            .await
            .map_err(|error| Obstacle::Faulty(error.to_string()))?
            .map_err(|fault| Obstacle::Faulty(fault.to_string()))?;
        for remark in remarks {
            tracing::warn!("{remark}");
        }
        let summary = Localized::new("detail-taken")
            .with("targets", now.len())
            .with("added", now.difference(&before).count())
            .with("removed", before.difference(&now).count());
        Ok((world, (now != before).then_some(summary)))
    }
}

fn ids(config: &Config) -> BTreeSet<TargetId> {
    config.targets.iter().map(|it| it.id.clone()).collect()
}
