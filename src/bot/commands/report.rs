//! `/baocao`: last week's report of the portals that this chat is told of.

use std::collections::BTreeSet;

use async_trait::async_trait;

use super::Command;
use crate::{
    alert::Document,
    bot::{
        here::{Here, Role},
        reply::Reply,
    },
    model::time::Week,
    watch::reports,
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
        let agency = match here.role() {
            Role::Operator => None,
            _ => match only_agency(here).await {
                Some(agency) => Some(agency),
                None => return Reply::plain(&here.say("bot-no-report", &[])),
            },
        };
        match reports::page(world, week, agency.as_deref()).await {
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

/// A chat of one agency; one that is told of several gets the operator's report by mail or command line.
async fn only_agency(here: &Here<'_>) -> Option<String> {
    let targets = here.targets().await.ok()?;
    let agencies: BTreeSet<String> = targets.into_iter().map(|it| it.agency).collect();
    let mut all = agencies.into_iter();
    let first = all.next()?;
    all.next().is_none().then_some(first)
}
