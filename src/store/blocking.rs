//! Calls that wait for a disk, on threads where nothing else waits for them: looks and timers go on while a disk hangs.

use std::future::pending;

/// Does the work on a thread for blocking calls. It is done to its end where the caller gives up waiting.
pub async fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // the runtime is ending, and the caller with it
            Err(_) => pending().await,
        },
    }
}
