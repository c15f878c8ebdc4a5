//! `/thaydoi SC-… reason`: the change is ours. `/thaydoi 22:00-23:00 reason`: we are going to edit.

use async_trait::async_trait;

use super::Command;
use crate::bot::{
    here::{Here, Role},
    incident::legitimate,
    plan,
    reply::Reply,
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

    async fn run(&self, here: &Here<'_>, rest: &str) -> Reply {
        if let Some(reply) = plan::announce(here, rest).await {
            return reply;
        }
        let (id, reason) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let reason = reason.trim();
        let Some(known) = here.incident(id).await.filter(|_| !reason.is_empty()) else {
            return Reply::plain(&here.say("bot-change-usage", &[]));
        };
        if !here.may_decide() {
            return Reply::plain(&here.say("bot-officers-only", &[]));
        }
        Reply::plain(&legitimate(here, &known, reason).await)
    }
}
