//! `/trogiup`, `/batdau`: the list of commands; in a stranger's chat, how to register.

use async_trait::async_trait;

use super::{ALL, Command};
use crate::{
    actions::Role,
    bot::{context::ChatContext, reply::Reply},
};

pub(super) struct Help;
pub(super) struct Start;

#[async_trait]
impl Command for Help {
    fn names(&self) -> [&'static str; 2] {
        ["trogiup", "help"]
    }

    fn least(&self) -> Role {
        Role::Stranger
    }

    async fn run(&self, context: &ChatContext<'_>, _rest: &str) -> Reply {
        offered(context)
    }
}

#[async_trait]
impl Command for Start {
    fn names(&self) -> [&'static str; 2] {
        ["batdau", "start"]
    }

    fn least(&self) -> Role {
        Role::Stranger
    }

    async fn run(&self, context: &ChatContext<'_>, _rest: &str) -> Reply {
        offered(context)
    }
}

/// The answer for the caller's role. A stranger only learns how to register.
fn offered(context: &ChatContext<'_>) -> Reply {
    let locale = context.locale();
    let mut reply = Reply::default();
    if context.access.role() == Role::Stranger {
        let contact = context.world().config.service.contact.clone();
        let args = [
            ("service", context.world().config.service.name.as_str()),
            ("contact", contact.as_str()),
            ("chat", &context.chat.0.to_string()),
        ];
        reply
            .text
            .push(&locale.text_with("bot-stranger-help", &args));
        return reply;
    }
    let name = context.world().config.service.name.clone();
    reply.text.bold(&name).line();
    for it in ALL.iter().filter(|it| it.least() <= context.access.role()) {
        let [vietnamese, english] = it.names();
        let line = locale.text(&format!("command-{english}"));
        reply
            .text
            .push(&format!("/{vietnamese} (/{english}): {line}"))
            .line();
    }
    reply.text.line().push(&locale.text("bot-help-incident"));
    reply
}
