//! Registration requests in the bot: the command, questions, and the buttons of their messages.

use super::{
    context::ChatContext,
    prompts::Prompt,
    reply::{CallbackReply, Reply},
};
use crate::{
    actions::{Refused, Role, registration as verbs, request_alerts},
    model::{
        Action, Localized,
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

/// Characters of a portal's address: a longer one hides something.
const LONGEST_URL: usize = 200;
const LONGEST_NAME: usize = 120;

/// `/dangky URL name`: makes a request, or asks for the agency's name if it is missing.
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

/// The question for the name of the agency that runs a portal.
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

/// Explains how to prove ownership first. There is no request yet, so no button triggers a look, and no officer can
/// vouch for it.
fn prove_first(context: &ChatContext<'_>, why: &Localized) -> Reply {
    let arg = |name: &str| why.args.get(name).map(String::as_str).unwrap_or_default();
    let mut reply = Reply::plain(&context.say("register-prove-first", &[]));
    let text = reply.text.line();
    places_of_proof(text, arg("host"), arg("token"), context.locale());
    reply
}

fn host(request: &Request) -> String {
    marked(&defang(request.url.host_str().unwrap_or_default()))
}

/// How to register, and this chat's open requests.
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

/// Handles the answer to the question for the agency's name.
pub(super) async fn agency_named(context: &ChatContext<'_>, url: &str, name: &str) -> Reply {
    let name: String = name.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() {
        return Reply::plain(&context.say("register-usage", &[]));
    }
    register(context, &format!("{url} {name}")).await
}

/// Handles an officer's reason for refusing a request; `None` if the question names no request.
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

/// Asks an officer for the reason of a refusal, which will be shown to the asker.
pub(super) async fn ask_refusal(context: &ChatContext<'_>, id: &RequestId) -> CallbackReply {
    let known = match verbs::to_decide(&context.access, id).await {
        Ok(known) if known.stage.is_open() => Ok(known),
        Ok(_) => Err(Localized::new("register-decided").with("id", id).into()),
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

/// Shows a request as its own message would, with a button for the next older one in the common message.
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
    let message = to_officers(&known, background.shown(), context.locale(), context.zone());
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

/// The state of one of this chat's own requests, by the id that a person types.
pub(super) async fn one(context: &ChatContext<'_>, id: &str) -> Result<Reply, Refused> {
    let known = verbs::find_own(&context.access, id).await?;
    Ok(match to_asker(&known, context.locale(), context.zone()) {
        Some(message) => as_reply(message),
        None => Reply::plain(&context.say("request-looking", &[])),
    })
}
