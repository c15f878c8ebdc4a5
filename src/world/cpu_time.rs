//! Time limit of work, in processor time. Time by the clock would count other work, too: a busy machine would make honest
//! pages too costly.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::page::cancel::{Cancel, SECONDS};

/// Does the work in this thread, and loses `cancel` once it has taken [`SECONDS`] of processor time. Returns the outcome,
/// which means nothing where it was cancelled, and the processor time it took.
pub fn run<T>(cancel: &Cancel, work: impl FnOnce() -> T) -> (T, Duration) {
    let begun = processor_time();
    let spent = move || processor_time().saturating_sub(begun);
    let most = Duration::from_secs(SECONDS);
    let out = cancel.until(move || spent() >= most, work);
    if spent() >= most {
        cancel.cancel();
    }
    (out, spent())
}

/// The time that this thread has had a processor.
fn processor_time() -> Duration {
    let spent = clock_gettime(ClockId::ThreadCPUTime);
    spent.try_into().unwrap_or_default()
}
