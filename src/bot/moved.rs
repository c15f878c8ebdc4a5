//! Groups that Telegram turns into supergroups: the chat's number changes, its permissions do not.

use teloxide::types::ChatId;

use super::Listener;
use crate::{model::Recipient, store::Commit, world::address_book::moved_to};

impl Listener {
    /// The recipient that reaches a chat: its notifier, or for an unregistered chat the name under which it is known.
    pub(super) async fn recipient(&self, names: &[String], chat: ChatId) -> String {
        if let Some(name) = names.first() {
            return name.clone();
        }
        let ours: Option<&str> = self.chats.iter().map(|it| it.notifier.as_str()).min();
        let plain = Recipient::in_chat(ours.unwrap_or_default(), chat.0).to_string();
        let came = self.world.store.marker(&came_from(chat)).await;
        came.unwrap_or(None).unwrap_or(plain)
    }

    /// Follows a group that became a supergroup: its messages go to the new number from now on.
    pub(super) async fn moved(&self, names: &[String], recipient: &str, to: ChatId) {
        if names.is_empty() && !self.moved_unknown(recipient, to).await {
            return;
        }
        let own = self.chats.iter().filter(|it| names.contains(&it.notifier));
        let own = own.map(|it| moved_to(&it.notifier, &it.chat.to_string()));
        let registered = names.iter().filter_map(|name| {
            let chat = Recipient::from(name.as_str()).chat?;
            Some(moved_to(name, &chat.to_string()))
        });
        for name in own.chain(registered) {
            let commit = Commit {
                marker: Some((name, to.0.to_string())),
                ..Commit::default()
            };
            if let Err(error) = self.world.store.commit(commit).await {
                tracing::error!(%error, "that a chat has moved cannot be written");
            }
        }
        self.world.chat_index.forget();
    }

    /// Follows an unregistered group only while it has an open request, because any user can create groups and move
    /// them. Returns whether it did.
    async fn moved_unknown(&self, recipient: &str, to: ChatId) -> bool {
        let requests = self.world.store.requests().await.unwrap_or_default();
        let mut open = requests.iter().filter(|it| it.stage.is_open());
        if !open.any(|it| it.asker.notifier.as_deref() == Some(recipient)) {
            return false;
        }
        let mut marks = vec![(came_from(to), recipient.to_owned())];
        if let Some(chat) = Recipient::from(recipient).chat {
            marks.push((moved_to(recipient, &chat.to_string()), to.0.to_string()));
        }
        for mark in marks {
            let commit = Commit {
                marker: Some(mark),
                ..Commit::default()
            };
            if let Err(error) = self.world.store.commit(commit).await {
                tracing::error!(%error, "that a chat has moved cannot be written");
            }
        }
        true
    }
}

/// The marker with the earlier name of a chat that moved.
fn came_from(chat: ChatId) -> String {
    format!("came/{}", chat.0)
}
