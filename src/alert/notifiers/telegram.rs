//! Telegram through teloxide's plain `Bot`: one message an incident, edited as it goes on.
//!
//! Waiting, budgets and repeats are the outbox's business; here every refusal is only understood.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::Value;
use teloxide::{
    ApiError, Bot, RequestError,
    payloads::{EditMessageTextSetters, SendDocumentSetters, SendMessageSetters},
    requests::Requester,
    types::{
        ChatAction, ChatId, InlineKeyboardButton, InlineKeyboardMarkup, InputFile,
        LinkPreviewOptions, MessageId, ParseMode, Recipient,
    },
};

use super::{Problem, secret, with};
use crate::{
    alert::{Message, Notifier, Pace, Place, Refusal},
    model::{Digest, Receipt},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    chat: Value,
    token_env: String,
    api_url: Option<url::Url>,
}

/// A bot and the chat it speaks to.
#[derive(Clone)]
pub struct Account {
    pub bot: Bot,
    pub chat: Recipient,
    /// Which bot it is, without its secret.
    pub account: String,
}

struct Telegram(Account);

/// What a bot may send (Telegram's bot FAQ, and what operators of bots report for supergroups): messages a minute to
/// one group, one supergroup, one person, and messages a second in all.
const GROUP_A_MINUTE: usize = 20;
const SUPERGROUP_A_MINUTE: usize = 10;
const PERSON_A_MINUTE: usize = 30;
const BOT_A_SECOND: usize = 30;

/// The bot and chat of a notifier of this kind.
pub fn account(with_value: &Value) -> Result<Account, Problem> {
    let with: With = with("telegram", with_value)?;
    let chat = match &with.chat {
        Value::Number(id) => id.as_i64().map(|it| Recipient::Id(ChatId(it))),
        Value::String(name) if name.starts_with('@') => {
            Some(Recipient::ChannelUsername(name.clone()))
        }
        Value::String(id) => id.parse().ok().map(|it| Recipient::Id(ChatId(it))),
        _ => None,
    };
    let chat = chat.ok_or_else(|| {
        Problem::Invalid("with.chat: a chat's number (-100…) or @name is wanted".to_owned())
    })?;
    let mut bot = Bot::new(secret(&with.token_env)?);
    let from_env = std::env::var("TELOXIDE_API_URL").ok();
    let url = match (with.api_url, from_env) {
        (Some(url), _) => Some(url),
        (None, Some(text)) => {
            let url = text
                .parse()
                .map_err(|error| Problem::Invalid(format!("TELOXIDE_API_URL: {error}")))?;
            Some(url)
        }
        (None, None) => None,
    };
    if let Some(url) = url {
        bot = bot.set_api_url(url);
    }
    let account = Digest::of(bot.token().as_bytes()).short();
    Ok(Account { bot, chat, account })
}

pub fn build(with: &Value) -> Result<Arc<dyn Notifier>, Problem> {
    Ok(Arc::new(Telegram(account(with)?)))
}

#[async_trait]
impl Notifier for Telegram {
    fn address(&self) -> String {
        self.0.chat.to_string()
    }

    fn edits(&self) -> bool {
        true
    }

    fn pace(&self) -> Option<Pace> {
        let chat = self.0.chat.to_string();
        // a supergroup's or channel's number begins with -100, a group's with -
        let per_minute = if chat.starts_with("-100") || chat.starts_with('@') {
            SUPERGROUP_A_MINUTE
        } else if chat.starts_with('-') {
            GROUP_A_MINUTE
        } else {
            PERSON_A_MINUTE
        };
        Some(Pace {
            place: format!("telegram {chat}"),
            per_minute,
            account: format!("telegram {}", self.0.account),
            per_second: BOT_A_SECOND,
        })
    }

    /// "typing…" is refused where a message would be.
    async fn reaches(&self, moved_to: Option<&str>) -> Result<(), Refusal> {
        let chat = self.chat(moved_to);
        let asked = self.0.bot.send_chat_action(chat, ChatAction::Typing);
        match asked.await {
            Ok(_) | Err(RequestError::MigrateToChatId(_)) => Ok(()),
            Err(error) => Err(refusal(&error)),
        }
    }

    async fn send(&self, message: &Message, place: Place<'_>) -> Result<Option<Receipt>, Refusal> {
        let chat = self.chat(place.moved_to);
        if message.document.is_some() {
            return self.document(message, chat).await;
        }
        // a message of another chat is not ours to edit
        let here = place.receipt.filter(|it| it.place == chat.to_string());
        if let Some(id) = here.and_then(|it| it.message.parse().ok()) {
            match self.edit(message, &chat, MessageId(id)).await {
                Ok(()) => return Ok(None),
                Err(RequestError::Api(
                    ApiError::MessageToEditNotFound
                    | ApiError::MessageCantBeEdited
                    | ApiError::MessageIdInvalid,
                )) => (),
                Err(error) => return Err(refusal(&error)),
            }
        }
        let sent = match self.post(message, &chat, true).await {
            Err(RequestError::Api(ApiError::CantParseEntities(_))) => {
                self.post(message, &chat, false).await
            }
            other => other,
        };
        match sent {
            Ok(id) => Ok(Some(Receipt {
                place: chat.to_string(),
                message: id.0.to_string(),
            })),
            Err(error) => Err(refusal(&error)),
        }
    }
}

impl Telegram {
    fn chat(&self, moved_to: Option<&str>) -> Recipient {
        match moved_to.and_then(|it| it.parse().ok()) {
            Some(id) => Recipient::Id(ChatId(id)),
            None => self.0.chat.clone(),
        }
    }

    async fn post(
        &self,
        message: &Message,
        chat: &Recipient,
        html: bool,
    ) -> Result<MessageId, RequestError> {
        let text = if html { &message.html } else { &message.plain };
        let mut request = self
            .0
            .bot
            .send_message(chat.clone(), text)
            .link_preview_options(no_preview())
            .disable_notification(message.silent)
            .reply_markup(keyboard(message));
        if html {
            request = request.parse_mode(ParseMode::Html);
        }
        request.await.map(|it| it.id)
    }

    async fn edit(
        &self,
        message: &Message,
        chat: &Recipient,
        id: MessageId,
    ) -> Result<(), RequestError> {
        for html in [true, false] {
            let text = if html { &message.html } else { &message.plain };
            let mut request = self
                .0
                .bot
                .edit_message_text(chat.clone(), id, text)
                .link_preview_options(no_preview())
                .reply_markup(keyboard(message));
            if html {
                request = request.parse_mode(ParseMode::Html);
            }
            match request.await {
                Ok(_) | Err(RequestError::Api(ApiError::MessageNotModified)) => return Ok(()),
                Err(RequestError::Api(ApiError::CantParseEntities(_))) if html => (),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    async fn document(
        &self,
        message: &Message,
        chat: Recipient,
    ) -> Result<Option<Receipt>, Refusal> {
        let Some(document) = &message.document else {
            return Ok(None);
        };
        let file = InputFile::memory(document.bytes.clone()).file_name(document.name.clone());
        // a caption holds 1,024 units
        let caption: String = message.plain.chars().take(500).collect();
        match self.0.bot.send_document(chat, file).caption(caption).await {
            Ok(_) => Ok(None),
            Err(error) => Err(refusal(&error)),
        }
    }
}

/// No link of a message is shown as a page.
pub fn no_preview() -> LinkPreviewOptions {
    LinkPreviewOptions {
        is_disabled: true,
        url: None,
        prefer_small_media: false,
        prefer_large_media: false,
        show_above_text: false,
    }
}

fn keyboard(message: &Message) -> InlineKeyboardMarkup {
    let buttons: Vec<InlineKeyboardButton> = message
        .buttons
        .iter()
        .map(|it| InlineKeyboardButton::callback(it.label.clone(), it.action.clone()))
        .collect();
    InlineKeyboardMarkup::new(buttons.chunks(2).map(<[_]>::to_vec))
}

/// The bot token never stands in what is returned: teloxide's network errors hold the URL.
fn refusal(error: &RequestError) -> Refusal {
    match error {
        RequestError::RetryAfter(seconds) => {
            Refusal::Later(Some(seconds.duration()), "flood control".to_owned())
        }
        RequestError::MigrateToChatId(chat) => Refusal::Moved(chat.0.to_string()),
        RequestError::Api(api) => of_api(api),
        RequestError::Network(error) if error.is_connect() => {
            Refusal::Later(None, "Telegram cannot be reached".to_owned())
        }
        RequestError::Network(_) => {
            Refusal::Unsure("the connection to Telegram broke before it answered".to_owned())
        }
        RequestError::InvalidJson { .. } => {
            let why = "Telegram's answer was no JSON (a gateway's error page)".to_owned();
            Refusal::Later(Some(Duration::from_secs(5)), why)
        }
        RequestError::Io(_) => Refusal::Later(None, "the file could not be sent".to_owned()),
    }
}

fn of_api(error: &ApiError) -> Refusal {
    use ApiError as E;
    let never = matches!(
        error,
        E::BotBlocked
            | E::BotKicked
            | E::BotKickedFromSupergroup
            | E::BotKickedFromChannel
            | E::ChatNotFound
            | E::GroupDeactivated
            | E::UserDeactivated
            | E::UserNotFound
            | E::NotEnoughRightsToPostMessages
            | E::InvalidToken
            | E::MessageIsTooLong
    );
    let text = error.to_string();
    // said so of an edit
    let too_long = text.contains("MESSAGE_TOO_LONG");
    if never || too_long || text.contains("Forbidden") {
        Refusal::Never(text)
    } else {
        Refusal::Later(None, text)
    }
}
