//! Requests to be watched, from the first word to the officer's tap.

use jiff::Timestamp;
use teloxide::types::ChatId;

use super::{
    commands,
    here::{Here, Role},
    reply::Reply,
    taps::Tapped,
};
use crate::{
    alert::request::to_asker,
    model::{
        Say,
        alert::chat_of,
        excerpt::{defang, defang_text},
        registration::Request,
        target::portal_url,
    },
    registry::{Wanted, request::Whose},
    watch::registration::{self as verbs, NotDone},
};

/// Marks a question for the agency's name, before the address that is asked for.
pub(super) const ASKS_AGENCY: &str = "🏛";
/// Marks a question for the reason of a refusal, before the request's id.
pub(super) const ASKS_REFUSAL: &str = "🚫";
/// A portal's address is short; what is longer hides something.
const LONGEST_URL: usize = 200;
const LONGEST_NAME: usize = 120;

/// `/dangky URL name`: asks, or asks back.
pub(super) async fn register(here: &Here<'_>, rest: &str) -> Reply {
    let (address, name) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    if address.is_empty() {
        return usage(here).await;
    }
    if !here.is_somebody() {
        return Reply::plain(&here.say("register-nobody", &[]));
    }
    let url = if address.contains("://") {
        portal_url(address)
    } else {
        portal_url(&format!("https://{address}"))
    };
    let Some(url) = url.ok().filter(|it| it.as_str().len() <= LONGEST_URL) else {
        return Reply::plain(&here.say("register-bad-url", &[]));
    };
    let name = name.trim();
    let agency = match (here.agency().await, name.is_empty()) {
        (_, false) if name.chars().count() <= LONGEST_NAME => Whose::Named(name.to_owned()),
        (_, false) => return Reply::plain(&here.say("register-long-name", &[])),
        (Some((id, name)), true) => Whose::Known(id, name),
        (None, true) => {
            let mut reply = Reply::default();
            reply
                .text
                .push(ASKS_AGENCY)
                .push(" ")
                .code(url.as_str())
                .line();
            reply.text.push(&here.say("register-whose", &[]));
            reply.asks = true;
            return reply;
        }
    };
    let wanted = Wanted {
        url,
        name: String::new(),
        agency,
        asker: here.asker(),
    };
    match verbs::ask(here.world, wanted, Some(here.seen_to())).await {
        Ok(request) => {
            let host = defang(request.url.host_str().unwrap_or_default());
            let args = [
                ("id", request.id.to_string()),
                ("host", host),
                ("agency", defang_text(&request.agency_name)),
            ];
            let args: Vec<(&str, &str)> = args.iter().map(|(k, v)| (*k, v.as_str())).collect();
            Reply::plain(&here.say("register-taken", &args))
        }
        Err(why) => Reply::plain(&refusal(here, why)),
    }
}

/// How to ask, and what this chat has asked for.
async fn usage(here: &Here<'_>) -> Reply {
    let mut reply = Reply::plain(&here.say("register-usage", &[]));
    let own = here.world.store.requests().await.unwrap_or_default();
    let own = own
        .iter()
        .filter(|it| it.stage.is_open() && it.asker.notifier.as_ref() == Some(&here.speaks));
    for it in own {
        let host = defang(it.url.host_str().unwrap_or_default());
        let line = here.say(
            "register-line",
            &[("id", &it.id.to_string()), ("host", &host)],
        );
        reply.text.line().push(&line);
    }
    reply
}

/// An answer to a question for the agency's name.
pub(super) async fn named(here: &Here<'_>, question: &str, name: &str) -> Reply {
    let url = question.trim_start_matches(ASKS_AGENCY).trim();
    let name: String = name.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() {
        return Reply::plain(&here.say("register-usage", &[]));
    }
    register(here, &format!("{url} {name}")).await
}

/// An officer's reason; `None` where the question is about nothing.
pub(super) async fn refused(here: &Here<'_>, question: &str, reason: &str) -> Option<Reply> {
    let id = question
        .split_whitespace()
        .find(|it| it.starts_with("DK-"))?;
    let id = id.trim_end_matches([':', '.']);
    if here.role() != Role::Operator || !here.may_decide() {
        return Some(Reply::plain(&here.say("register-officers-only", &[])));
    }
    let request = verbs::find(here.world, id).await.ok().flatten()?;
    let (by, seen_to) = (here.name(), Some(here.seen_to()));
    let done = verbs::refuse(here.world, &request.id, &by, reason, seen_to).await;
    Some(Reply::plain(&match done {
        Ok(_) => here.say("register-refused", &[("id", &request.id.to_string())]),
        Err(why) => refusal(here, why),
    }))
}

/// `None` where the verb is none of a request's.
pub(super) async fn tapped(here: &Here<'_>, verb: &str, rest: &str) -> Option<Tapped> {
    if !["ok", "okw", "no", "prove", "undo"].contains(&verb) {
        return None;
    }
    let mut parts = rest.split(':');
    let id = parts.next().unwrap_or_default();
    let until = parts.clone().nth(1).and_then(|_| parts.next());
    let state = parts.next();
    let known = verbs::find(here.world, id).await.ok().flatten();
    let asked_here = |it: &Request| is_asked_here(here, it);
    let officer = matches!(verb, "ok" | "okw" | "no");
    let may = |it: &Request| {
        if officer {
            here.role() == Role::Operator
        } else {
            asked_here(it)
        }
    };
    let Some(known) = known.filter(may) else {
        return Some(Tapped::loud(here.say("register-none", &[])));
    };
    if officer && !here.may_decide() {
        return Some(Tapped::loud(here.say("register-officers-only", &[])));
    }
    let id = known.id.to_string();
    let (by, seen_to) = (here.name(), Some(here.seen_to()));
    let approves = matches!(verb, "ok" | "okw") && known.stage.is_open();
    if approves && state.is_some_and(|it| it != known.state()) {
        // what he was shown is not what is there
        return Some(Tapped::loud(here.say("register-changed", &[("id", &id)])));
    }
    let done = match verb {
        "ok" => verbs::approve(here.world, &known.id, &by, None, seen_to).await,
        "okw" => match until
            .unwrap_or_default()
            .parse()
            .map(Timestamp::from_second)
        {
            Ok(Ok(until)) if until > here.world.clock.now() => {
                verbs::approve(here.world, &known.id, &by, Some(until), seen_to).await
            }
            _ => return Some(Tapped::loud(here.say("register-window-over", &[]))),
        },
        "prove" => verbs::prove(here.world, &known.id, seen_to).await,
        "undo" => verbs::withdraw(here.world, &known.id, &by, seen_to).await,
        _ if !known.stage.is_open() => Err(NotDone::Refused(
            Say::new("register-decided").with("id", &known.id),
        )),
        _ => return Some(why_not(here, &known)),
    };
    Some(match done {
        Ok(now) => {
            if officer {
                offer_commands(here, &now).await;
            }
            Tapped::quiet(here.say(&format!("register-did-{verb}"), &[("id", &id)]))
        }
        Err(why) => Tapped::loud(refusal(here, why)),
    })
}

/// A refusal needs a reason: who asked is told it.
fn why_not(here: &Here<'_>, known: &Request) -> Tapped {
    let ask = here.say("register-why-not", &[("by", &here.name())]);
    let mut reply = Reply::plain(&format!("{ASKS_REFUSAL} {}: {ask}", known.id));
    reply.asks = true;
    Tapped {
        sent: Some(reply),
        ..Tapped::quiet(here.say("bot-reason-wanted", &[]))
    }
}

/// The menu of a chat that is an agency's from now on.
async fn offer_commands(here: &Here<'_>, request: &Request) {
    let told = request.asker.notifier.as_deref().and_then(chat_of);
    if let Some((_, chat)) = told {
        let chats = [(ChatId(chat).into(), Role::Agency)];
        commands::publish(here.bot, &chats, &here.world.words).await;
    }
}

fn refusal(here: &Here<'_>, why: NotDone) -> String {
    match why {
        NotDone::Unknown => here.say("register-none", &[]),
        NotDone::Refused(say) => here.world.words.say(&say),
        NotDone::Store(error) => {
            tracing::error!(%error, "a request cannot be written");
            here.say("bot-failed", &[])
        }
    }
}

/// Who asked here is told here, also where the group was another one when he did.
fn is_asked_here(here: &Here<'_>, it: &Request) -> bool {
    let asker = it.asker.notifier.as_ref();
    asker == Some(&here.speaks) || asker.is_some_and(|it| here.names.contains(it))
}

/// What became of this chat's own request, for whoever asks by its id.
pub(super) async fn one(here: &Here<'_>, id: &str) -> Option<Reply> {
    let known = verbs::find(here.world, id).await.ok().flatten()?;
    if !is_asked_here(here, &known) {
        return None;
    }
    let zone = &here.world.config.service.timezone;
    let Some(message) = to_asker(&known, &here.world.words, zone) else {
        return Some(Reply::plain(&here.say("request-looking", &[])));
    };
    let mut reply = Reply::plain(&message.plain);
    reply.buttons = message.buttons.chunks(2).map(<[_]>::to_vec).collect();
    Some(reply)
}
