//! `/tamdung SC-… 1h|sang|dot`: no noise of an incident for a while.

use async_trait::async_trait;

use super::Command;
use crate::bot::{
    here::{Here, Role},
    incident::{Silence, mute},
    reply::Reply,
    taps::muted,
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

    async fn run(&self, here: &Here<'_>, rest: &str) -> Reply {
        let (id, how) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let (Some(known), Some(how)) = (here.incident(id).await, Silence::of(how)) else {
            return Reply::plain(&here.say("bot-mute-usage", &[]));
        };
        match mute(here, &known.id, how).await {
            Ok(now) => muted(here, &now),
            Err(why) => Reply::plain(&why),
        }
    }
}
