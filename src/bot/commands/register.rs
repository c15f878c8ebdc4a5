//! `/dangky URL`: requests that a portal be watched; `/dangky DK-…`: shows the state of a request.

use async_trait::async_trait;

use super::Command;
use crate::{
    actions::Role,
    bot::{context::ChatContext, reply::Reply, request},
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

    async fn run(&self, context: &ChatContext<'_>, rest: &str) -> Reply {
        let is_id = rest
            .get(..3)
            .is_some_and(|it| it.eq_ignore_ascii_case("dk-"));
        if is_id && !rest.contains('.') {
            return match request::one(context, rest).await {
                Ok(reply) => reply,
                Err(why) => Reply::plain(&context.refusal(&why)),
            };
        }
        request::register(context, rest).await
    }
}
