//! Announced changes that an agency answers for are taken into baselines: apart from the duty room's clock, since portals are
//! visited.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::rhythm::every;
use crate::{actions::plans, world::Live};

/// A portal that shows nothing is asked again as seldom as in a watch window.
const EVERY: Duration = Duration::from_secs(60);

/// Takes over until told to stop.
pub async fn run(worlds: Live, stop: CancellationToken) {
    every(worlds, stop, EVERY, |world| async move {
        plans::take_over(&world).await;
    })
    .await;
}
