//! Admission control: limits how many checks may be at their first look at once. The limit rises when looks are late
//! because portals are slow, and falls when processors are short.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};

use crate::{watch::check::Permit, world::World};

/// The limit at the start, and again when no look is late.
const FEW: usize = 256;
/// The highest limit: the fetcher limits connections by the number of files it may open, so more looks would only
/// wait there.
const MANY: usize = 2048;
/// Number of pages waiting to be judged from which no look begins: another page would only take memory.
const PAGES: usize = 16;
/// First looks that are admitted even if the processors are busy: waiting for a slow portal costs no CPU time.
const ALWAYS: usize = 32;
/// Lateness from which the limit is raised.
const LATE: Duration = Duration::from_millis(100);
/// Shortest time between two changes of the limit.
const STEP: Duration = Duration::from_millis(250);

/// The present limit, and the number of checks at their first look.
pub(super) struct Admission {
    looking: Arc<Looking>,
    limit: usize,
    changed: Instant,
}

#[derive(Default)]
struct Looking {
    count: AtomicUsize,
    left: Notify,
}

impl Default for Admission {
    fn default() -> Self {
        Self {
            looking: Arc::default(),
            limit: FEW,
            changed: Instant::now(),
        }
    }
}

impl Admission {
    /// Whether another check may be admitted now.
    pub fn is_open(&self, world: &World) -> bool {
        let looking = self.looking.count.load(Ordering::Relaxed);
        looking < ALWAYS || (looking < self.limit && world.workers.waiting() < PAGES)
    }

    /// Waits until a check may be admitted.
    pub async fn opened(&self) {
        // the end of judging a page sends no notification here, so check again after 20 ms at the latest
        let _ = tokio::time::timeout(Duration::from_millis(20), self.looking.left.notified()).await;
    }

    /// Admits one check. It counts until its first look is done, or until the returned place is dropped.
    pub fn take(&self) -> Permit {
        self.looking.count.fetch_add(1, Ordering::Relaxed);
        let looking = self.looking.clone();
        Permit::new(move || {
            looking.count.fetch_sub(1, Ordering::Relaxed);
            looking.left.notify_one();
        })
    }

    /// Adapts the limit. `late`: lateness of the first check that was not admitted; `None` if all were admitted. The
    /// limit rises for slow portals, which are waited for in parallel. It falls while processors are short, when more
    /// checks would only hold pages in memory.
    pub fn adapt(&mut self, late: Option<Duration>, world: &World) {
        if self.changed.elapsed() < STEP {
            return;
        }
        match (late, world.workers.waiting()) {
            (Some(_), PAGES..) => self.limit = (self.limit - self.limit / 8).max(FEW),
            (Some(late), 0) if late > LATE => {
                self.limit = (self.limit + self.limit / 8).min(MANY);
            }
            (Some(_), _) => (),
            (None, _) => self.limit = (self.limit - self.limit / 64).max(FEW),
        }
        self.changed = Instant::now();
    }
}
