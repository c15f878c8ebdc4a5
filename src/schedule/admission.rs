//! Admission control: how many checks may be at their first look at once. More when looks come late because portals are
//! slow; no more while processors are short.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};

use crate::{watch::check::Place, world::World};

/// First looks at once at the start, and again when no look is late.
const FEW: usize = 256;
/// Most first looks at once: the fetcher limits connections by the files that it may open, so that more would only wait
/// there.
const MANY: usize = 2048;
/// Pages waiting to be read and judged from which no look begins: another page would only take memory.
const PAGES: usize = 16;
/// First looks that are admitted however busy the processors are: waiting for a slow portal costs no CPU.
const ALWAYS: usize = 32;
/// Lateness from which the limit is raised.
const LATE: Duration = Duration::from_millis(100);
/// Time between two changes of the limit.
const STEP: Duration = Duration::from_millis(250);

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
    pub fn is_open(&self, world: &World) -> bool {
        let looking = self.looking.count.load(Ordering::Relaxed);
        looking < ALWAYS || (looking < self.limit && world.desks.waiting() < PAGES)
    }

    /// Waits until a check may be admitted.
    pub async fn opened(&self) {
        // a page that is judged notifies nothing here, so the wait ends after 20 ms at most
        let _ = tokio::time::timeout(Duration::from_millis(20), self.looking.left.notified()).await;
    }

    /// Admits one check: counted until its first look is done, or the place is dropped.
    pub fn take(&self) -> Place {
        self.looking.count.fetch_add(1, Ordering::Relaxed);
        let looking = self.looking.clone();
        Place::new(move || {
            looking.count.fetch_sub(1, Ordering::Relaxed);
            looking.left.notify_one();
        })
    }

    /// Adapts the limit to `late`, the lateness of the first check that was not admitted; `None` where all were. Slow
    /// portals are asked side by side; where processors are short, more checks would only take memory, a page each.
    pub fn adapt(&mut self, late: Option<Duration>, world: &World) {
        if self.changed.elapsed() < STEP {
            return;
        }
        match (late, world.desks.waiting()) {
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
