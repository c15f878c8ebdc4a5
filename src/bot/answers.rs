//! Replies to the bot's messages: notes on an incident, and answers to the bot's questions.

use teloxide::types::Message;

use super::{context::ChatContext, incident, prompts::Prompt, reply::Reply, request};
use crate::actions::{Refused, Role, incidents as verbs};

/// Seconds within which an answer to the question for a reason is accepted; later the officer must begin again.
const REASON_WITHIN_S: i64 = 1800;

/// Handles a reply. To an incident's message: adds a note to its time line. To a question: takes it as the answer.
pub(super) async fn handle(
    context: &ChatContext<'_>,
    message: &Message,
    text: &str,
) -> Option<Reply> {
    let (asked_at, to) = answered(message)?;
    let first = to.lines().next().unwrap_or_default();
    let prompt = Prompt::read(first);
    match prompt {
        Some((Prompt::Agency, url)) => {
            return Some(request::agency_named(context, url, text).await);
        }
        Some((Prompt::Refusal, about)) => {
            if let Some(reply) = request::refused(context, about, text).await {
                return Some(reply);
            }
        }
        _ => (),
    }
    if context.access.role() == Role::Stranger {
        return None;
    }
    let id = first
        .split(|c: char| c.is_whitespace() || c == ':')
        .find(|it| it.starts_with("SC-"));
    let known = context.incident(id?).await.ok()?;
    let said = if matches!(prompt, Some((Prompt::Reason, _))) {
        let late = message.date.timestamp() - asked_at > REASON_WITHIN_S;
        if let Err(why) = context.access.decides("bot-officers-only") {
            Err(why)
        } else if late || !first.contains(&incident::shown(context, &known)) {
            // the incident has changed since the question, or the question is too old to be sure what the answer
            // refers to
            Err(Refused::because("bot-reason-late"))
        } else {
            incident::legitimate(context, &known, text).await
        }
    } else {
        let noted = verbs::note(&context.access, &known.id, text).await;
        noted.map(|it| context.say("bot-noted", &[("id", &it.id.0)]))
    };
    let said = said.unwrap_or_else(|why| context.refusal(&why));
    Some(Reply::plain(&said))
}

/// The message that this one replies to: the time it was sent (seconds since 1970), and its text.
fn answered(message: &Message) -> Option<(i64, &str)> {
    let to = message.reply_to_message()?;
    let text = to.text().or(to.caption())?;
    Some((to.date.timestamp(), text))
}
