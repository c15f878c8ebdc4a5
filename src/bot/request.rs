//! Requests to be watched, from the first word to the officer's tap.

use super::{
    context::ChatContext,
    prompts::Prompt,
    reply::{CallbackReply, Reply},
};
use crate::{
    actions::{Refused, Role, registration as verbs, request_alerts},
    model::{
        Action, Say,
        action::RequestAction,
        excerpt::{defang, marked, named},
        registration::{Request, RequestId},
        target::portal_url,
    },
    notify::{
        Button, Message,
        messages::request::{places_of_proof, to_asker, to_officers},
    },
    registry::{Wanted, limits::is_together, request::Whose},
};

/// A portal's address is short; what is longer hides something.
const LONGEST_URL: usize = 200;
const LONGEST_NAME: usize = 120;

/// `/dangky URL name`: asks, or asks back.
pub(super) async fn register(context: &ChatContext<'_>, rest: &str) -> Reply {
    let (address, name) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    if address.is_empty() {
        return usage(context).await;
    }
    let access = &context.access;
    let say = |key: &str| Reply::plain(&context.say(key, &[]));
    if !access.is_somebody() {
        return say("register-nobody");
    }
    let url = if address.contains("://") {
        portal_url(address)
    } else {
        portal_url(&format!("https://{address}"))
    };
    let Some(url) = url.ok().filter(|it| it.as_str().len() <= LONGEST_URL) else {
        return say("register-bad-url");
    };
    let name = name.trim();
    let agency = match (access.agency().await, name.is_empty()) {
        (_, false) if name.chars().count() <= LONGEST_NAME => Whose::Named(name.to_owned()),
        (_, false) => return say("register-long-name"),
        (Some((id, name)), true) => Whose::Known(id, name),
        (None, true) => return ask_agency(context, url.as_str()),
    };
    let wanted = Wanted {
        url,
        name: String::new(),
        agency,
        asker: access.asker(),
    };
    match verbs::ask(access, wanted).await {
        Ok(request) => taken(context, &request),
        Err(Refused::Because(why)) if why.key == "register-prove-first" => {
            prove_first(context, &why)
        }
        Err(why) => Reply::plain(&context.refusal(&why)),
    }
}

/// Asks for the name of the agency that runs a portal.
fn ask_agency(context: &ChatContext<'_>, url: &str) -> Reply {
    let mut reply = Reply::default();
    let mark = Prompt::Agency.mark();
    reply.text.push(mark).push(" ").code(url).line();
    reply.text.push(&context.say("register-whose", &[]));
    reply.asks = true;
    reply
}

fn taken(context: &ChatContext<'_>, request: &Request) -> Reply {
    let agency = named(&request.agency_name, 120);
    let host = host(request);
    let args = [
        ("id", request.id.0.as_str()),
        ("host", &host),
        ("agency", &agency),
    ];
    Reply::plain(&context.say("register-taken", &args))
}

/// What is to be proved before there is a request: no button looks again, and no officer can vouch for it.
fn prove_first(context: &ChatContext<'_>, why: &Say) -> Reply {
    let arg = |name: &str| why.args.get(name).map(String::as_str).unwrap_or_default();
    let mut reply = Reply::plain(&context.say("register-prove-first", &[]));
    let text = reply.text.line();
    places_of_proof(text, arg("host"), arg("token"), context.words());
    reply
}

fn host(request: &Request) -> String {
    marked(&defang(request.url.host_str().unwrap_or_default()))
}

/// How to ask, and what this chat has asked for.
async fn usage(context: &ChatContext<'_>) -> Reply {
    let mut reply = Reply::plain(&context.say("register-usage", &[]));
    let all = context.world().store.requests().await.unwrap_or_default();
    let recipient = context.access.recipient();
    let own = |it: &&Request| it.stage.is_open() && it.asker.notifier.as_deref() == recipient;
    for it in all.iter().filter(own) {
        let line = context.say("register-line", &[("id", &it.id.0), ("host", &host(it))]);
        reply.text.line().push(&line);
    }
    reply
}

/// An answer to a question for the agency's name.
pub(super) async fn agency_named(context: &ChatContext<'_>, url: &str, name: &str) -> Reply {
    let name: String = name.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() {
        return Reply::plain(&context.say("register-usage", &[]));
    }
    register(context, &format!("{url} {name}")).await
}

/// An officer's reason; `None` where the question is about nothing.
pub(super) async fn refused(context: &ChatContext<'_>, about: &str, reason: &str) -> Option<Reply> {
    let id = about.split_whitespace().find(|it| it.starts_with("DK-"))?;
    let id = RequestId::try_from(id.trim_end_matches([':', '.']).to_owned()).ok()?;
    let refused = match context.access.role() {
        Role::Operator => verbs::refuse(&context.access, &id, reason).await,
        _ => Err(Refused::because("register-officers-only")),
    };
    Some(Reply::plain(&match refused {
        Ok(_) => context.say("register-refused", &[("id", &id.0)]),
        Err(Refused::NotFound(_)) => return None,
        Err(why) => context.refusal(&why),
    }))
}

/// Asks an officer for the reason of a refusal: the asker is told it.
pub(super) async fn ask_refusal(context: &ChatContext<'_>, id: &RequestId) -> CallbackReply {
    let known = match verbs::to_decide(&context.access, id).await {
        Ok(known) if known.stage.is_open() => Ok(known),
        Ok(_) => Err(Say::new("register-decided").with("id", id).into()),
        Err(why) => Err(why),
    };
    match known {
        Ok(known) => {
            let by = named(&context.access.name(), 60);
            let ask = context.say("register-why-not", &[("by", &by)]);
            let mark = Prompt::Refusal.mark();
            let mut reply = Reply::plain(&format!("{mark} {}: {ask}", known.id));
            reply.asks = true;
            CallbackReply::with(context.say("bot-reason-wanted", &[]), reply)
        }
        Err(why) => CallbackReply::loud(context.refusal(&why)),
    }
}

/// Shows a request as its own message would, with a button to the next older one of those that share a message.
pub(super) async fn card(context: &ChatContext<'_>, id: &RequestId) -> CallbackReply {
    match with_older(context, id).await {
        Ok(reply) => CallbackReply::with(String::new(), reply),
        Err(why) => CallbackReply::loud(context.refusal(&why)),
    }
}

async fn with_older(context: &ChatContext<'_>, id: &RequestId) -> Result<Reply, Refused> {
    let known = verbs::to_see(&context.access, id).await?;
    let world = context.world();
    let background = request_alerts::background(world, &known).await?;
    let message = to_officers(&known, background.shown(), context.words(), context.zone());
    let mut reply = as_reply(message);
    let all = world.store.requests().await.unwrap_or_default();
    let waiting = all.iter().filter(|it| is_together(it));
    let older = waiting.filter(|it| (it.at, &it.id) < (known.at, &known.id));
    if let Some(it) = older.max_by_key(|it| (it.at, it.id.clone())) {
        reply.buttons.push(vec![Button {
            label: context.say("button-see-next", &[]),
            action: Action::Request(RequestAction::See, it.id.clone()),
        }]);
    }
    Ok(reply)
}

fn as_reply(message: Message) -> Reply {
    let mut reply = Reply::default();
    reply.text.written(&message);
    reply.buttons = message.buttons.chunks(2).map(<[_]>::to_vec).collect();
    reply
}

/// What became of this chat's own request, for a person who asks by its id.
pub(super) async fn one(context: &ChatContext<'_>, id: &str) -> Result<Reply, Refused> {
    let known = verbs::find_own(&context.access, id).await?;
    Ok(match to_asker(&known, context.words(), context.zone()) {
        Some(message) => as_reply(message),
        None => Reply::plain(&context.say("request-looking", &[])),
    })
}
