//! Groups that Telegram turns into supergroups: the chat's number changes, its permissions do not.

use crate::{
    model::Recipient,
    store::Commit,
    world::{World, address_book::moved_to},
};

/// A chat as the service knows it: a notifier with its configured address, or the recipient of registered portals.
#[derive(Clone, Copy, Debug)]
pub struct KnownChat<'a> {
    pub name: &'a str,
    /// The number of the chat, or a channel's public name.
    pub address: &'a str,
}

/// The earlier name of an unregistered chat that moved to this number; `None` if none did.
pub async fn earlier_name(world: &World, chat: i64) -> Option<String> {
    world.store.marker(&came_from(chat)).await.unwrap_or(None)
}

/// Follows a group that became a supergroup: the messages of `known` go to the new number from now on.
pub async fn follow(world: &World, known: &[KnownChat<'_>], to: i64) {
    let markers = known
        .iter()
        .map(|it| (moved_to(it.name, it.address), to.to_string()));
    write(world, markers).await;
    world.chat_index.forget();
}

/// Follows an unregistered group only while it has an open request, because any user can create groups and move them.
pub async fn follow_asker(world: &World, recipient: &str, to: i64) {
    let requests = world.store.requests().await.unwrap_or_default();
    let mut open = requests.iter().filter(|it| it.stage.is_open());
    if !open.any(|it| it.asker.notifier.as_deref() == Some(recipient)) {
        return;
    }
    let came = (came_from(to), recipient.to_owned());
    let chat = Recipient::from(recipient).chat;
    let moved = chat.map(|it| (moved_to(recipient, &it.to_string()), to.to_string()));
    write(world, [came].into_iter().chain(moved)).await;
    world.chat_index.forget();
}

async fn write(world: &World, markers: impl Iterator<Item = (String, String)>) {
    for marker in markers {
        let commit = Commit {
            marker: Some(marker),
            ..Commit::default()
        };
        if let Err(error) = world.store.commit(commit).await {
            tracing::error!(%error, "that a chat has moved cannot be written");
        }
    }
}

/// The key of the marker with the earlier name of a chat that moved.
fn came_from(chat: i64) -> String {
    format!("came/{chat}")
}
