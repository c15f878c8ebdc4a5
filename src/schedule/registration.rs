//! Requests to be watched are brought forward as soon as they come.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::watch::{Live, listed, registration};

/// Whatever becomes due without anybody's deed: a proof to look for again, a window that is over.
const IDLE: Duration = Duration::from_secs(30);

/// Looks at what is asked for until told to stop.
pub async fn run(mut worlds: Live, stop: CancellationToken) {
    let mut pulse = worlds.borrow().store.pulse();
    let mut compared = false;
    loop {
        let world = worlds.borrow_and_update().clone();
        if !compared {
            match listed::compare(&world).await {
                Ok(()) => compared = true,
                Err(error) => {
                    tracing::error!(%error, "what targets.yaml changes of the registry cannot be written")
                }
            }
        }
        let seen = pulse.borrow_and_update().requests;
        registration::round(&world).await;
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
            changed = worlds.changed() => match changed {
                Ok(()) => compared = false,
                // nothing will change any more
                Err(_) => tokio::time::sleep(IDLE).await,
            },
            () = tokio::time::sleep(IDLE) => (),
        }
    }
}
