//! Answers to messages of the bot: notes, and what its questions asked for.

use teloxide::types::Message;

use super::{
    here::{Here, Role},
    incident,
    reply::Reply,
    request, taps,
};

/// A question for a reason is answered so soon, in seconds, or asked again.
const REASON_WITHIN_S: i64 = 1800;

/// An answer to an incident's message is a note in its time line; to a question for a reason, the reason.
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
            // it has become something else since, or nobody knows any more what was meant
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
