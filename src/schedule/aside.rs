//! Work of the store that may take seconds, off the threads that wait for sockets.

use tokio::runtime::{Handle, RuntimeFlavor};

/// Does it while others take over what this thread had to do. Where there is no other thread, nobody waits for one.
pub(super) async fn aside<T>(work: impl Future<Output = T>) -> T {
    let here = Handle::current();
    match here.runtime_flavor() {
        RuntimeFlavor::MultiThread => tokio::task::block_in_place(|| here.block_on(work)),
        _ => work.await,
    }
}
