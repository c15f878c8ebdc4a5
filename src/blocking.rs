//! Work that holds its thread: disk calls run on threads of their own, so that looks and timers continue while a disk
//! hangs.

use std::{future::pending, sync::Arc};

use tokio::{
    runtime::{Handle, RuntimeFlavor},
    sync::Semaphore,
};

/// Runs `work` on a thread for blocking calls. It runs to its end even if the caller stops waiting.
pub async fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // the runtime is shutting down, which ends the caller, too
            Err(_) => pending().await,
        },
    }
}

/// Bounds the threads that one kind of work takes at once: each thread keeps some megabytes of its own, and further work
/// waits without one. A clone shares the bound.
#[derive(Clone, Debug)]
pub struct Limit(Arc<Semaphore>);

impl Limit {
    /// At most this number of threads at once.
    pub fn new(threads: usize) -> Self {
        Self(Arc::new(Semaphore::new(threads)))
    }

    /// Runs `work` like [`run`], once a thread of the bound is free.
    pub async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        let permit = self.0.clone().acquire_owned().await;
        run(move || {
            let _permit = permit;
            work()
        })
        .await
    }
}

/// Runs work between awaits that holds its thread for seconds, such as the reports of ten thousand portals: other threads of
/// the runtime take over this one's tasks. On a runtime of one thread `work` is awaited like any other.
pub async fn in_place<T>(work: impl Future<Output = T>) -> T {
    let runtime = Handle::current();
    match runtime.runtime_flavor() {
        RuntimeFlavor::MultiThread => tokio::task::block_in_place(|| runtime.block_on(work)),
        _ => work.await,
    }
}
