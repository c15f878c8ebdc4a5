//! The chats of a bot, their notifiers and permissions.

use teloxide::types::{Chat as TelegramChat, ChatId, Recipient as Address, Update, UpdateKind};

use super::{Listener, context::account_of};
use crate::{
    actions::{Access, Caller, CallerChat},
    model::Recipient,
    world::{World, address_book::moved_to},
};

/// A notifier, and the chat that it sends to.
#[derive(Clone)]
pub(super) struct Chat {
    pub notifier: String,
    pub chat: Address,
}

impl Listener {
    /// The author of an update, with permissions according to the chat `place`.
    pub(super) async fn access(&self, update: &Update, place: &TelegramChat) -> Access<'_> {
        let notifiers = notifiers_of(&self.world, &self.chats, place.id, place.username()).await;
        let recipient = self.recipient(&notifiers, place.id).await;
        let author = match &update.kind {
            UpdateKind::CallbackQuery(query) => Some(&query.from),
            UpdateKind::Message(message) => message.from.as_ref(),
            _ => None,
        };
        let caller = Caller {
            name: author.map(|it| it.full_name()).unwrap_or_default(),
            account: author.and_then(account_of),
            username: author.and_then(|it| it.username.clone()),
            chat: Some(CallerChat {
                id: place.id.0,
                notifiers,
                recipient,
                title: title_of(place),
                public: place.is_channel(),
            }),
        };
        let mark = (self.seen_to(place.id), update.id.0.to_string());
        Access::new(&self.world, caller, Some(mark))
    }
}

/// The title of a group, with the public name under which any user can join it.
fn title_of(chat: &TelegramChat) -> Option<String> {
    let title = chat.title()?;
    Some(match chat.username() {
        Some(name) => format!("{title} (@{name})"),
        None => title.to_owned(),
    })
}

/// The notifiers of a chat: those configured for it, those moved to it, and the recipients of registered portals in
/// it, as far as they belong to this bot.
pub(super) async fn notifiers_of(
    world: &World,
    chats: &[Chat],
    id: ChatId,
    username: Option<&str>,
) -> Vec<String> {
    let mut names = Vec::new();
    for it in chats {
        let moved = world
            .store
            .marker(&moved_to(&it.notifier, &it.chat.to_string()))
            .await
            .unwrap_or(None);
        let own = match &it.chat {
            Address::Id(chat) => *chat == id,
            // once the number is known, the public name no longer counts: another chat may have it by now
            Address::ChannelUsername(name) => {
                let name = name.trim_start_matches('@');
                moved.is_none() && username.is_some_and(|it| it.eq_ignore_ascii_case(name))
            }
        };
        if own || moved.as_deref() == Some(&id.0.to_string()) {
            names.push(it.notifier.clone());
        }
    }
    let registered = world.registered_chats().await.unwrap_or_default();
    let is_of_bot = |name: &&String| {
        let Recipient { notifier, chat } = Recipient::from(name.as_str());
        chat.is_some() && chats.iter().any(|it| it.notifier == notifier)
    };
    let registered = registered.get(&id.0).into_iter().flatten();
    names.extend(registered.filter(is_of_bot).cloned());
    names
}
