//! Sends a message, following a chat that has moved to another number.

use std::time::Duration;

use tokio::time::timeout;

use crate::{
    model::Receipt,
    notify::{Message, Place, Refusal},
    store::Commit,
    world::{World, address_book::moved_to},
};

/// Timeout of a send; the message may have arrived nevertheless.
const PATIENCE: Duration = Duration::from_secs(60);

/// Sends a message, or edits the `earlier` one. Returns the receipt of the message.
pub(super) async fn send(
    world: &World,
    name: &str,
    earlier: Option<&Receipt>,
    message: &Message,
) -> Result<Option<Receipt>, Refusal> {
    let Some(notifier) = world.notifier(name) else {
        return Err(Refusal::Never(format!(
            "no notifier is called {name} any more"
        )));
    };
    let mut moved = world
        .store
        .marker(&moved_to(name, &notifier.address()))
        .await
        .unwrap_or(None);
    for _ in 0..2 {
        let place = Place {
            receipt: earlier,
            moved_to: moved.as_deref(),
        };
        match timeout(PATIENCE, notifier.send(message, place)).await {
            Ok(Err(Refusal::Moved(to))) => {
                tracing::warn!(notifier = name, to, "the chat has moved; it is followed");
                let marker = Some((moved_to(name, &notifier.address()), to.clone()));
                if let Err(error) = world
                    .store
                    .commit(Commit {
                        marker,
                        ..Commit::default()
                    })
                    .await
                {
                    tracing::error!(%error, "where the chat moved to cannot be written");
                }
                world.chat_index.forget();
                moved = Some(to);
            }
            Ok(outcome) => {
                if let (Ok(Some(receipt)), None) = (&outcome, &moved) {
                    settle(world, name, &notifier.address(), receipt).await;
                }
                return outcome;
            }
            Err(_) => {
                return Err(Refusal::Unsure(format!(
                    "no answer within {} s",
                    PATIENCE.as_secs()
                )));
            }
        }
    }
    Err(Refusal::Later(None, "the chat keeps moving".to_owned()))
}

/// Stores the number of a chat that is configured by its public name, and uses the number from the first message on:
/// another chat may get the name later.
async fn settle(world: &World, name: &str, address: &str, receipt: &Receipt) {
    let Receipt::Message { place, .. } = receipt else {
        return;
    };
    let number = place.split('/').next().unwrap_or_default();
    if !address.starts_with('@') || number.parse::<i64>().is_err() {
        return;
    }
    let commit = Commit {
        marker: Some((moved_to(name, address), number.to_owned())),
        ..Commit::default()
    };
    if let Err(error) = world.store.commit(commit).await {
        tracing::error!(%error, "the number of a chat cannot be written");
    }
}
