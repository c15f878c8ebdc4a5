//! Runs blocking disk calls on threads of their own, so that looks and timers continue while a disk hangs.

use std::future::pending;

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
