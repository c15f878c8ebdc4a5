//! Answers to taps that say whether a large change is the agency's own.

use super::{context::ChatContext, reply::CallbackReply};
use crate::{
    actions::questions,
    model::{IncidentId, action::Group},
};

/// Carries out the answer to one question.
pub(super) async fn answer(
    context: &ChatContext<'_>,
    id: &IncidentId,
    ours: bool,
) -> CallbackReply {
    match questions::answer(&context.access, id, ours).await {
        // the portal shows no page now
        Ok(now) if ours && now.stage.is_open() => CallbackReply::quiet(said(context, "later")),
        Ok(_) => CallbackReply::quiet(said(context, verb(ours))),
        Err(why) => CallbackReply::loud(context.refusal(&why)),
    }
}

/// Carries out one answer to all questions of a common message.
pub(super) async fn answer_all(
    context: &ChatContext<'_>,
    group: &Group,
    ours: bool,
) -> CallbackReply {
    match questions::answer_all(&context.access, group, ours).await {
        Ok(done) if done.moved.is_empty() => {
            CallbackReply::quiet(context.say("question-past", &[]))
        }
        Ok(_) => CallbackReply::quiet(said(context, verb(ours))),
        Err(why) => CallbackReply::loud(context.refusal(&why)),
    }
}

fn verb(ours: bool) -> &'static str {
    if ours { "yes" } else { "not" }
}

fn said(context: &ChatContext<'_>, how: &str) -> String {
    context.say(&format!("question-did-{how}"), &[])
}
