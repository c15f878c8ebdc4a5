//! Work that comes again and again.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use crate::world::{Live, World};

/// Works in the present world, a period after it began to the last time, until told to stop.
pub(super) async fn every<F: Future<Output = ()>>(
    worlds: Live,
    stop: CancellationToken,
    period: Duration,
    work: impl Fn(Arc<World>) -> F,
) {
    let mut tick = tokio::time::interval(period);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tick.tick() => {
                let world = worlds.borrow().clone();
                work(world).await;
            }
        }
    }
}
