//! Watch windows from outside: a message before one opens, each day while it is open, and after it.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use futures_util::StreamExt;
use jiff::{SignedDuration, Timestamp};
use tokio::time::timeout;

use crate::{
    deliver::moved_to,
    duty::roster::gaps,
    model::{
        About, Alert, Glance, Standing, Target, TargetId, Urgency, WatchWindow,
        alert::{Phase, WindowNews, chat_of},
    },
    notify::{Notifier, windows::Facts},
    report::Tally,
    store::{Commit, StoreError, Wanted},
    world::World,
};

/// So long before a window opens its readiness is told, and so long after it closed its summary may still come.
const DAY: SignedDuration = SignedDuration::from_hours(24);
/// A chat that refused something so lately may be deaf still.
const LATELY: SignedDuration = SignedDuration::from_hours(7 * 24);
/// A chat is asked for so long whether it can be reached; so many at once, and no more in all: Telegram takes thirty
/// requests a second, and the message waits for them.
const PROBE: Duration = Duration::from_secs(5);
const PROBED_AT_ONCE: usize = 4;
const MOST_PROBED: usize = 500;
/// Targets whose history is asked for at once.
const AT_ONCE: usize = 200;

/// Called every few seconds: each message is written once.
pub async fn round(world: &World) {
    let now = world.clock.now();
    for news in due(world, &world.windows(now), now) {
        if let Err(error) = tell(world, news, now).await {
            tracing::error!(%error, "what is due of a watch window cannot be written");
        }
    }
}

/// What is to be told at this moment, whether or not it was told before.
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
            // of windows that overlap, the earliest hour counts: one digest a day
            digest = Some(news(Phase::Digest, at));
        }
    }
    out.extend(digest);
    out
}

async fn tell(world: &World, news: WindowNews, now: Timestamp) -> Result<(), StoreError> {
    let day = news
        .at
        .to_zoned(world.config.service.timezone.clone())
        .date();
    let name = match news.phase {
        Phase::Digest => format!("window/digest/{day}"),
        phase => format!("window/{}/{}", phase.as_str(), news.key()),
    };
    if world.store.milestone(&name).await?.is_some() {
        return Ok(());
    }
    let about = About::Window(news);
    let names = world.config.defaults.notify.iter();
    let alerts = names.map(|it| Alert::new(it, about.clone(), Urgency::Ordinary, now));
    let commit = Commit {
        alerts: alerts.collect(),
        milestone: Some((name, now.to_string())),
        ..Commit::default()
    };
    world.store.commit(commit).await
}

/// Notifiers that portals are told to and that would not take a message now.
async fn unreachable(world: &World, targets: &[Target]) -> Vec<String> {
    let names = targets.iter().flat_map(|it| &it.settings.notify);
    let names: BTreeSet<&String> = names.chain(&world.config.defaults.notify).collect();
    let mut asked = Vec::new();
    for name in names.into_iter().take(MOST_PROBED) {
        if let Some(notifier) = world.notifier(name) {
            let moved = moved_to(name, &notifier.address());
            let moved = world.store.milestone(&moved).await.unwrap_or(None);
            asked.push(probe(notifier, moved, name.clone()));
        }
    }
    let asked = futures_util::stream::iter(asked).buffer_unordered(PROBED_AT_ONCE);
    let deaf: Vec<Option<String>> = asked.collect().await;
    deaf.into_iter().flatten().collect()
}

/// Its name, where it would not take a message now.
async fn probe(notifier: Arc<dyn Notifier>, moved: Option<String>, name: String) -> Option<String> {
    let asked = timeout(PROBE, notifier.reaches(moved.as_deref())).await;
    // who does not answer in time may do so when it counts
    matches!(asked, Ok(Err(_))).then_some(name)
}

/// A registered chat has no name that people know: its agency's stands before it.
fn whose(name: &str, targets: &[Target]) -> String {
    let told = |it: &&Target| it.settings.notify.iter().any(|it| it == name);
    let agency = chat_of(name).and_then(|_| targets.iter().find(told));
    agency.map_or(name.to_owned(), |it| format!("{} ({name})", it.agency_name))
}

/// What is true of a window now.
pub(crate) async fn facts(world: &World, news: &WindowNews) -> Result<Facts, StoreError> {
    let now = world.clock.now();
    let targets = world.targets().await?;
    let mut out = Facts {
        watched: targets.len(),
        ..Facts::default()
    };
    let glances = world.store.glances().await?;
    let glances: HashMap<&str, &Glance> =
        glances.iter().map(|it| (it.target.as_str(), it)).collect();
    for target in &targets {
        let seen = glances.get(target.id.as_str());
        let last = seen.and_then(|it| it.last);
        if let Some((_, class)) = last.filter(|it| it.1.standing() != Standing::Up) {
            out.ill.push((target.name.clone(), class));
        }
        if seen.is_none_or(|it| it.baseline.is_none()) {
            out.unlearnt.push(target.name.clone());
        }
        let ends = seen.and_then(|it| it.certificate_ends);
        if let Some(end) = ends.filter(|it| *it < news.to) {
            out.certificates.push((target.name.clone(), end));
        }
    }
    let (from, to) = match news.phase {
        Phase::Ready => {
            let roster = &world.config.duty.roster;
            if !roster.is_empty() {
                let zone = &world.config.service.timezone;
                out.gaps = gaps(roster, news.from, news.to, zone);
            }
            let letters = world.store.dead_letters().await?;
            let lately = letters.into_iter().filter(|it| it.created >= now - LATELY);
            let mut deaf: BTreeSet<String> = lately.map(|it| it.notifier).collect();
            deaf.extend(unreachable(world, &targets).await);
            out.deaf = deaf.iter().map(|it| whose(it, &targets)).collect();
            return Ok(out);
        }
        Phase::Digest => (news.from.max(news.at - DAY), news.at),
        Phase::Closed => (news.from, news.to),
    };
    let wanted = Wanted {
        since: Some(from),
        ..Wanted::default()
    };
    out.incidents = world.store.incidents(&wanted).await?;
    out.incidents
        .retain(|it| from <= it.seen_at && it.seen_at < to);
    let ids: Vec<TargetId> = targets.iter().map(|it| it.id.clone()).collect();
    let (mut sum, mut count) = (0.0, 0.0);
    for some in ids.chunks(AT_ONCE) {
        for history in world.store.histories(some, from, to).await? {
            if let Some(uptime) = Tally::of(&history.spans, from, to).uptime() {
                sum += uptime;
                count += 1.0;
            }
        }
    }
    out.uptime = (count > 0.0).then(|| sum / count);
    Ok(out)
}
