//! `/tamdung SC-… 1h|sang|dot`: mutes an incident for a time.

use async_trait::async_trait;

use super::Command;
use crate::{
    actions::{Role, incidents::mute},
    bot::{context::ChatContext, incident::muted, reply::Reply},
    model::action::Silence,
};

pub(super) struct Mute;

#[async_trait]
impl Command for Mute {
    fn names(&self) -> [&'static str; 2] {
        ["tamdung", "mute"]
    }

    fn least(&self) -> Role {
        Role::Agency
    }

    async fn run(&self, context: &ChatContext<'_>, rest: &str) -> Reply {
        let (id, how) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let (Ok(known), Some(how)) = (context.incident(id).await, silence(how)) else {
            return Reply::plain(&context.say("bot-mute-usage", &[]));
        };
        match mute(&context.access, &known.id, how).await {
            Ok(now) => muted(context, &now),
            Err(why) => Reply::plain(&context.refusal(&why)),
        }
    }
}

/// Parses `1h`, `sang`, `dot` and their English words; an empty text means one hour.
fn silence(text: &str) -> Option<Silence> {
    match text.trim().to_lowercase().as_str() {
        "" | "1h" | "hour" => Some(Silence::Hour),
        "sang" | "sáng" | "morning" => Some(Silence::Morning),
        "dot" | "đợt" | "window" => Some(Silence::Window),
        _ => None,
    }
}
