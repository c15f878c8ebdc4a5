//! Messages for people, and the notifiers that send them.

pub mod common;
pub mod heartbeat;
pub mod incidents;
pub mod messages;
pub mod notifiers;
pub mod pages;
pub mod people;
pub mod text;
pub mod timeline;

use std::time::Duration;

use async_trait::async_trait;

use crate::{
    locale::Locale,
    model::{Action, Receipt},
};

/// One message, ready for any notifier. Foreign text in it is cut, defanged and escaped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// The incident's id, or the key of another subject; all edits of a message share it.
    pub key: String,
    /// The first line, without markup.
    pub headline: String,
    /// Telegram's subset of HTML; at most 4,096 UTF-16 units after its tags are parsed.
    pub html: String,
    /// The text without markup.
    pub plain: String,
    pub buttons: Vec<Button>,
    pub document: Option<Document>,
    /// The facts as JSON, for machines.
    pub facts: serde_json::Value,
    pub gravity: Gravity,
    /// Whether an earlier attempt may have arrived.
    pub repeat: bool,
    /// Whether the message must make no sound.
    pub silent: bool,
}

impl Message {
    /// A message with this text in both forms, and its first line as headline.
    fn of(key: String, text: text::Text) -> Self {
        let (html, plain) = text.into_forms();
        Self {
            key,
            headline: plain.lines().next().unwrap_or_default().to_owned(),
            html,
            plain,
            ..Self::default()
        }
    }

    /// Marks the message in its first line as a possible repeat, if `unsure`.
    pub fn repeated(mut self, unsure: bool, locale: &Locale) -> Self {
        if unsure {
            let mark = locale.text("alert-repeat");
            self.html = format!("{mark} {}", self.html);
            self.plain = format!("{mark} {}", self.plain);
            self.headline = format!("{mark} {}", self.headline);
            self.repeat = true;
        }
        self
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
/// How grave a message is; notifiers choose colours by it.
pub enum Gravity {
    Grave,
    Warning,
    #[default]
    Note,
    Good,
}

#[derive(Clone, Debug, PartialEq, Eq)]
/// A button below a message.
pub struct Button {
    pub label: String,
    pub action: Action,
}

impl Button {
    /// A button with the usual label of its action, the locale key `button-VERB`.
    pub fn new(action: Action, locale: &Locale) -> Self {
        Self {
            label: locale.text(&format!("button-{}", action.verb())),
            action,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
/// A file that is sent with a message.
pub struct Document {
    pub name: String,
    pub bytes: Vec<u8>,
}

/// Where the message to be edited is, and the number that its chat has moved to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Place<'a> {
    pub receipt: Option<&'a Receipt>,
    pub moved_to: Option<&'a str>,
}

/// Why a notifier did not take a message, and whether another attempt can succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Not now; with the pause that the service at the other end asked for, if any.
    Later(Option<Duration>, String),
    /// No answer: the message may have arrived. It is sent again, marked as a repeat.
    Unsure(String),
    /// Refused for good.
    Never(String),
    /// The chat has moved to this address; send there at once.
    Moved(String),
}

/// Rate limits of a chat and of an account. Notifiers with a common chat or account share its limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// Identifies the chat.
    pub place: String,
    pub per_minute: usize,
    /// Identifies the account, without its secret.
    pub account: String,
    pub per_second: usize,
}

/// A channel that reaches people or machines: a chat, an e-mail address, a webhook.
#[async_trait]
pub trait Notifier: Send + Sync {
    /// The configured address that this notifier sends to; empty if the kind has only one.
    fn address(&self) -> String {
        String::new()
    }

    /// The place that receipts of this notifier name: `moved_to` if the chat has moved, otherwise the configured
    /// address.
    fn place(&self, moved_to: Option<&str>) -> String {
        moved_to.map_or_else(|| self.address(), str::to_owned)
    }

    /// Whether the notifier can edit earlier messages.
    fn edits(&self) -> bool {
        false
    }

    /// Whether many incidents at once become one message: true for people, false for machines.
    fn groups(&self) -> bool {
        true
    }

    /// The rate limits of the service at the other end; `None` if there are none.
    fn rate_limit(&self) -> Option<RateLimit> {
        None
    }

    /// Checks whether a message would be taken now, as far as that is possible without sending one.
    ///
    /// # Errors
    ///
    /// The refusal that a message would get.
    async fn reaches(&self, _moved_to: Option<&str>) -> Result<(), Refusal> {
        Ok(())
    }

    /// Sends the message, or edits the earlier one. Returns the receipt of a new message, if the notifier can edit
    /// messages.
    ///
    /// # Errors
    ///
    /// Why the message was not taken, see [`Refusal`].
    async fn send(&self, message: &Message, place: Place<'_>) -> Result<Option<Receipt>, Refusal>;
}
