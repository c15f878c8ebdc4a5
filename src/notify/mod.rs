//! The voice: what is told, in words fit for people, and the ways it reaches them.

pub mod duty;
pub mod heartbeat;
pub mod notices;
pub mod notifiers;
pub mod pages;
pub mod people;
pub mod plan;
pub mod reminders;
pub mod request;
pub mod requests;
pub mod storm;
pub mod text;
pub mod timeline;
pub mod windows;
pub mod words;

use std::time::Duration;

use async_trait::async_trait;

use crate::model::Receipt;

/// One thing to say, ready for any notifier. Foreign text in it is cut, disarmed and escaped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// The incident's id, or the key of what else it is about: the same for every edit of one message.
    pub key: String,
    /// First line, plain.
    pub headline: String,
    /// Telegram's HTML subset; at most 4,096 UTF-16 units once its tags are read.
    pub html: String,
    /// The same without markup.
    pub plain: String,
    pub buttons: Vec<Button>,
    pub document: Option<Document>,
    /// The facts as JSON, for machines.
    pub facts: serde_json::Value,
    pub gravity: Gravity,
    /// May have been delivered before.
    pub repeat: bool,
    /// To be shown without ringing a phone.
    pub silent: bool,
}

impl Message {
    /// A text in both its forms, and its first line.
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
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Gravity {
    Grave,
    Warning,
    #[default]
    Note,
    Good,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Button {
    pub label: String,
    /// `verb:incident` or `all:storm`, at most 64 bytes.
    pub action: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    pub name: String,
    pub bytes: Vec<u8>,
}

/// Where an earlier form of the message lies, and where its chat has moved to since.
#[derive(Clone, Copy, Debug, Default)]
pub struct Place<'a> {
    pub receipt: Option<&'a Receipt>,
    pub moved_to: Option<&'a str>,
}

/// Why a message was not taken, and whether trying again can help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// After this long where the other side said so.
    Later(Option<Duration>, String),
    /// No answer came: it may have arrived. To be tried again, and marked as a repeat.
    Unsure(String),
    Never(String),
    /// The place has another name now; at once, there.
    Moved(String),
}

/// How many messages a place and an account take. Notifiers of the same place share its budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pace {
    pub place: String,
    pub per_minute: usize,
    pub account: String,
    pub per_second: usize,
}

/// One way to reach people.
#[async_trait]
pub trait Notifier: Send + Sync {
    /// Where it speaks to, as configured; empty where there is but one place.
    fn address(&self) -> String {
        String::new()
    }

    /// The place that receipts of this notifier name: `moved_to` where the chat has moved, else the configured address.
    fn place(&self, moved_to: Option<&str>) -> String {
        moved_to.map_or_else(|| self.address(), str::to_owned)
    }

    /// Whether an earlier message can be brought up to date in its place.
    fn edits(&self) -> bool {
        false
    }

    /// Whether many incidents at once are to be one message: for people, not for machines.
    fn groups(&self) -> bool {
        true
    }

    /// How much the other side takes.
    fn pace(&self) -> Option<Pace> {
        None
    }

    /// Whether it would be let through now, as far as that can be asked without saying anything.
    async fn reaches(&self, _moved_to: Option<&str>) -> Result<(), Refusal> {
        Ok(())
    }

    /// Delivers the message, or brings the earlier form of it up to date.
    async fn send(&self, message: &Message, place: Place<'_>) -> Result<Option<Receipt>, Refusal>;
}
