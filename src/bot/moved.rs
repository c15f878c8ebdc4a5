//! The name of a chat, and the numbers of groups that Telegram turns into supergroups.

use teloxide::types::ChatId;

use super::Listener;
use crate::{
    actions::moved_chats::{self, KnownChat},
    model::Recipient,
};

impl Listener {
    /// The recipient that reaches a chat: its notifier, or for an unregistered chat the name under which it is known.
    pub(super) async fn recipient(&self, names: &[String], chat: ChatId) -> String {
        if let Some(name) = names.first() {
            return name.clone();
        }
        let ours: Option<&str> = self.chats.iter().map(|it| it.notifier.as_str()).min();
        let earlier = moved_chats::earlier_name(&self.world, chat.0).await;
        earlier.unwrap_or_else(|| Recipient::in_chat(ours.unwrap_or_default(), chat.0).to_string())
    }

    /// Follows a group that became a supergroup.
    pub(super) async fn moved(&self, names: &[String], recipient: &str, to: ChatId) {
        if names.is_empty() {
            return moved_chats::follow_asker(&self.world, recipient, to.0).await;
        }
        let own = self.chats.iter().filter(|it| names.contains(&it.notifier));
        let own = own.map(|it| (it.notifier.as_str(), it.chat.to_string()));
        let registered = names.iter().filter_map(|name| {
            let chat = Recipient::from(name.as_str()).chat?;
            Some((name.as_str(), chat.to_string()))
        });
        let all: Vec<(&str, String)> = own.chain(registered).collect();
        let known: Vec<KnownChat<'_>> = all
            .iter()
            .map(|(name, address)| KnownChat { name, address })
            .collect();
        moved_chats::follow(&self.world, &known, to.0).await;
    }
}
