//! `/dangky URL`: asks that a portal be watched; `/dangky DK-…`: what became of it.

use async_trait::async_trait;

use super::Command;
use crate::bot::{
    here::{Here, Role},
    reply::Reply,
    request,
};

pub(super) struct Register;

#[async_trait]
impl Command for Register {
    fn names(&self) -> [&'static str; 2] {
        ["dangky", "register"]
    }

    fn least(&self) -> Role {
        Role::Stranger
    }

    async fn run(&self, here: &Here<'_>, rest: &str) -> Reply {
        let is_id = rest
            .get(..3)
            .is_some_and(|it| it.eq_ignore_ascii_case("dk-"));
        if is_id && !rest.contains('.') {
            return match request::one(here, rest).await {
                Some(reply) => reply,
                None => Reply::plain(&here.say("register-none", &[])),
            };
        }
        request::register(here, rest).await
    }
}
