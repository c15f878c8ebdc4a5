//! `/suco`: what is open, page by page; `/suco SC-…`: one with its time line.

use async_trait::async_trait;

use super::Command;
use crate::{
    bot::{
        here::{Here, Role},
        reply::Reply,
    },
    model::Incident,
    notify::{Button, text::Text, timeline, words},
    store::Wanted,
};

pub(in crate::bot) struct Incidents;

/// Incidents of one page: a line or two each on a phone.
const A_PAGE: usize = 8;

#[async_trait]
impl Command for Incidents {
    fn names(&self) -> [&'static str; 2] {
        ["suco", "incidents"]
    }

    fn least(&self) -> Role {
        Role::Agency
    }

    async fn run(&self, here: &Here<'_>, rest: &str) -> Reply {
        if rest.is_empty() {
            return page(here, 0).await;
        }
        match here.incident(rest).await {
            Some(known) => one(here, &known),
            None => Reply::plain(&here.say("bot-no-incident", &[])),
        }
    }
}

/// The incident as its message shows it, with what happened in order.
fn one(here: &Here<'_>, known: &Incident) -> Reply {
    let zone = &here.world.config.service.timezone;
    let message = words::incident(known, &here.world.words, zone, false);
    let mut reply = Reply::default();
    // as many of the last events as there is room for
    for most in [12, 8, 4, 0] {
        reply.text = Text::default();
        reply.text.written(&message).line().line();
        for line in timeline::lines(known, &here.world.words, zone, most) {
            reply.text.push(&line).line();
        }
        if reply.text.fits() {
            break;
        }
    }
    let rows = message.buttons.chunks(2);
    reply.buttons = rows.map(<[Button]>::to_vec).collect();
    reply
}

/// The open incidents that this chat is told of, the newest first.
pub(in crate::bot) async fn page(here: &Here<'_>, at: usize) -> Reply {
    let wanted = Wanted {
        open_only: true,
        ..Wanted::default()
    };
    let Ok(all) = here.world.store.incidents(&wanted).await else {
        return Reply::plain(&here.say("bot-failed", &[]));
    };
    let Ok(mut ours) = here.of_ours(all).await else {
        return Reply::plain(&here.say("bot-failed", &[]));
    };
    ours.reverse();
    if ours.is_empty() {
        return Reply::plain(&here.say("bot-no-open", &[]));
    }
    let pages = ours.len().div_ceil(A_PAGE);
    let at = at.min(pages - 1);
    let zone = &here.world.config.service.timezone;
    let mut reply = Reply::default();
    let count = ours.len().to_string();
    reply
        .text
        .bold(&here.say("bot-open", &[("count", &count)]))
        .line();
    for it in ours.iter().skip(at * A_PAGE).take(A_PAGE) {
        for line in timeline::summary(it, &here.world.words, zone) {
            reply.text.push(&line).line();
        }
    }
    if pages > 1 {
        let (page, of) = ((at + 1).to_string(), pages.to_string());
        reply
            .text
            .push(&here.say("bot-page", &[("page", &page), ("of", &of)]));
        let button = |label: &str, to: usize| Button {
            label: label.to_owned(),
            action: format!("page:{to}"),
        };
        let mut row = Vec::new();
        if at > 0 {
            row.push(button("◀", at - 1));
        }
        if at + 1 < pages {
            row.push(button("▶", at + 1));
        }
        reply.buttons.push(row);
    }
    reply
}
