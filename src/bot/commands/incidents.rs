//! `/suco`: open incidents in pages; `/suco SC-…`: one incident with its time line.

use async_trait::async_trait;

use super::Command;
use crate::{
    actions::{
        Role,
        overview::{Page, open_incidents},
    },
    bot::{context::ChatContext, reply::Reply},
    model::{Action, Incident},
    notify::{Button, messages, text::Text, timeline},
};

pub(in crate::bot) struct Incidents;

/// Incidents of a page: each takes a line or two on a phone.
const A_PAGE: usize = 8;

#[async_trait]
impl Command for Incidents {
    fn names(&self) -> [&'static str; 2] {
        ["suco", "incidents"]
    }

    fn least(&self) -> Role {
        Role::Agency
    }

    async fn run(&self, context: &ChatContext<'_>, rest: &str) -> Reply {
        if rest.is_empty() {
            return page(context, 0).await;
        }
        match context.incident(rest).await {
            Ok(known) => one(context, &known),
            Err(why) => Reply::plain(&context.refusal(&why)),
        }
    }
}

/// The incident's message, followed by its time line.
fn one(context: &ChatContext<'_>, known: &Incident) -> Reply {
    let zone = context.zone();
    let message = messages::message_of(known, context.locale(), zone, false);
    let mut reply = Reply::default();
    // as many of the last events as fit
    for most in [12, 8, 4, 0] {
        reply.text = Text::default();
        reply.text.written(&message).line().line();
        for line in timeline::lines(known, context.locale(), zone, most) {
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

/// A page of the open incidents that this chat may see, newest first.
pub(in crate::bot) async fn page(context: &ChatContext<'_>, at: usize) -> Reply {
    let Page {
        items,
        at,
        pages,
        total,
    } = match open_incidents(&context.access, at, A_PAGE).await {
        Ok(page) => page,
        Err(why) => return Reply::plain(&context.refusal(&why)),
    };
    if items.is_empty() {
        return Reply::plain(&context.say("bot-no-open", &[]));
    }
    let zone = context.zone();
    let mut reply = Reply::default();
    let count = total.to_string();
    reply
        .text
        .bold(&context.say("bot-open", &[("count", &count)]))
        .line();
    for it in &items {
        for line in timeline::summary(it, context.locale(), zone) {
            reply.text.push(&line).line();
        }
    }
    if pages > 1 {
        let (page, of) = ((at + 1).to_string(), pages.to_string());
        reply
            .text
            .push(&context.say("bot-page", &[("page", &page), ("of", &of)]));
        let button = |label: &str, to: usize| Button {
            label: label.to_owned(),
            action: Action::Page(to),
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
