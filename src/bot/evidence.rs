//! What is shown of an incident's pages on request.

use super::{here::Here, reply::Reply};
use crate::{
    actions::evidence,
    model::Incident,
    notify::{Document, pages},
};

/// What changed, as a text file.
pub(super) async fn change(here: &Here<'_>, known: &Incident) -> Reply {
    let mut text = String::new();
    for line in evidence::lines_at_desk(here.world, known).await {
        text.push_str(if line.added { "+ " } else { "- " });
        text.push_str(&line.text);
        text.push('\n');
    }
    if text.is_empty() {
        return Reply::plain(&here.say("bot-no-diff", &[]));
    }
    let mut reply = Reply::plain(&known.id.to_string());
    reply.document = Some(Document {
        name: format!("{}.txt", known.id),
        bytes: text.into_bytes(),
    });
    reply
}

/// The page before and the page now.
pub(super) async fn then_and_now(here: &Here<'_>, known: &Incident) -> Reply {
    let faces = evidence::faces(here.world, known).await;
    let zone = &here.world.config.service.timezone;
    Reply {
        text: pages::then_and_now(known, &faces, &here.world.words, zone),
        ..Reply::default()
    }
}
