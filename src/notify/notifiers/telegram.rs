//! Telegram, through teloxide's `Bot`: one message for each incident, edited as the incident changes.
//!
//! The outbox does the waiting, rate limiting and repeating; this file only classifies refusals.

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
        LinkPreviewOptions, Message as Sent, MessageId, ParseMode, Recipient, ThreadId,
    },
};

use crate::{
    model::{Digest, Receipt},
    notify::{
        Message, Notifier, Place, RateLimit, Refusal,
        notifiers::{Problem, secret, with},
    },
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    chat: Value,
    /// In a group with topics: the second number in a link to one of the topic's messages
    /// (t.me/c/CHAT/TOPIC/MESSAGE).
    topic: Option<i32>,
    token_env: String,
    api_url: Option<url::Url>,
}

/// A bot, and the chat that it sends to.
#[derive(Clone)]
pub struct Account {
    pub bot: Bot,
    pub chat: Recipient,
    pub topic: Option<ThreadId>,
    /// Identifies the bot without revealing its token.
    pub account: String,
}

struct Telegram(Account);

/// Telegram's limits for a bot, from its bot FAQ, and for supergroups from reports of bot operators: messages a
/// minute to one group, one supergroup and one person; messages a second in all.
const GROUP_A_MINUTE: usize = 20;
const SUPERGROUP_A_MINUTE: usize = 10;
const PERSON_A_MINUTE: usize = 30;
const BOT_A_SECOND: usize = 30;

/// The beginning of Telegram's answer to an edit without changes; more text may follow.
const SAME: &str = "message is not modified";

/// The topic that every group with topics has. To send there, a message must name no topic: Telegram refuses this
/// number.
const GENERAL: i32 = 1;

/// The bot and chat from the settings of a notifier of this kind.
///
/// # Errors
///
/// [`Problem`] for invalid settings, or if the token is not set.
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
    if let Some(topic) = with.topic.filter(|it| *it < 1) {
        return Err(Problem::Invalid(format!(
            "with.topic: {topic} is no topic's number: it is the one behind the chat's in a link to a message of the topic"
        )));
    }
    let topic = with.topic.filter(|it| *it != GENERAL);
    let topic = topic.map(|it| ThreadId(MessageId(it)));
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
    Ok(Account {
        bot,
        chat,
        topic,
        account,
    })
}

/// Builds the notifier from its settings.
pub fn build(with: &Value) -> Result<Arc<dyn Notifier>, Problem> {
    Ok(Arc::new(Telegram(account(with)?)))
}

#[async_trait]
impl Notifier for Telegram {
    fn address(&self) -> String {
        self.0.chat.to_string()
    }

    fn place(&self, moved_to: Option<&str>) -> String {
        self.place_in(&self.chat(moved_to))
    }

    fn edits(&self) -> bool {
        true
    }

    fn rate_limit(&self) -> Option<RateLimit> {
        let chat = self.0.chat.to_string();
        // the number of a supergroup or channel begins with -100, that of a group with -
        let per_minute = if chat.starts_with("-100") || chat.starts_with('@') {
            SUPERGROUP_A_MINUTE
        } else if chat.starts_with('-') {
            GROUP_A_MINUTE
        } else {
            PERSON_A_MINUTE
        };
        Some(RateLimit {
            place: format!("telegram {chat}"),
            per_minute,
            account: format!("telegram {}", self.0.account),
            per_second: BOT_A_SECOND,
        })
    }

    /// Sends a "typing…" action, which Telegram refuses in the cases in which it refuses a message.
    async fn reaches(&self, moved_to: Option<&str>) -> Result<(), Refusal> {
        let chat = self.chat(moved_to);
        let mut asked = self.0.bot.send_chat_action(chat, ChatAction::Typing);
        asked.message_thread_id = self.0.topic;
        match asked.await {
            Ok(_) | Err(RequestError::MigrateToChatId(_)) => Ok(()),
            Err(error) => Err(refusal(&error)),
        }
    }

    async fn send(&self, message: &Message, place: Place<'_>) -> Result<Option<Receipt>, Refusal> {
        let chat = self.chat(place.moved_to);
        let earlier = place.receipt;
        if message.document.is_some() {
            return self.document(message, chat).await;
        }
        // only a message of this chat and topic can be edited
        let place = self.place_in(&chat);
        let here = match earlier {
            Some(Receipt::Message { place: at, message }) if *at == place => Some(message),
            _ => None,
        };
        if let Some(id) = here.and_then(|it| it.parse().ok()) {
            match self.edit(message, &chat, MessageId(id)).await {
                Ok(()) => return Ok(None),
                // Telegram refuses this edit for good, but may accept a new message
                Err(RequestError::Api(error)) if !is_passing(&error) => (),
                Err(error) => return Err(refusal(&error)),
            }
        }
        let sent = match self.post(message, &chat, true).await {
            Err(RequestError::Api(ApiError::CantParseEntities(_))) => {
                self.post(message, &chat, false).await
            }
            other => other,
        };
        let sent = sent.map_err(|error| refusal(&error))?;
        let chat = match chat {
            Recipient::Id(_) => chat,
            // store the number, because another chat may get the name later
            Recipient::ChannelUsername(_) => Recipient::Id(sent.chat.id),
        };
        Ok(Some(Receipt::Message {
            place: self.place_in(&chat),
            message: sent.id.0.to_string(),
        }))
    }
}

impl Telegram {
    fn chat(&self, moved_to: Option<&str>) -> Recipient {
        match moved_to.and_then(|it| it.parse().ok()) {
            Some(id) => Recipient::Id(ChatId(id)),
            None => self.0.chat.clone(),
        }
    }

    /// A chat as receipts name it, followed by `/topic` if a topic is configured.
    fn place_in(&self, chat: &Recipient) -> String {
        match self.0.topic {
            Some(topic) => format!("{chat}/{topic}"),
            None => chat.to_string(),
        }
    }

    async fn post(
        &self,
        message: &Message,
        chat: &Recipient,
        html: bool,
    ) -> Result<Sent, RequestError> {
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
        request.message_thread_id = self.0.topic;
        request.await
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
                Err(RequestError::Api(error)) if error.to_string().contains(SAME) => return Ok(()),
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
        // a caption holds 1,024 UTF-16 units
        let caption: String = message.plain.chars().take(500).collect();
        let mut request = self.0.bot.send_document(chat, file).caption(caption);
        request.message_thread_id = self.0.topic;
        match request.await {
            Ok(_) => Ok(None),
            Err(error) => Err(refusal(&error)),
        }
    }
}

/// Disables previews of links in messages.
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
        .map(|it| InlineKeyboardButton::callback(it.label.clone(), it.action.to_string()))
        .collect();
    InlineKeyboardMarkup::new(buttons.chunks(2).map(<[_]>::to_vec))
}

/// Classifies an error. The bot token never appears in the result: teloxide's network errors contain the URL.
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

/// Classifies an answer of Telegram. Telegram repeats the refusal of a bad or forbidden request at every attempt, so
/// it counts as final, and other notifiers get the alert at once. Errors that this version does not know count as
/// final, too.
fn of_api(error: &ApiError) -> Refusal {
    let text = match error {
        ApiError::Unknown(text) => text.clone(),
        known => known.to_string(),
    };
    if is_passing(error) {
        Refusal::Later(None, text)
    } else {
        Refusal::Never(text)
    }
}

/// Whether a later attempt may succeed: an error on Telegram's side, or one that asks to try again.
fn is_passing(error: &ApiError) -> bool {
    let ApiError::Unknown(text) = error else {
        return matches!(
            error,
            ApiError::FailedToGetUrlContent | ApiError::TerminatedByOtherGetUpdates
        );
    };
    let lasting = ["Bad Request", "Forbidden", "Unauthorized", "Not Found"];
    let passing = [
        "FLOOD",
        "_WAIT",
        "TIMEOUT",
        "RETRY",
        "try again",
        "temporar",
        "INTERNAL",
    ];
    !lasting.iter().any(|it| text.starts_with(it)) || passing.iter().any(|it| text.contains(it))
}

/// What is wrong with a chat that refuses for good, as the end of a locale key; its text says what the chat's members
/// can do. `None` for other causes. Recognises Telegram's sentences and its names in capitals.
pub fn trouble(why: &str) -> Option<&'static str> {
    let why = why.to_uppercase().replace(' ', "_");
    let found = TROUBLES
        .iter()
        .find(|(_, marks)| marks.iter().any(|it| why.contains(it)));
    found.map(|it| it.0)
}

const TROUBLES: [(&str, &[&str]); 7] = [
    ("topic-closed", &["TOPIC_CLOSED", "TOPIC_HIDDEN"]),
    (
        "topic-unknown",
        &["TOPIC_DELETED", "TOPIC_ID_INVALID", "THREAD_NOT_FOUND"],
    ),
    (
        "rights",
        &[
            "RIGHTS",
            "CHAT_WRITE_FORBIDDEN",
            "CHAT_ADMIN_REQUIRED",
            "CHAT_RESTRICTED",
            "_FORBIDDEN",
            "USER_BANNED_IN_CHANNEL",
        ],
    ),
    (
        "kicked",
        &[
            "KICKED",
            "NOT_A_MEMBER",
            "CHANNEL_PRIVATE",
            "NOT_PARTICIPANT",
        ],
    ),
    (
        "no-chat",
        &[
            "CHAT_NOT_FOUND",
            "USER_NOT_FOUND",
            "PEER_ID_INVALID",
            "CHAT_ID_INVALID",
            "CHANNEL_INVALID",
            "CHAT_WAS_DELETED",
            "CHAT_ID_IS_EMPTY",
            "GROUP_IS_DEACTIVATED",
            "GROUP_DEACTIVATED",
        ],
    ),
    ("blocked", &["BLOCKED", "DEACTIVATED", "CAN'T_INITIATE"]),
    ("token", &["INVALID_BOT_TOKEN", "UNAUTHORIZED"]),
];

#[cfg(test)]
mod tests {
    use crate::notify::notifiers::telegram::*;

    fn of(text: &str) -> ApiError {
        serde_json::from_value(Value::from(text)).unwrap()
    }

    #[test]
    fn a_refusal_that_lasts_is_one_whatever_its_words() {
        for (text, kind) in [
            ("Bad Request: TOPIC_CLOSED", Some("topic-closed")),
            ("Bad Request: TOPIC_DELETED", Some("topic-unknown")),
            (
                "Bad Request: message thread not found",
                Some("topic-unknown"),
            ),
            (
                "Bad Request: not enough rights to send text messages to the chat",
                Some("rights"),
            ),
            (
                "Bad Request: not enough rights to send documents to the chat",
                Some("rights"),
            ),
            (
                "Bad Request: have no rights to send a message",
                Some("rights"),
            ),
            (
                "Bad Request: need administrator rights in the channel chat",
                Some("rights"),
            ),
            ("Bad Request: CHAT_WRITE_FORBIDDEN", Some("rights")),
            ("Bad Request: CHAT_SEND_PLAIN_FORBIDDEN", Some("rights")),
            ("Bad Request: CHAT_ADMIN_REQUIRED", Some("rights")),
            ("Bad Request: CHAT_RESTRICTED", Some("rights")),
            ("Bad Request: PEER_ID_INVALID", Some("no-chat")),
            ("Bad Request: chat not found", Some("no-chat")),
            ("Forbidden: the group chat was deleted", Some("no-chat")),
            ("Bad Request: group is deactivated", Some("no-chat")),
            (
                "Forbidden: bot is not a member of the supergroup chat",
                Some("kicked"),
            ),
            (
                "Forbidden: bot was kicked from the group chat",
                Some("kicked"),
            ),
            ("Forbidden: user is deactivated", Some("blocked")),
            ("Bad Request: INPUT_USER_DEACTIVATED", Some("blocked")),
            ("Unauthorized", Some("token")),
            ("Forbidden: something new", None),
            ("Bad Request: SOMETHING_NEW", None),
        ] {
            let refused = of_api(&of(text));
            assert!(matches!(refused, Refusal::Never(_)), "{text}: {refused:?}");
            let Refusal::Never(why) = refused else {
                continue;
            };
            assert_eq!(trouble(&why), kind, "{text}");
        }
        for text in [
            "Internal Server Error",
            "Bad Gateway",
            "Gateway Timeout",
            "Internal Server Error: sent message was not found",
            "Bad Request: FLOOD_PREMIUM_WAIT_5",
            "Bad Request: TIMEOUT",
            "restart",
        ] {
            let refused = of_api(&of(text));
            assert!(
                matches!(refused, Refusal::Later(None, _)),
                "{text}: {refused:?}"
            );
        }
    }
}
