//! A changed targets.yaml, or a changed file that it names, taken in while the service runs: checked whole, or not taken
//! at all.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tokio::sync::watch;

use super::{Global, open};
use crate::{
    config::{Config, Pace},
    model::{Digest, Say, TargetId, alert::Topic},
    schedule::watchdog::event,
    watch::World,
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
    /// The files that targets.yaml names, and of which text of it that is true.
    named: (Option<Digest>, Vec<PathBuf>),
    /// What is in force.
    force: Texts,
    /// What was read last.
    last: Texts,
    /// What was refused: it is said once.
    refused: Option<Texts>,
}

/// The texts that the configuration is made of; `None` for one that cannot be read.
#[derive(Clone, Debug, PartialEq)]
struct Texts {
    yaml: Option<Digest>,
    /// Of the roster and of certificates.
    beside: Vec<Option<Digest>>,
}

/// What stands in the way of a new file.
enum Obstacle {
    Faulty(String),
    Shrunk { now: usize, before: usize },
}

impl Reload {
    pub fn new(global: &Global, pace: Pace, change: watch::Sender<Arc<World>>) -> Self {
        let nothing = Texts {
            yaml: None,
            beside: Vec::new(),
        };
        let mut new = Self {
            global: global.clone(),
            pace,
            change,
            named: Default::default(),
            force: nothing.clone(),
            last: nothing,
            refused: None,
        };
        new.last = new.read();
        new.force = new.last.clone();
        new
    }

    fn read(&mut self) -> Texts {
        let yaml = digest(&self.global);
        if yaml != self.named.0 {
            self.named = (yaml, open::beside(&self.global));
        }
        let beside = self.named.1.iter().map(|it| digest_of(it));
        Texts {
            yaml,
            beside: beside.collect(),
        }
    }

    /// Takes the files in if one has changed and all stand still.
    pub async fn if_changed(&mut self) {
        let seen = self.read();
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
        self.last = self.read();
        self.take(true).await;
    }

    async fn accepted(&self) -> Option<Digest> {
        let store = self.change.borrow().store.clone();
        store.milestone(ACCEPTED).await.ok()??.parse().ok()
    }

    async fn take(&mut self, asked: bool) {
        let old = self.change.borrow().clone();
        let seen = self.last.clone();
        match self.renewed(&old).await {
            Ok((world, summary)) => {
                self.force = seen;
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
                self.refused = Some(seen);
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

    async fn renewed(&self, old: &World) -> Result<(World, Option<Say>), Obstacle> {
        let faulty = |why: String| Obstacle::Faulty(why);
        let config = open::config(&self.global, self.pace, true)
            .map_err(|failure| faulty(failure.message().to_owned()))?;
        let (before, now) = (ids(&old.config), ids(&config));
        let shrunk = now.is_empty() && !before.is_empty()
            || before.len() > FEW && (now.len() as f64) < SHRUNK * before.len() as f64;
        if shrunk && self.accepted().await != self.last.yaml {
            return Err(Obstacle::Shrunk {
                now: now.len(),
                before: before.len(),
            });
        }
        let (world, remarks) = old
            .renewed(config)
            .map_err(|fault| faulty(fault.to_string()))?;
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

/// Of targets.yaml as it is now; `None` where it cannot be read.
pub(super) fn digest(global: &Global) -> Option<Digest> {
    digest_of(&global.config)
}

fn digest_of(path: &Path) -> Option<Digest> {
    fs::read(path).ok().map(|it| Digest::of(&it))
}
