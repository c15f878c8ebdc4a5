//! Requests to be watched are brought forward as soon as they come.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::{actions::registration, jobs::file_targets, world::Live};

/// Whatever becomes due without anybody's deed: a proof to look for again, a window that is over.
const IDLE: Duration = Duration::from_secs(30);
/// A look that could not be written is not tried without a pause.
const SOON: Duration = Duration::from_secs(1);

/// Looks at what is asked for until told to stop.
pub async fn run(mut worlds: Live, stop: CancellationToken) {
    let mut pulse = worlds.borrow().store.pulse();
    let mut compared = false;
    loop {
        let world = worlds.borrow_and_update().clone();
        if !compared {
            match file_targets::compare(&world).await {
                Ok(()) => compared = true,
                Err(error) => {
                    tracing::error!(%error, "what targets.yaml changes of the registry cannot be written")
                }
            }
        }
        let seen = pulse.borrow_and_update().requests;
        tokio::select! {
            () = stop.cancelled() => return,
            () = registration::round(&world) => (),
        }
        let now = world.clock.now();
        let next = registration::next_look(&world).await;
        // who taps is told a moment after his portal may be looked at again
        let wait = next.and_then(|it| it.duration_since(now).try_into().ok());
        let wait = wait.map_or(IDLE, |it: Duration| it.clamp(SOON, IDLE));
        let asked = async {
            while pulse.borrow_and_update().requests == seen {
                if pulse.changed().await.is_err() {
                    return std::future::pending().await;
                }
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = asked => (),
            () = world.candidates.asked.notified() => (),
            changed = worlds.changed() => match changed {
                Ok(()) => compared = false,
                // the sender is gone, so nothing will change: the service is stopping, or its configuration is fixed
                Err(_) => tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(IDLE) => (),
                },
            },
            () = tokio::time::sleep(wait) => (),
        }
    }
}
