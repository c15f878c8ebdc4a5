//! Buttons under messages. What stands in a tap can be forged: every step looks again at what this chat may reach.

use teloxide::{
    payloads::AnswerCallbackQuerySetters,
    requests::Requester,
    types::{CallbackQueryId, Message},
};

use super::{
    commands::incidents,
    evidence,
    here::{Here, Role},
    incident::{self, Silence},
    plan,
    reply::Reply,
    request, shift_check, storm,
};
use crate::{
    model::{
        Incident,
        excerpt::{named, unmarked},
        incident::MutedIn,
    },
    notify::{Button, people::called},
};

/// What a tap came to: words over the button, and what is sent besides.
pub(super) struct Tapped {
    pub said: String,
    /// Must be confirmed by whoever tapped.
    pub loud: bool,
    pub sent: Option<Reply>,
}

impl Tapped {
    pub fn quiet(said: String) -> Self {
        Self {
            said,
            loud: false,
            sent: None,
        }
    }

    pub fn loud(said: String) -> Self {
        Self {
            said,
            loud: true,
            sent: None,
        }
    }
}

/// Telegram takes so many characters over a button.
const LONGEST_SAID: usize = 200;

/// `open` where who taps is a member of the chat: a channel may be anybody's to read.
pub(super) async fn tapped(here: &Here<'_>, data: Option<&str>, open: bool) -> Tapped {
    let data = data.and_then(|it| it.split_once(':'));
    // a channel may be anybody's to read: only officers do anything there
    let may = open || here.is_officer();
    let other = match data {
        // who asked is a stranger until somebody approves
        Some((verb, rest)) if may => match request::tapped(here, verb, rest).await {
            None if here.role() > Role::Stranger => plan::tapped(here, verb, rest).await,
            done => done,
        },
        _ => None,
    };
    match data {
        _ if other.is_some() => other.unwrap_or_else(|| Tapped::quiet(String::new())),
        _ if here.role() == Role::Stranger => Tapped::loud(here.say("bot-stranger", &[])),
        _ if !may => Tapped::loud(here.say("bot-officers-only", &[])),
        Some(("page", at)) => Tapped {
            sent: Some(incidents::page(here, at.parse().unwrap_or(0)).await),
            ..Tapped::quiet(String::new())
        },
        Some(("here", at)) => shift_check::tapped(here, at).await,
        Some(("all", id)) => match storm::take(here, id).await {
            Ok(said) => Tapped::quiet(said),
            Err(why) => Tapped::loud(why),
        },
        Some((verb, id)) => match here.incident(id).await {
            Some(known) => act(here, verb, &known).await,
            None => Tapped::loud(here.say("bot-no-incident", &[])),
        },
        None => Tapped::quiet(here.say("bot-unknown", &[])),
    }
}

/// Shows the outcome of a tap over the button; returns the message to be sent besides.
pub(super) async fn answer(here: &Here<'_>, query: CallbackQueryId, out: Tapped) -> Option<Reply> {
    // a notification has no links
    let said: String = unmarked(&out.said).chars().take(LONGEST_SAID).collect();
    let mut answer = here.bot.answer_callback_query(query).show_alert(out.loud);
    if !said.is_empty() {
        answer = answer.text(said);
    }
    if answer.await.is_err() {
        tracing::debug!("a tap could not be answered");
    }
    out.sent
}

async fn act(here: &Here<'_>, verb: &str, known: &Incident) -> Tapped {
    let id = known.id.to_string();
    match verb {
        "take" => match incident::take(here, &known.id).await {
            Ok(_) => Tapped::quiet(here.say("bot-taken", &[("id", &id)])),
            Err(why) => Tapped::quiet(why),
        },
        "mute" | "morning" | "window" => {
            let how = Silence::of(verb).unwrap_or(Silence::Hour);
            match incident::mute(here, &known.id, how).await {
                Ok(now) => Tapped {
                    sent: Some(muted(here, &now)),
                    ..Tapped::quiet(here.say("bot-muted-short", &[("id", &id)]))
                },
                Err(why) => Tapped::loud(why),
            }
        }
        "unmute" => match incident::unmute(here, &known.id).await {
            Ok(_) => Tapped::quiet(here.say("bot-unmuted", &[("id", &id)])),
            Err(why) => Tapped::quiet(why),
        },
        "diff" => Tapped {
            sent: Some(evidence::change(here, known).await),
            ..Tapped::quiet(here.say("bot-diff", &[]))
        },
        "pages" => Tapped {
            sent: Some(evidence::then_and_now(here, known).await),
            ..Tapped::quiet(here.say("bot-pages", &[]))
        },
        "change" if !known.stage.is_open() => Tapped::loud(here.say("bot-over", &[])),
        "change" if !here.may_decide() => Tapped::loud(here.say("bot-officers-only", &[])),
        "change" => Tapped {
            sent: Some(why(here, known)),
            ..Tapped::quiet(here.say("bot-reason-wanted", &[]))
        },
        _ => Tapped::quiet(here.say("bot-unknown", &[])),
    }
}

/// Marks a question for a reason: an answer to it is one. It stands before the incident's id.
pub(super) const ASKS_WHY: &str = "✏️";

fn why(here: &Here<'_>, known: &Incident) -> Reply {
    let reason = here.say("bot-reason", &[("by", &named(&here.name(), 60))]);
    let mut reply = Reply::plain(&format!(
        "{ASKS_WHY} {} {}: {reason}",
        known.id,
        shown(here, known)
    ));
    reply.asks = true;
    reply
}

/// What the incident is and by which page: where that has changed, a question is about something else.
pub(super) fn shown(here: &Here<'_>, known: &Incident) -> String {
    let kind = format!("kind-{}", known.kind.as_str());
    let page = known.evidence.last().map(|it| it.digest.short());
    format!("({}, {})", here.say(&kind, &[]), page.unwrap_or_default())
}

/// That it is silent now, until when, and how to make that longer or end it.
pub(super) fn muted(here: &Here<'_>, now: &Incident) -> Reply {
    let words = &here.world.words;
    let zone = &here.world.config.service.timezone;
    let own = here.own_notifiers();
    let here_only = |it: &&MutedIn| it.notifiers.iter().any(|it| own.contains(it));
    let here_only = now.muted_in.iter().find(here_only).map(|it| &it.muted);
    let Some(muted) = here_only.or(now.muted.as_ref()) else {
        return Reply::plain(&words.plain("bot-failed"));
    };
    let args = [
        ("id", now.id.to_string()),
        ("by", called(&muted.by, muted.origin.as_ref(), words)),
        ("until", words.moment(muted.until, zone)),
    ];
    let args: Vec<(&str, &str)> = args.iter().map(|(k, v)| (*k, v.as_str())).collect();
    let key = if here_only.is_some() {
        "bot-muted-here"
    } else {
        "bot-muted"
    };
    let mut reply = Reply::plain(&words.text(key, &args));
    let button = |verb: &str| Button {
        label: words.plain(&format!("button-{verb}")),
        action: format!("{verb}:{}", now.id),
    };
    let mut row = Vec::new();
    // an agency's chat may silence tampering for an hour only; longer silence is the operator's to give
    if here_only.is_none() || !now.kind.is_tampering() {
        row.push(button("morning"));
        let moment = here.world.clock.now();
        let windows = here.world.windows(moment);
        if windows.iter().any(|it| it.from <= moment && moment < it.to) {
            row.push(button("window"));
        }
    }
    reply.buttons = vec![row, vec![button("unmute")]];
    reply.buttons.retain(|it| !it.is_empty());
    reply
}

/// When the message was sent that this one answers (seconds since 1970), and what it says.
pub(super) fn answered(message: &Message) -> Option<(i64, &str)> {
    let to = message.reply_to_message()?;
    let text = to.text().or(to.caption())?;
    Some((to.date.timestamp(), text))
}
