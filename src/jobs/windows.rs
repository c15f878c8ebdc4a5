//! Sends messages about a watch window: before it opens, each day while it is open, and after it; each of them once.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

use super::{DUTY_ROOM, Job, When};
use crate::{
    model::{
        About, Urgency, WatchWindow,
        alert::{Phase, WindowNews},
    },
    store::{Commit, StoreError},
    world::World,
};

/// The readiness message comes this long before a window opens; the summary comes at most this long after it closed.
const DAY: SignedDuration = SignedDuration::from_hours(24);

pub(super) struct Windows;

#[async_trait]
impl Job for Windows {
    fn name(&self) -> &'static str {
        "windows"
    }

    fn when(&self) -> When {
        When::Every(DUTY_ROOM)
    }

    async fn run(&mut self, world: &Arc<World>) {
        let now = world.clock.now();
        for news in due(world, &world.windows(now), now) {
            if let Err(error) = announce(world, news, now).await {
                tracing::error!(%error, "what is due of a watch window cannot be written");
            }
        }
    }
}

/// The messages that are due now, including those that were already written.
fn due(world: &World, windows: &[WatchWindow], now: Timestamp) -> Vec<WindowNews> {
    let mut out = Vec::new();
    let mut digest = None;
    for it in windows {
        let news = |phase, at| WindowNews {
            phase,
            name: it.name.clone(),
            from: it.from,
            to: it.to,
            at,
        };
        if it.from - DAY <= now && now < it.from {
            out.push(news(Phase::Ready, it.from));
        }
        if it.to <= now && now < it.to + DAY {
            out.push(news(Phase::Closed, it.to));
        }
        let zone = world.config.service.timezone.clone();
        let today = now.to_zoned(zone.clone()).date();
        let hour = it
            .digest
            .and_then(|time| today.to_datetime(time).to_zoned(zone).ok());
        if let Some(at) = hour.map(|it| it.timestamp())
            && it.from < at
            && at <= now
            && at <= it.to
            && digest
                .as_ref()
                .is_none_or(|known: &WindowNews| at < known.at)
        {
            // one digest a day: of overlapping windows the earliest hour counts
            digest = Some(news(Phase::Digest, at));
        }
    }
    out.extend(digest);
    out
}

async fn announce(world: &World, news: WindowNews, now: Timestamp) -> Result<(), StoreError> {
    let day = news
        .at
        .to_zoned(world.config.service.timezone.clone())
        .date();
    let name = match news.phase {
        Phase::Digest => format!("window/digest/{day}"),
        phase => format!("window/{}/{}", phase.as_str(), news.key()),
    };
    if world.store.marker(&name).await?.is_some() {
        return Ok(());
    }
    let about = About::Window(news);
    let commit = Commit {
        alerts: world
            .config
            .operators()
            .alerts(&about, Urgency::Ordinary, now),
        marker: Some((name, now.to_string())),
        ..Commit::default()
    };
    world.store.commit(commit).await
}
