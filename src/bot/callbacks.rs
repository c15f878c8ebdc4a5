//! Taps on buttons: parses the callback data, calls the action, and translates its result.

use teloxide::{
    payloads::AnswerCallbackQuerySetters,
    requests::Requester,
    types::{CallbackQueryId, ChatId},
};

use super::{
    commands,
    commands::incidents,
    context::ChatContext,
    evidence, incident, plan, question,
    reply::{CallbackReply, Reply},
    request,
};
use crate::{
    actions::{Refused, Role, incidents as verbs, registration, shift_check},
    model::{
        Action, Incident, IncidentId, Recipient,
        action::{Group, IncidentAction, PlanAction, RequestAction},
        excerpt::{named, unmarked},
        plan::PlanId,
        registration::{Request, RequestId},
    },
};

/// Characters that Telegram shows in the notification over a button.
const LONGEST_SAID: usize = 200;

/// Carries out a tap. `data` can be forged, so the actions check the permissions of the caller.
pub(super) async fn handle(context: &ChatContext<'_>, data: Option<&str>) -> CallbackReply {
    let action = data.and_then(|it| it.parse::<Action>().ok());
    let access = &context.access;
    let loud = |key: &str| CallbackReply::loud(context.say(key, &[]));
    let role = access.role();
    match action {
        // an asker counts as a stranger until the request is approved
        Some(Action::Request(verb, id)) if access.may_act() => on_request(context, verb, &id).await,
        _ if role == Role::Stranger => loud("bot-stranger"),
        _ if !access.may_act() => loud("bot-officers-only"),
        Some(Action::Plan(verb, id)) => on_plan(context, verb, &id).await,
        Some(Action::Page(at)) => {
            let page = incidents::page(context, at).await;
            CallbackReply::with(String::new(), page)
        }
        Some(Action::Present(at)) => present(context, at).await,
        Some(Action::TakeAll(group)) => take_all(context, &group).await,
        Some(Action::AnswerAll(ours, group)) => question::answer_all(context, &group, ours).await,
        Some(Action::Incident(verb, id)) => on_incident(context, verb, &id).await,
        _ => CallbackReply::quiet(context.say("bot-unknown", &[])),
    }
}

/// Shows the answer to a tap as a notification; returns the message to send in addition, if any.
pub(super) async fn answer(
    context: &ChatContext<'_>,
    query: CallbackQueryId,
    reply: CallbackReply,
) -> Option<Reply> {
    // a notification has no links, so foreign text needs no marks
    let said: String = unmarked(&reply.said).chars().take(LONGEST_SAID).collect();
    let mut answer = context
        .bot
        .answer_callback_query(query)
        .show_alert(reply.loud);
    if !said.is_empty() {
        answer = answer.text(said);
    }
    if answer.await.is_err() {
        tracing::debug!("a tap could not be answered");
    }
    reply.sent
}

async fn on_incident(
    context: &ChatContext<'_>,
    verb: IncidentAction,
    id: &IncidentId,
) -> CallbackReply {
    let access = &context.access;
    let known = match access.incident(id).await {
        Ok(known) => known,
        Err(why) => return CallbackReply::loud(context.refusal(&why)),
    };
    let args = [("id", id.0.as_str())];
    let said = |key: &str| context.say(key, &args);
    let quiet = |done: Result<Incident, Refused>, key: &str| match done {
        Ok(_) => CallbackReply::quiet(said(key)),
        Err(why) => CallbackReply::quiet(context.refusal(&why)),
    };
    match verb {
        IncidentAction::Take => quiet(verbs::take(access, id).await, "bot-taken"),
        IncidentAction::Unmute => quiet(verbs::unmute(access, id).await, "bot-unmuted"),
        IncidentAction::Mute(silence) => match verbs::mute(access, id, silence).await {
            Ok(now) => CallbackReply::with(said("bot-muted-short"), incident::muted(context, &now)),
            Err(why) => CallbackReply::loud(context.refusal(&why)),
        },
        IncidentAction::Diff => {
            CallbackReply::with(said("bot-diff"), evidence::change(context, &known).await)
        }
        IncidentAction::Pages => {
            let pages = evidence::then_and_now(context, &known).await;
            CallbackReply::with(said("bot-pages"), pages)
        }
        IncidentAction::Answer(ours) => question::answer(context, id, ours).await,
        IncidentAction::Change if !known.stage.is_open() => CallbackReply::loud(said("bot-over")),
        IncidentAction::Change => match access.decides("bot-officers-only") {
            Ok(()) => {
                let ask = incident::ask_reason(context, &known);
                CallbackReply::with(said("bot-reason-wanted"), ask)
            }
            Err(why) => CallbackReply::loud(context.refusal(&why)),
        },
    }
}

/// Takes all incidents of a common message; the answer says how many, and how many were already taken.
async fn take_all(context: &ChatContext<'_>, group: &Group) -> CallbackReply {
    let done = match verbs::take_all(&context.access, group).await {
        Ok(done) => done,
        Err(why) => return CallbackReply::loud(context.refusal(&why)),
    };
    let already = done.left.iter();
    let already = already.filter(|it| it.stage.is_open() && it.taken.is_some());
    let counts = [done.moved.len(), already.count()];
    let key = match counts {
        [0, 0] => "bot-over-all",
        [0, _] => "bot-taken-all-already",
        _ => "bot-taken-all",
    };
    let [count, already] = counts.map(|it| it.to_string());
    CallbackReply::quiet(context.say(key, &[("count", &count), ("already", &already)]))
}

async fn present(context: &ChatContext<'_>, at: jiff::Timestamp) -> CallbackReply {
    match shift_check::confirm_self(&context.access, at).await {
        Ok(name) => {
            let when = context.locale().moment(at, context.zone());
            let name = named(&name, 60);
            let said = context.say("muster-here", &[("name", &name), ("when", &when)]);
            CallbackReply::with(said.clone(), Reply::plain(&said))
        }
        Err(why) => CallbackReply::loud(context.refusal(&why)),
    }
}

async fn on_plan(context: &ChatContext<'_>, verb: PlanAction, id: &PlanId) -> CallbackReply {
    match plan::carry_out(&context.access, verb, id).await {
        Ok(_) => {
            let key = format!("plan-did-{}", verb.as_str());
            CallbackReply::quiet(context.say(&key, &[("id", &id.0)]))
        }
        Err(why) => CallbackReply::loud(context.refusal(&why)),
    }
}

async fn on_request(
    context: &ChatContext<'_>,
    verb: RequestAction,
    id: &RequestId,
) -> CallbackReply {
    let access = &context.access;
    let key = format!("register-did-{}", verb.as_str());
    let done = match &verb {
        RequestAction::See => return request::card(context, id).await,
        RequestAction::Refuse => return request::ask_refusal(context, id).await,
        RequestAction::RefuseAll => {
            return match registration::refuse_all(access, id).await {
                Ok(count) => {
                    let count = count.to_string();
                    CallbackReply::quiet(context.say(&key, &[("count", &count)]))
                }
                Err(why) => CallbackReply::loud(context.refusal(&why)),
            };
        }
        RequestAction::Approve { state } => {
            registration::approve(access, id, None, state.as_deref()).await
        }
        RequestAction::ApproveUntil { until, state } => {
            registration::approve(access, id, Some(*until), Some(state)).await
        }
        RequestAction::Prove => registration::prove(access, id).await,
        RequestAction::Withdraw => registration::withdraw(access, id).await,
    };
    match done {
        Ok(now) => {
            if now.stage.is_approved() {
                offer_commands(context, &now).await;
            }
            CallbackReply::quiet(context.say(&key, &[("id", &id.0)]))
        }
        Err(why) => CallbackReply::loud(context.refusal(&why)),
    }
}

/// Publishes the menu of commands in a chat that has just become an agency's.
async fn offer_commands(context: &ChatContext<'_>, request: &Request) {
    let asker = request.asker.notifier.as_deref().map(Recipient::from);
    if let Some(chat) = asker.and_then(|it| it.chat) {
        let chats = [(ChatId(chat).into(), Role::Agency)];
        commands::publish(context.bot, &chats, context.locale()).await;
    }
}
