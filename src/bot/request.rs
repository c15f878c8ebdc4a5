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
    actions::{registration as verbs, registration::NotDone, request_alerts},
    model::{
        Say,
        alert::chat_of,
        excerpt::{defang, marked, named},
        registration::Request,
        target::portal_url,
    },
    notify::{
        Button,
        request::{places_of_proof, to_asker, to_officers},
        text::said,
    },
    registry::{Wanted, limits::is_together, request::Whose},
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
            let host = marked(&defang(request.url.host_str().unwrap_or_default()));
            let args = [
                ("id", request.id.to_string()),
                ("host", host),
                ("agency", named(&request.agency_name, 120)),
            ];
            let args: Vec<(&str, &str)> = args.iter().map(|(k, v)| (*k, v.as_str())).collect();
            Reply::plain(&here.say("register-taken", &args))
        }
        Err(NotDone::Refused(why)) if why.key == "register-prove-first" => {
            let arg = |name: &str| why.args.get(name).map(String::as_str).unwrap_or_default();
            // there is no request yet: no button looks again, and no officer can vouch for it
            let mut reply = Reply::plain(&here.say("register-prove-first", &[]));
            reply.text.line();
            places_of_proof(
                &mut reply.text,
                arg("host"),
                arg("token"),
                &here.world.words,
            );
            reply
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
        let host = marked(&defang(it.url.host_str().unwrap_or_default()));
        let line = here.say(
            "register-line",
            &[("id", &it.id.to_string()), ("host", &host)],
        );
        reply.text.line().push(&line);
    }
    reply
}

/// An answer to a question for the agency's name.
pub(super) async fn agency_named(here: &Here<'_>, question: &str, name: &str) -> Reply {
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
    if !["ok", "okw", "no", "prove", "undo", "see", "nall"].contains(&verb) {
        return None;
    }
    let mut parts = rest.split(':');
    let id = parts.next().unwrap_or_default();
    let until = parts.clone().nth(1).and_then(|_| parts.next());
    let state = parts.next();
    let known = verbs::find(here.world, id).await.ok().flatten();
    let asked_here = |it: &Request| is_asked_here(here, it);
    let officer = matches!(verb, "ok" | "okw" | "no" | "see" | "nall");
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
    if verb == "see" {
        return Some(card(here, &known).await);
    }
    if officer && !here.may_decide() {
        return Some(Tapped::loud(here.say("register-officers-only", &[])));
    }
    if verb == "nall" {
        return Some(refuse_all(here, &known).await);
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

/// Shows a request as its own message would, with a button to the next older one of those that share a message.
async fn card(here: &Here<'_>, known: &Request) -> Tapped {
    let beside = request_alerts::beside(here.world, known).await;
    let Ok(beside) = beside else {
        return Tapped::loud(here.say("bot-failed", &[]));
    };
    let zone = &here.world.config.service.timezone;
    let message = to_officers(known, beside.shown(), &here.world.words, zone);
    let mut reply = Reply::default();
    reply.text.written(&message);
    reply.buttons = message.buttons.chunks(2).map(<[_]>::to_vec).collect();
    let all = here.world.store.requests().await.unwrap_or_default();
    let waiting = all.iter().filter(|it| is_together(it));
    let older = waiting.filter(|it| (it.at, &it.id) < (known.at, &known.id));
    if let Some(it) = older.max_by_key(|it| (it.at, it.id.clone())) {
        reply.buttons.push(vec![Button {
            label: here.say("button-see-next", &[]),
            action: format!("see:{}", it.id),
        }]);
    }
    Tapped {
        sent: Some(reply),
        ..Tapped::quiet(String::new())
    }
}

async fn refuse_all(here: &Here<'_>, of: &Request) -> Tapped {
    let done = verbs::refuse_all(here.world, of, &here.name(), Some(here.seen_to())).await;
    match done {
        Ok(count) => {
            let count = count.to_string();
            Tapped::quiet(here.say("register-did-nall", &[("count", &count)]))
        }
        Err(why) => Tapped::loud(refusal(here, why)),
    }
}

/// A refusal needs a reason: who asked is told it.
fn why_not(here: &Here<'_>, known: &Request) -> Tapped {
    let ask = here.say("register-why-not", &[("by", &named(&here.name(), 60))]);
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
        NotDone::Refused(why) => said(&why, &here.world.words),
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
    let mut reply = Reply::default();
    reply.text.written(&message);
    reply.buttons = message.buttons.chunks(2).map(<[_]>::to_vec).collect();
    Some(reply)
}
