//! `/thaydoi SC-… reason`: declares a change legitimate. `/thaydoi 22:00-23:00 reason`: announces changes.

use async_trait::async_trait;

use super::Command;
use crate::{
    actions::Role,
    bot::{context::ChatContext, incident::legitimate, plan, reply::Reply},
};

pub(super) struct Change;

#[async_trait]
impl Command for Change {
    fn names(&self) -> [&'static str; 2] {
        ["thaydoi", "change"]
    }

    fn least(&self) -> Role {
        Role::Agency
    }

    async fn run(&self, context: &ChatContext<'_>, rest: &str) -> Reply {
        if let Some(reply) = plan::announce(context, rest).await {
            return reply;
        }
        let (id, reason) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let reason = reason.trim();
        let known = context.incident(id).await;
        let Some(known) = known.ok().filter(|_| !reason.is_empty()) else {
            return Reply::plain(&context.say("bot-change-usage", &[]));
        };
        match legitimate(context, &known, reason).await {
            Ok(said) => Reply::plain(&said),
            Err(why) => Reply::plain(&context.refusal(&why)),
        }
    }
}
