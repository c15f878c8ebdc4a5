//! Answers to actions on an incident.

use super::{context::ChatContext, prompts::Prompt, reply::Reply};
use crate::{
    actions::{Refused, incidents as verbs},
    model::{
        Action, Incident,
        action::{IncidentAction, Silence},
        excerpt::named,
        incident::MutedIn,
    },
    notify::{Button, people::called},
};

/// The question why a change is legitimate.
pub(super) fn ask_reason(context: &ChatContext<'_>, known: &Incident) -> Reply {
    let by = named(&context.access.name(), 60);
    let reason = context.say("bot-reason", &[("by", &by)]);
    let mark = Prompt::Reason.mark();
    let shown = shown(context, known);
    let mut reply = Reply::plain(&format!("{mark} {} {shown}: {reason}", known.id));
    reply.asks = true;
    reply
}

/// Kind and page of the incident as a text in the question: if it differs when the answer comes, the question was
/// about something else.
pub(super) fn shown(context: &ChatContext<'_>, known: &Incident) -> String {
    let kind = format!("kind-{}", known.kind.as_str());
    let page = known.evidence.last().map(|it| it.digest.short());
    format!(
        "({}, {})",
        context.say(&kind, &[]),
        page.unwrap_or_default()
    )
}

/// Declares the change legitimate: the present page joins the baseline, and the incident ends with the reason.
pub(super) async fn legitimate(
    context: &ChatContext<'_>,
    known: &Incident,
    reason: &str,
) -> Result<String, Refused> {
    verbs::legitimate(&context.access, known, reason).await?;
    let by = context.access.actor().await;
    let by = called(&by.name, by.origin.as_ref(), context.locale());
    Ok(context.say("bot-legitimate", &[("id", &known.id.0), ("by", &by)]))
}

/// The answer to muting: until when the incident is muted, and buttons to extend or end the mute.
pub(super) fn muted(context: &ChatContext<'_>, now: &Incident) -> Reply {
    let locale = context.locale();
    let own = context.access.own_notifiers();
    let here_only = |it: &&MutedIn| it.notifiers.iter().any(|it| own.contains(it));
    let here_only = now.muted_in.iter().find(here_only).map(|it| &it.muted);
    let Some(muted) = here_only.or(now.muted.as_ref()) else {
        return Reply::plain(&locale.text("bot-failed"));
    };
    let by = called(&muted.by, muted.origin.as_ref(), locale);
    let until = locale.moment(muted.until, context.zone());
    let args = [("id", now.id.0.as_str()), ("by", &by), ("until", &until)];
    let key = if here_only.is_some() {
        "bot-muted-here"
    } else {
        "bot-muted"
    };
    let mut reply = Reply::plain(&locale.text_with(key, &args));
    let button = |verb| Button::new(Action::Incident(verb, now.id.clone()), locale);
    let mut row = Vec::new();
    // an agency's chat may mute tampering for an hour only
    if here_only.is_none() || !now.kind.is_tampering() {
        row.push(button(IncidentAction::Mute(Silence::Morning)));
        let moment = context.world().clock.now();
        let windows = context.world().windows(moment);
        if windows.iter().any(|it| it.from <= moment && moment < it.to) {
            row.push(button(IncidentAction::Mute(Silence::Window)));
        }
    }
    reply.buttons = vec![row, vec![button(IncidentAction::Unmute)]];
    reply.buttons.retain(|it| !it.is_empty());
    reply
}
