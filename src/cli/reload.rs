//! A changed targets.yaml, or a changed file that it names, taken in while the service runs: checked whole, or not taken
//! at all.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use tokio::{sync::watch, task::spawn_blocking};

use super::{
    Global,
    configuration::{self, Texts},
};
use crate::{
    config::{Config, Pace},
    model::{Digest, Say, TargetId, alert::Topic},
    schedule::watchdog::event,
    world::World,
};

/// The files are read so often; two equal readings make a change, so that one half written is not taken.
pub(super) const LOOK_EVERY: Duration = Duration::from_secs(2);
/// A file with fewer than so large a share of the targets, or none, is taken for a mistake.
const SHRUNK: f64 = 0.5;
/// A handful may be halved without asking.
const FEW: usize = 4;

/// The milestone under which an operator accepts a much smaller file.
pub(super) const ACCEPTED: &str = "config/accepted";

pub(super) struct Reload {
    global: Global,
    pace: Pace,
    change: watch::Sender<Arc<World>>,
    /// What is in force.
    force: Texts,
    /// What was read last.
    last: Texts,
    /// What was refused: it is said once.
    refused: Option<Texts>,
}

/// What stands in the way of a new file.
enum Obstacle {
    Faulty(String),
    Shrunk { now: usize, before: usize },
}

impl Reload {
    /// `force` are the texts that the world of `change` was made of.
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

    /// The texts as they are now. Read on another thread, as everything here: a file system may hang.
    async fn seen(&self) -> Texts {
        let (last, global) = (self.last.clone(), self.global.clone());
        let seen = spawn_blocking(move || last.now(&global)).await;
        seen.unwrap_or_default()
    }

    /// Takes the files in if one has changed and all stand still.
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

    /// Somebody asked for it.
    pub async fn now(&mut self) {
        self.take(true).await;
    }

    async fn accepted(&self) -> Option<Digest> {
        let store = self.change.borrow().store.clone();
        store.milestone(ACCEPTED).await.ok()??.parse().ok()
    }

    async fn take(&mut self, asked: bool) {
        let old = self.change.borrow().clone();
        let (config, texts) = self.read().await;
        // what was read is what is compared from now on: a file may have changed since it was seen
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
                    Obstacle::Faulty(text) => Say::new("detail-config").with("text", text),
                    Obstacle::Shrunk { now, before } => Say::new("detail-shrunk")
                        .with("now", now)
                        .with("before", before),
                };
                tracing::error!(
                    why = old.words.say(&detail),
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
    ) -> Result<(World, Option<Say>), Obstacle> {
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
        let summary = Say::new("detail-taken")
            .with("targets", now.len())
            .with("added", now.difference(&before).count())
            .with("removed", before.difference(&now).count());
        Ok((world, (now != before).then_some(summary)))
    }
}

fn ids(config: &Config) -> BTreeSet<TargetId> {
    config.targets.iter().map(|it| it.id.clone()).collect()
}
