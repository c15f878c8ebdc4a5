//! The answers of the bot.

use teloxide::{
    payloads::{SendDocumentSetters, SendMessageSetters},
    requests::Requester,
    types::{
        ForceReply, InlineKeyboardButton, InlineKeyboardMarkup, InputFile, MessageId, ParseMode,
        ReplyParameters,
    },
};

use super::context::ChatContext;
use crate::notify::{
    Button, Document,
    notifiers::no_preview,
    text::{LIMIT, Text, escape},
};

/// A short answer. Foreign text in it is already cut and defanged.
#[derive(Default)]
pub(super) struct Reply {
    pub text: Text,
    /// Rows of buttons.
    pub buttons: Vec<Vec<Button>>,
    pub document: Option<Document>,
    /// Whether an answer is expected: Telegram then opens the reply field for the person asked.
    pub asks: bool,
}

impl Reply {
    /// An answer with only a text.
    pub fn plain(text: &str) -> Self {
        let mut reply = Self::default();
        reply.text.push(text);
        reply
    }
}

/// The answer to a tap: a notification over the button, and a message.
pub(super) struct CallbackReply {
    pub said: String,
    /// Whether the notification must be confirmed.
    pub loud: bool,
    pub sent: Option<Reply>,
}

impl CallbackReply {
    /// A notification that disappears by itself.
    pub fn quiet(said: String) -> Self {
        Self {
            said,
            loud: false,
            sent: None,
        }
    }

    /// A notification that must be confirmed.
    pub fn loud(said: String) -> Self {
        Self {
            said,
            loud: true,
            sent: None,
        }
    }

    /// A notification, and a message.
    pub fn with(said: String, sent: Reply) -> Self {
        Self {
            said,
            loud: false,
            sent: Some(sent),
        }
    }
}

/// Sends a reply to a message. It is not repeated if it does not arrive: the person can ask again.
pub(super) async fn send(context: &ChatContext<'_>, to: Option<MessageId>, reply: Reply) {
    let answered = to.map(|it| ReplyParameters::new(it).allow_sending_without_reply());
    let fits = reply.text.fits();
    let (mut html, plain) = reply.text.into_forms();
    if !fits {
        // send the beginning without markup, because cutting would break tags
        let head: String = plain.chars().take(LIMIT / 2).collect();
        html = escape(&head);
    }
    let sent = if let Some(document) = reply.document {
        let file = InputFile::memory(document.bytes).file_name(document.name);
        // a caption holds 1,024 UTF-16 units
        let caption: String = plain.chars().take(500).collect();
        let mut request = context
            .bot
            .send_document(context.chat, file)
            .caption(caption);
        if let Some(answered) = answered {
            request = request.reply_parameters(answered);
        }
        request.message_thread_id = context.topic;
        request.await.map(drop)
    } else {
        let mut request = context
            .bot
            .send_message(context.chat, html)
            .parse_mode(ParseMode::Html)
            .link_preview_options(no_preview());
        if reply.asks {
            request = request.reply_markup(ForceReply::new().selective());
        } else if !reply.buttons.is_empty() {
            request = request.reply_markup(keyboard(&reply.buttons));
        }
        if let Some(answered) = answered {
            request = request.reply_parameters(answered);
        }
        request.message_thread_id = context.topic;
        request.await.map(drop)
    };
    if sent.is_err() {
        // the error may contain the token
        tracing::debug!(chat = context.chat.0, "an answer could not be sent");
    }
}

fn keyboard(rows: &[Vec<Button>]) -> InlineKeyboardMarkup {
    let button =
        |it: &Button| InlineKeyboardButton::callback(it.label.clone(), it.action.to_string());
    InlineKeyboardMarkup::new(
        rows.iter()
            .map(|row| row.iter().map(button).collect::<Vec<_>>()),
    )
}
