//! One attempt to send a message, wherever its chat has moved to.

use std::time::Duration;

use tokio::time::timeout;

use crate::{
    deliver::receipts::receipt,
    model::{Alert, Receipt},
    notify::{Message, Place, Refusal},
    store::Commit,
    world::{World, address_book::moved_to},
};

/// A send that takes longer is given up, and may have arrived.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) async fn send(
    world: &World,
    name: &str,
    alert: &Alert,
    message: &Message,
) -> Result<Option<Receipt>, Refusal> {
    let Some(notifier) = world.notifier(name) else {
        return Err(Refusal::Never(format!(
            "no notifier is called {name} any more"
        )));
    };
    let receipt = receipt(world, name, alert).await;
    let mut moved = world
        .store
        .milestone(&moved_to(name, &notifier.address()))
        .await
        .unwrap_or(None);
    for _ in 0..2 {
        let place = Place {
            receipt: receipt.as_ref(),
            moved_to: moved.as_deref(),
        };
        match timeout(PATIENCE, notifier.send(message, place)).await {
            Ok(Err(Refusal::Moved(to))) => {
                tracing::warn!(notifier = name, to, "the chat has moved; it is followed");
                let milestone = Some((moved_to(name, &notifier.address()), to.clone()));
                if let Err(error) = world
                    .store
                    .commit(Commit {
                        milestone,
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

/// Notes the number of a chat that is configured by its public name, and uses it from the first message on: another
/// chat may have the name tomorrow.
async fn settle(world: &World, name: &str, address: &str, receipt: &Receipt) {
    let Receipt::Message { place, .. } = receipt else {
        return;
    };
    let number = place.split('/').next().unwrap_or_default();
    if !address.starts_with('@') || number.parse::<i64>().is_err() {
        return;
    }
    let commit = Commit {
        milestone: Some((moved_to(name, address), number.to_owned())),
        ..Commit::default()
    };
    if let Err(error) = world.store.commit(commit).await {
        tracing::error!(%error, "the number of a chat cannot be written");
    }
}
