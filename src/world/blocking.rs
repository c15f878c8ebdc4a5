//! Work between awaits that holds its thread for seconds, such as the reports of ten thousand portals.

use tokio::runtime::{Handle, RuntimeFlavor};

/// Runs `work` on this thread while other threads of the runtime take over its tasks. On a runtime of one thread `work` is
/// awaited like any other.
pub async fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = Handle::current();
    match runtime.runtime_flavor() {
        RuntimeFlavor::MultiThread => tokio::task::block_in_place(|| runtime.block_on(work)),
        _ => work.await,
    }
}
