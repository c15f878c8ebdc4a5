//! Replies to messages of the bot: notes on an incident, and answers to the bot's questions.

use teloxide::types::Message;

use super::{
    here::{Here, Role},
    incident,
    reply::Reply,
    request, taps,
};

/// Seconds within which an answer to a question for a reason counts; after that the officer must ask anew.
const REASON_WITHIN_S: i64 = 1800;

/// Handles a reply: to an incident's message, a note in its time line; to a question for a reason, that reason.
pub(super) async fn answered(here: &Here<'_>, message: &Message, text: &str) -> Option<Reply> {
    let (asked_at, to) = taps::answered(message)?;
    let first = to.lines().next().unwrap_or_default();
    let of_request = if first.starts_with(request::ASKS_AGENCY) {
        Some(request::agency_named(here, first, text).await)
    } else if first.starts_with(request::ASKS_REFUSAL) {
        request::refused(here, first, text).await
    } else {
        None
    };
    if of_request.is_some() {
        return of_request;
    }
    if here.role() == Role::Stranger {
        return None;
    }
    let id = first
        .split(|c: char| c.is_whitespace() || c == ':')
        .find(|it| it.starts_with("SC-"));
    let known = here.incident(id?).await?;
    let said = if first.starts_with(taps::ASKS_WHY) {
        let late = message.date.timestamp() - asked_at > REASON_WITHIN_S;
        if !here.may_decide() {
            here.say("bot-officers-only", &[])
        } else if late || !first.contains(&taps::shown(here, &known)) {
            // the incident has changed since the question, or the question is too old to say what was meant
            here.say("bot-reason-late", &[])
        } else {
            incident::legitimate(here, &known, text).await
        }
    } else {
        match incident::note(here, &known.id, text).await {
            Ok(_) => here.say("bot-noted", &[("id", &known.id.to_string())]),
            Err(why) => why,
        }
    };
    Some(Reply::plain(&said))
}
