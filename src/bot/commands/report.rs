//! `/baocao`: last week's report of the portals that this chat is told of.

use std::collections::HashSet;

use async_trait::async_trait;

use super::Command;
use crate::{
    actions::reports,
    bot::{
        here::{Here, Role},
        reply::Reply,
    },
    model::time::Week,
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

    async fn run(&self, here: &Here<'_>, _rest: &str) -> Reply {
        let world = here.world;
        let zone = world.config.service.timezone.clone();
        let week = Week::of(world.clock.now().to_zoned(zone).date()).before();
        let Ok(targets) = here.targets().await else {
            return Reply::plain(&here.say("bot-failed", &[]));
        };
        let ours: HashSet<&str> = targets.iter().map(|it| it.id.as_str()).collect();
        match reports::page(world, week, |it| ours.contains(it.id.as_str())).await {
            Ok((summary, bytes)) => {
                let mut reply = Reply::plain(&summary);
                reply.document = Some(Document {
                    name: format!("gaccong-{week}.html"),
                    bytes,
                });
                reply
            }
            Err(error) => {
                tracing::error!(error, "a report could not be made");
                Reply::plain(&here.say("bot-failed", &[]))
            }
        }
    }
}
