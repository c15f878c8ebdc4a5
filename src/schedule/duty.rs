//! The duty room's clock.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::rhythm::every;
use crate::{
    actions::plans,
    jobs::{escalation, windows},
    world::Live,
};

/// Minutes count where somebody is to be called, seconds do not.
const EVERY: Duration = Duration::from_secs(5);

/// Calls, hands over and tells of watch windows until told to stop.
pub async fn run(worlds: Live, stop: CancellationToken) {
    every(worlds, stop, EVERY, |world| async move {
        escalation::round(&world).await;
        windows::round(&world).await;
        plans::round(&world).await;
    })
    .await;
}
