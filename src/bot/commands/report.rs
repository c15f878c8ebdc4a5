//! `/baocao`: last week's report on the portals that this chat may see.

use async_trait::async_trait;

use super::Command;
use crate::{
    actions::{Role, reports},
    bot::{context::ChatContext, reply::Reply},
    notify::Document,
};

pub(super) struct Report;

#[async_trait]
impl Command for Report {
    fn names(&self) -> [&'static str; 2] {
        ["baocao", "report"]
    }

    fn least(&self) -> Role {
        Role::Agency
    }

    async fn run(&self, context: &ChatContext<'_>, _rest: &str) -> Reply {
        match reports::last_week(&context.access).await {
            Ok((week, summary, bytes)) => {
                let mut reply = Reply::plain(&summary);
                reply.document = Some(Document {
                    name: format!("gaccong-{week}.html"),
                    bytes,
                });
                reply
            }
            Err(error) => {
                tracing::error!(error, "a report could not be made");
                Reply::plain(&context.say("bot-failed", &[]))
            }
        }
    }
}
