//! Announced changes, from phones.

use super::{
    here::{Here, Role},
    reply::Reply,
    taps::Tapped,
};
use crate::{
    actions::{plans, plans::names, registration::NotDone},
    incident::plan::{Announced, span},
    model::{
        TargetId,
        plan::{Plan, PlanId},
    },
    notify::{plan::plan as shown, text::said},
};

/// "8:00-9:00 sáng mai", "2h-3h chiều": a day or half of one that we would guess at.
const VAGUE: [&str; 9] = [
    "sáng", "trưa", "chiều", "tối", "đêm", "mai", "mốt", "am", "pm",
];

/// `22:00-23:00 [day] [ids] reason`; `None` where the text is no such thing.
pub(super) async fn announce(here: &Here<'_>, text: &str) -> Option<Reply> {
    let zone = here.world.config.service.timezone.clone();
    let now = here.world.clock.now().to_zoned(zone.clone());
    let (from, to, rest) = span(text, &now)?;
    if !here.may_decide() {
        return Some(Reply::plain(&here.say("plan-officers-only", &[])));
    }
    let Ok(ours) = here.targets().await else {
        return Some(Reply::plain(&here.say("bot-failed", &[])));
    };
    let (mut named, mut rest): (Vec<TargetId>, &str) = (Vec::new(), rest.trim());
    if rest
        .split_whitespace()
        .next()
        .is_some_and(|it| VAGUE.contains(&it.to_lowercase().as_str()))
    {
        return Some(Reply::plain(&here.say("plan-day", &[])));
    }
    while !rest.is_empty() {
        let (word, more) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let word = word.trim_end_matches(',').to_lowercase();
        let Some(known) = ours.iter().find(|it| it.id.as_str() == word) else {
            break;
        };
        named.push(known.id.clone());
        rest = more.trim();
    }
    // an agency means its own portals; to silence all that there are is nobody's meaning
    if named.is_empty() && here.agency().await.is_some() {
        named = ours.iter().map(|it| it.id.clone()).collect();
    }
    let announced = Announced {
        targets: named,
        from,
        to,
        by: here.actor().await,
        reason: rest.to_owned(),
        notifier: Some(here.speaks.clone()),
    };
    Some(
        match plans::announce(here.world, announced, Some(here.seen_to())).await {
            Ok(plan) => {
                let names = names(here.world, &plan.targets).await.unwrap_or_default();
                let message = shown(&plan, &names, &[], true, &here.world.words, &zone);
                let mut reply = Reply::default();
                reply
                    .text
                    .written(&message)
                    .line()
                    .line()
                    .push(&here.say("plan-how", &[]));
                // who runs the service has it as a message of its own
                if here.role() == Role::Agency {
                    reply.buttons = vec![message.buttons];
                }
                reply
            }
            Err(why) => Reply::plain(&refusal(here, why)),
        },
    )
}

/// `None` where the verb is none of a plan's.
pub(super) async fn tapped(here: &Here<'_>, verb: &str, id: &str) -> Option<Tapped> {
    if !["ours", "theirs", "unplan"].contains(&verb) {
        return None;
    }
    let id = PlanId(id.to_uppercase());
    let known = here.world.store.plan(&id).await.ok().flatten();
    let Some(plan) = known.filter(|it| is_ours(here, it)) else {
        return Some(Tapped::loud(here.say("plan-none", &[])));
    };
    if !here.may_decide() {
        return Some(Tapped::loud(here.say("plan-officers-only", &[])));
    }
    let (by, seen_to) = (here.actor().await, Some(here.seen_to()));
    let done = match verb {
        "unplan" => plans::cancel(here.world, &plan.id, &by, seen_to).await,
        _ => plans::answer(here.world, &plan.id, &by, verb == "ours", seen_to).await,
    };
    Some(match done {
        Ok(_) => Tapped::quiet(here.say(&format!("plan-did-{verb}"), &[("id", &id.0)])),
        Err(why) => Tapped::loud(refusal(here, why)),
    })
}

/// It was announced here, or this is the chat of those who run the service.
fn is_ours(here: &Here<'_>, plan: &Plan) -> bool {
    here.role() == Role::Operator || plan.notifier.as_ref() == Some(&here.speaks)
}

fn refusal(here: &Here<'_>, why: NotDone) -> String {
    match why {
        NotDone::Unknown => here.say("plan-none", &[]),
        NotDone::Refused(why) => said(&why, &here.world.words),
        NotDone::Store(error) => {
            tracing::error!(%error, "announced changes cannot be written");
            here.say("bot-failed", &[])
        }
    }
}
