//! Messages about a watch window: readiness before it opens, daily digests, and a summary of incidents and
//! availability.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use futures_util::StreamExt;
use jiff::SignedDuration;
use tokio::time::timeout;

use super::{Addressee, Composed, Kind, Unsent};
use crate::{
    deliver::recipients::Audience,
    duty::roster::gaps,
    model::{
        Recipient, Standing, Target, TargetId, TargetSummary,
        alert::{Phase, WindowNews},
    },
    notify::{
        Notifier,
        messages::window::{Facts, message},
    },
    report::Tally,
    store::{StoreError, Wanted},
    world::{World, address_book::moved_to},
};

/// The period that a digest covers.
const DAY: SignedDuration = SignedDuration::from_hours(24);
/// A chat that refused an alert within this time counts as possibly unreachable.
const LATELY: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Timeout of one reachability check, checks in parallel, and checks in all. Telegram takes 30 requests a second, and
/// the message waits for the checks.
const PROBE: Duration = Duration::from_secs(5);
const PROBED_AT_ONCE: usize = 4;
const MOST_PROBED: usize = 500;
/// Targets of one query for histories.
const AT_ONCE: usize = 200;

pub(super) struct OfWindow<'a>(pub &'a WindowNews);

#[async_trait]
impl Kind for OfWindow<'_> {
    async fn compose(&self, to: &Addressee<'_>) -> Result<Composed, Unsent> {
        let (world, news) = (to.world, self.0);
        let facts = facts(world, news).await?;
        let zone = &world.config.service.timezone;
        Ok(message(news, &facts, &world.locale, zone).into())
    }

    fn audience(&self) -> Audience<'_> {
        Audience::Operators
    }
}

/// Names of the notifiers, of portals and operator, that would not take a message now.
async fn unreachable(world: &World, targets: &[Target]) -> Vec<String> {
    let names = targets.iter().flat_map(|it| &it.settings.notify);
    let names: BTreeSet<&String> = names.chain(world.config.operators().names()).collect();
    let mut asked = Vec::new();
    for name in names.into_iter().take(MOST_PROBED) {
        if let Some(notifier) = world.notifier(name) {
            let moved = moved_to(name, &notifier.address());
            let moved = world.store.marker(&moved).await.unwrap_or(None);
            asked.push(probe(notifier, moved, name.clone()));
        }
    }
    let asked = futures_util::stream::iter(asked).buffer_unordered(PROBED_AT_ONCE);
    let deaf: Vec<Option<String>> = asked.collect().await;
    deaf.into_iter().flatten().collect()
}

/// Returns `name` if the notifier would not take a message now.
async fn probe(notifier: Arc<dyn Notifier>, moved: Option<String>, name: String) -> Option<String> {
    let asked = timeout(PROBE, notifier.reaches(moved.as_deref())).await;
    // a timeout does not count: the notifier may answer when it matters
    matches!(asked, Ok(Err(_))).then_some(name)
}

/// The display name of a notifier. The recipient of a registered chat means nothing to people, so its agency's name
/// comes first.
fn whose(name: &str, targets: &[Target]) -> String {
    let told = |it: &&Target| it.settings.notify.iter().any(|it| it == name);
    let agency = Recipient::from(name)
        .chat
        .and_then(|_| targets.iter().find(told));
    agency.map_or(name.to_owned(), |it| format!("{} ({name})", it.agency_name))
}

/// The present facts for a message about a window.
async fn facts(world: &World, news: &WindowNews) -> Result<Facts, StoreError> {
    let now = world.clock.now();
    let targets = world.targets().await?;
    let mut out = Facts {
        watched: targets.len(),
        ..Facts::default()
    };
    let all_summaries = world.store.all_summaries().await?;
    let all_summaries: HashMap<&str, &TargetSummary> = all_summaries
        .iter()
        .map(|it| (it.target.as_str(), it))
        .collect();
    for target in &targets {
        let seen = all_summaries.get(target.id.as_str());
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
