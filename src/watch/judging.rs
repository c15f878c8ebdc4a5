//! Work for a processor: off the threads that wait for sockets, as many at once as there are processors, and no
//! longer than it is worth.

use std::{
    num::NonZero,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::page::patience::{Patience, SECONDS};

/// After patience is lost, the work looks up at the next occasion; one that does not is left to itself.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// A place for each processor.
pub struct Desks {
    places: Semaphore,
    waiting: AtomicUsize,
}

/// Why there is no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfinished {
    #[error("more than {SECONDS} s of work")]
    Time,
    #[error("a fault of this program")]
    Fault,
}

impl Default for Desks {
    fn default() -> Self {
        let processors = thread::available_parallelism().map_or(2, NonZero::get);
        Self {
            places: Semaphore::new(processors.max(2)),
            waiting: AtomicUsize::new(0),
        }
    }
}

impl Desks {
    /// Jobs that wait for a place: each holds a page in memory.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    async fn place(&self) -> Option<SemaphorePermit<'_>> {
        // also where the waiting is given up
        struct Waits<'a>(&'a AtomicUsize);
        impl Drop for Waits<'_> {
            fn drop(&mut self) {
                self.0.fetch_sub(1, Ordering::Relaxed);
            }
        }
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let _waits = Waits(&self.waiting);
        self.places.acquire().await.ok()
    }

    /// Does the work whole, however long it takes: it was once done in time.
    pub async fn whole<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Unfinished> {
        let _place = self.place().await;
        let done = tokio::task::spawn_blocking(work).await;
        done.map_err(|_| Unfinished::Fault)
    }

    /// Does the work within its time. The wait for a place does not count.
    pub async fn within<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Unfinished> {
        let _place = self.place().await;
        let patience = Patience::default();
        let of = patience.clone();
        let mut task = tokio::task::spawn_blocking(move || of.during(work));
        let done = tokio::select! {
            done = &mut task => done,
            () = tokio::time::sleep(Duration::from_secs(SECONDS)) => {
                patience.lose();
                match tokio::time::timeout(LAST_WORDS, task).await {
                    Ok(done) => done,
                    Err(_) => return Err(Unfinished::Time),
                }
            }
        };
        match done {
            Ok(_) if patience.is_lost() => Err(Unfinished::Time),
            Ok(out) => Ok(out),
            Err(_) => Err(Unfinished::Fault),
        }
    }
}
