//! How many checks may be at their first look at once: more when looks come late because portals are slow, no more while
//! processors are what is short.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};

use crate::{watch::check::Permit, world::World};

/// At the beginning, and again when all is calm.
const FEW: usize = 256;
/// The fetcher has places of its own by the files that may be open; no more than these are any use.
const MANY: usize = 2048;
/// Pages that wait to be read and judged: past these, another page only takes memory.
const PAGES: usize = 16;
/// However busy, so many go on: portals that only wait cost nothing.
const ALWAYS: usize = 32;
/// Lateness that asks for more places.
const LATE: Duration = Duration::from_millis(100);
/// Steps up and down.
const STEP: Duration = Duration::from_millis(250);

pub(super) struct Gate {
    looking: Arc<Looking>,
    limit: usize,
    changed: Instant,
}

#[derive(Default)]
struct Looking {
    count: AtomicUsize,
    left: Notify,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            looking: Arc::default(),
            limit: FEW,
            changed: Instant::now(),
        }
    }
}

impl Gate {
    pub fn is_open(&self, world: &World) -> bool {
        let looking = self.looking.count.load(Ordering::Relaxed);
        looking < ALWAYS || (looking < self.limit && world.workers.waiting() < PAGES)
    }

    /// Waits until a place may be free.
    pub async fn opened(&self) {
        // a page that is judged frees no place here: it is looked for now and then
        let _ = tokio::time::timeout(Duration::from_millis(20), self.looking.left.notified()).await;
    }

    /// A place, until the first look is done.
    pub fn take(&self) -> Permit {
        self.looking.count.fetch_add(1, Ordering::Relaxed);
        let looking = self.looking.clone();
        Permit::new(move || {
            looking.count.fetch_sub(1, Ordering::Relaxed);
            looking.left.notify_one();
        })
    }

    /// `late` is how late the next one is that found no place. Portals that are slow are asked side by side; where
    /// processors are short, more at once would only take memory: each holds a page.
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
