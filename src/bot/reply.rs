//! What the bot answers with.

use teloxide::{
    payloads::{SendDocumentSetters, SendMessageSetters},
    requests::Requester,
    types::{
        ForceReply, InlineKeyboardButton, InlineKeyboardMarkup, InputFile, MessageId, ParseMode,
        ReplyParameters,
    },
};

use super::here::Here;
use crate::notify::{
    Button, Document,
    notifiers::no_preview,
    text::{LIMIT, Text, escape},
};

/// A short answer; what is foreign in it was cut and disarmed.
#[derive(Default)]
pub(super) struct Reply {
    pub text: Text,
    /// Rows of buttons.
    pub buttons: Vec<Vec<Button>>,
    pub document: Option<Document>,
    /// An answer to it is wanted: whoever asked finds the field open.
    pub asks: bool,
}

impl Reply {
    pub fn plain(text: &str) -> Self {
        let mut reply = Self::default();
        reply.text.push(text);
        reply
    }
}

/// Sends it as an answer to a message. One that does not arrive is asked for again by whoever misses it.
pub(super) async fn send(here: &Here<'_>, to: Option<MessageId>, reply: Reply) {
    let answered = to.map(|it| ReplyParameters::new(it).allow_sending_without_reply());
    let fits = reply.text.fits();
    let (mut html, plain) = reply.text.into_forms();
    if !fits {
        // without markup, so that nothing is cut open
        let head: String = plain.chars().take(LIMIT / 2).collect();
        html = escape(&head);
    }
    let sent = if let Some(document) = reply.document {
        let file = InputFile::memory(document.bytes).file_name(document.name);
        // a caption holds 1,024 units
        let caption: String = plain.chars().take(500).collect();
        let mut request = here.bot.send_document(here.chat, file).caption(caption);
        if let Some(answered) = answered {
            request = request.reply_parameters(answered);
        }
        request.message_thread_id = here.topic;
        request.await.map(drop)
    } else {
        let mut request = here
            .bot
            .send_message(here.chat, html)
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
        request.message_thread_id = here.topic;
        request.await.map(drop)
    };
    if sent.is_err() {
        // the error may hold the token
        tracing::debug!(chat = here.chat.0, "an answer could not be sent");
    }
}

fn keyboard(rows: &[Vec<Button>]) -> InlineKeyboardMarkup {
    let button = |it: &Button| InlineKeyboardButton::callback(it.label.clone(), it.action.clone());
    InlineKeyboardMarkup::new(
        rows.iter()
            .map(|row| row.iter().map(button).collect::<Vec<_>>()),
    )
}
