//! Answers that show an incident's pages.

use super::{context::ChatContext, reply::Reply};
use crate::{
    actions::evidence,
    model::Incident,
    notify::{Document, pages},
};

/// The changed lines, as a text file.
pub(super) async fn change(context: &ChatContext<'_>, known: &Incident) -> Reply {
    let mut text = String::new();
    for line in evidence::lines_at_desk(context.world(), known).await {
        text.push_str(if line.added { "+ " } else { "- " });
        text.push_str(&line.text);
        text.push('\n');
    }
    if text.is_empty() {
        return Reply::plain(&context.say("bot-no-diff", &[]));
    }
    let mut reply = Reply::plain(&known.id.to_string());
    reply.document = Some(Document {
        name: format!("{}.txt", known.id),
        bytes: text.into_bytes(),
    });
    reply
}

/// The page before the incident, and the page now.
pub(super) async fn then_and_now(context: &ChatContext<'_>, known: &Incident) -> Reply {
    let faces = evidence::faces(context.world(), known).await;
    Reply {
        text: pages::then_and_now(known, &faces, context.locale(), context.zone()),
        ..Reply::default()
    }
}
