//! Announced changes that an agency answers for are taken into baselines: apart from the duty room's clock, since portals are
//! visited.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::watch::{Live, plans};

/// A portal that shows nothing is asked again as seldom as in a watch window.
const EVERY: Duration = Duration::from_secs(60);

/// Takes over until told to stop.
pub async fn run(worlds: Live, stop: CancellationToken) {
    let mut tick = tokio::time::interval(EVERY);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tick.tick() => {
                let world = worlds.borrow().clone();
                plans::take_over(&world).await;
            }
        }
    }
}
