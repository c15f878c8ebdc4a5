//! Announced changes in the bot: the command that announces them, and the buttons of their messages.

use super::{context::ChatContext, reply::Reply, time_span::span};
use crate::{
    actions::{Access, Refused, Role, plans},
    model::{
        Target, TargetId,
        action::PlanAction,
        plan::{Plan, PlanId},
    },
    notify::messages::plan::{Background, message},
};

/// Words of a day or half a day, as in "8:00-9:00 sáng mai" or "2h-3h chiều", which the bot would have to guess.
const VAGUE: [&str; 9] = [
    "sáng", "trưa", "chiều", "tối", "đêm", "mai", "mốt", "am", "pm",
];

/// Announces changes from a text `22:00-23:00 [day] [ids] reason`; `None` if the text has another form.
pub(super) async fn announce(context: &ChatContext<'_>, text: &str) -> Option<Reply> {
    let now = context.world().clock.now().to_zoned(context.zone().clone());
    let (from, to, rest) = span(text, &now)?;
    let announced = match named(context, rest.trim()).await {
        Ok((targets, reason)) => {
            let announcement = plans::Announcement {
                targets,
                from,
                to,
                reason,
            };
            plans::announce(&context.access, announcement).await
        }
        Err(why) => Err(why),
    };
    Some(match announced {
        Ok(plan) => reply(context, &plan).await,
        Err(why) => Reply::plain(&context.refusal(&why)),
    })
}

/// The portals named at the beginning of a text, and the reason after them. Without any, all portals of the chat's
/// agency.
async fn named(context: &ChatContext<'_>, text: &str) -> Result<(Vec<TargetId>, String), Refused> {
    context.access.decides("plan-officers-only")?;
    let ours: Vec<Target> = context.access.targets().await?;
    let first = text.split_whitespace().next().unwrap_or_default();
    if VAGUE.contains(&first.to_lowercase().as_str()) {
        return Err(Refused::because("plan-day"));
    }
    let (mut named, mut rest) = (Vec::new(), text);
    while !rest.is_empty() {
        let (word, more) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let word = word.trim_end_matches(',').to_lowercase();
        let Some(known) = ours.iter().find(|it| it.id.as_str() == word) else {
            break;
        };
        named.push(known.id.clone());
        rest = more.trim();
    }
    // only for the chat of one agency: a chat of several must name its portals
    if named.is_empty() && context.access.agency().await.is_some() {
        named = ours.into_iter().map(|it| it.id).collect();
    }
    Ok((named, rest.to_owned()))
}

async fn reply(context: &ChatContext<'_>, plan: &Plan) -> Reply {
    let names = plans::names(context.world(), &plan.targets).await;
    let names = names.unwrap_or_default();
    let background = Background {
        names: &names,
        seen: &[],
        asked: true,
    };
    let message = message(plan, &background, context.locale(), context.zone());
    let mut reply = Reply::default();
    let text = reply.text.written(&message).line().line();
    text.push(&context.say("plan-how", &[]));
    // the operator has got the plan with its buttons as an alert
    if context.access.role() == Role::Agency {
        reply.buttons = vec![message.buttons];
    }
    reply
}

/// Carries out a tap on a plan's message.
pub(super) async fn carry_out(
    access: &Access<'_>,
    verb: PlanAction,
    id: &PlanId,
) -> Result<Plan, Refused> {
    match verb {
        PlanAction::Cancel => plans::cancel(access, id).await,
        PlanAction::Ours => plans::answer(access, id, true).await,
        PlanAction::Theirs => plans::answer(access, id, false).await,
    }
}
