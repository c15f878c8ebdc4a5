//! Grouping of incidents into storms: at each notifier the first few incidents get a message each; further ones are
//! gathered into one message, which is edited as the storm grows.

use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::{outbox::in_order, timeline::was_told};
use crate::{
    model::{
        About, Alert, Incident, IncidentId, Receipt, Storm, Urgency, alert::ONE_BY_ONE,
        storm::Family,
    },
    notify::common::shares,
    store::{Commit, Result},
    world::World,
};

/// Period in which [`ONE_BY_ONE`] incidents of a family get a message each; the next one begins a storm.
const WHILE: Duration = Duration::from_secs(120);
/// News is held until no more has come for this time, so that incidents that begin together are reported together and
/// the first message has their true number. An alert may take one to two minutes: a second does no harm.
const QUIET: SignedDuration = SignedDuration::from_secs(1);
/// The longest that the first message is held while more news comes.
const LONGEST_QUIET: SignedDuration = SignedDuration::from_secs(3);
/// An incident that comes later than this after the last one does not join the storm.
const CALM: SignedDuration = SignedDuration::from_mins(5);
/// A storm takes no more incidents this long after its begin: later ones are reported anew. A storm of tampering is
/// short because an attacker can make portals fail to hide one among them.
const LASTS_TAMPERING: SignedDuration = SignedDuration::from_mins(10);
/// Like [`LASTS_TAMPERING`], for a storm of outages.
const LASTS_AVAILABILITY: SignedDuration = SignedDuration::from_mins(60);
/// Age up to which a storm's message is updated every [`UPDATE_YOUNG`] instead of every [`UPDATE`].
const YOUNG: SignedDuration = SignedDuration::from_mins(5);
/// The shortest time between two updates of a young storm's message.
const UPDATE_YOUNG: SignedDuration = SignedDuration::from_secs(5);
/// A storm with this many incidents is updated as seldom as an old one: each update reads all of them.
const MANY: usize = 500;
/// The shortest time between two updates of the message of an old or large storm.
const UPDATE: SignedDuration = SignedDuration::from_secs(20);
/// The shortest time between two updates if the notifier cannot edit: each update is another message.
const UPDATE_ANEW: SignedDuration = SignedDuration::from_secs(60);
/// The shortest time between two rings for joiners, counted from the last ring of any storm at that notifier.
const RING: SignedDuration = SignedDuration::from_secs(60);

/// When incidents were sent as messages of their own, by notifier and family. In memory only: after a restart a few
/// more incidents than [`ONE_BY_ONE`] may get their own message.
#[derive(Default)]
pub(super) struct Lately(HashMap<(String, Family), VecDeque<Instant>>);

impl Lately {
    fn count(&mut self, notifier: &str, family: Family) -> usize {
        let told = self.0.entry((notifier.to_owned(), family)).or_default();
        while told.front().is_some_and(|it| it.elapsed() > WHILE) {
            told.pop_front();
        }
        told.len()
    }

    pub(super) fn note(&mut self, notifier: &str, family: Family) {
        let told = self.0.entry((notifier.to_owned(), family)).or_default();
        told.push_back(Instant::now());
    }
}

/// A notifier, as the grouping sees it.
pub(super) struct Channel<'a> {
    pub name: &'a str,
    /// Whether the notifier can edit earlier messages.
    pub edits: bool,
    /// Whether news is held for more of its kind; not if this is the only round.
    pub waits: bool,
    pub lately: &'a Mutex<Lately>,
}

/// The queue after grouping.
pub(super) struct Gathered {
    /// Alerts to send now, each as its own message.
    pub rest: Vec<Alert>,
    /// Those of `rest` that count towards a storm: their family by alert key.
    pub alone: HashMap<String, Family>,
    /// How long the other news is still held.
    pub held: Duration,
}

/// An alert and its incident, which the notifier has not been told of yet.
type News = (Alert, Incident);

/// Moves the alerts that belong to a storm from a notifier's queue into the storm. The remaining alerts are sent one
/// by one.
pub(super) async fn gather(
    world: &World,
    channel: &Channel<'_>,
    queue: Vec<Alert>,
) -> Result<Gathered> {
    let now = world.clock.now();
    let mut out = Gathered {
        rest: Vec::new(),
        alone: HashMap::new(),
        held: Duration::ZERO,
    };
    if !queue
        .iter()
        .any(|it| matches!(it.about, About::Incident(_)))
    {
        out.rest = queue;
        return Ok(out);
    }
    let storms = world.store.storms(channel.name).await?;
    let mut sorted = sort(world, channel.name, queue).await?;
    out.rest.append(&mut sorted.rest);
    if !sorted.fresh.is_empty() {
        let alone = alone(world).await?;
        for (family, mut news) in sorted.fresh {
            // an alert stays alone once its sending has begun: it may have arrived
            let by_itself = |it: &mut News| it.0.begun || alone.contains(it.1.target.portal());
            out.rest
                .extend(news.extract_if(.., by_itself).map(|it| it.0));
            tell_news(world, channel, &storms, (family, news), now, &mut out).await?;
        }
    }
    for (id, alerts) in sorted.of_storm {
        match storms.iter().find(|it| it.id == id) {
            Some(storm) => join(world, channel, alerts, storm.clone(), now).await?,
            None => out.rest.extend(alerts),
        }
    }
    in_order(&mut out.rest);
    Ok(out)
}

/// A queue, sorted by the subjects of its alerts.
#[derive(Default)]
struct Sorted {
    rest: Vec<Alert>,
    fresh: BTreeMap<Family, Vec<News>>,
    of_storm: BTreeMap<String, Vec<Alert>>,
}

async fn sort(world: &World, name: &str, queue: Vec<Alert>) -> Result<Sorted> {
    let now = world.clock.now();
    let mut out = Sorted::default();
    for alert in queue {
        let About::Incident(id) = &alert.about else {
            out.rest.push(alert);
            continue;
        };
        let receipt = world.store.receipt(name, &id.0).await?;
        match receipt.as_ref().map(Receipt::storm) {
            Some(Some(storm)) => {
                let of_storm = out.of_storm.entry(storm.to_owned()).or_default();
                of_storm.push(alert);
            }
            Some(None) => out.rest.push(alert),
            None => match world.store.incident(id).await? {
                // if the notifier gives no receipts, the time line shows whether it was told
                Some(incident) if was_told(&incident, name) => out.rest.push(alert),
                // a muted incident must not become part of a message that rings
                Some(incident) if incident.is_muted_for(name, now) => out.rest.push(alert),
                Some(incident) => {
                    let of_family = out.fresh.entry(incident.kind.into()).or_default();
                    of_family.push((alert, incident));
                }
                None => out.rest.push(alert),
            },
        }
    }
    Ok(out)
}

/// Ids of the portals that the configuration excludes from storms.
async fn alone(world: &World) -> Result<HashSet<String>> {
    let all = world.targets().await?.into_iter();
    let alone = all.filter(|it| it.settings.alone);
    Ok(alone.map(|it| it.id.to_string()).collect())
}

/// Sends news of one family one by one, begins a storm with it, or adds it to the running storm.
async fn tell_news(
    world: &World,
    channel: &Channel<'_>,
    storms: &[Storm],
    (family, news): (Family, Vec<News>),
    now: Timestamp,
    out: &mut Gathered,
) -> Result<()> {
    let Some((_, first)) = news.first() else {
        return Ok(());
    };
    let live = storms
        .iter()
        .filter(|it| it.family == family && takes(it, now))
        .max_by_key(|it| it.joined);
    let told = {
        let mut lately = channel
            .lately
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        lately.count(channel.name, family)
    };
    if live.is_none() {
        let held = if channel.waits {
            quiet_in(news.iter().map(|it| it.0.created), now)
        } else {
            Duration::ZERO
        };
        if !held.is_zero() {
            out.held = out.held.max(held);
            return Ok(());
        }
        if told + news.len() <= ONE_BY_ONE {
            for (alert, _) in news {
                // an alert on its second attempt was counted at the first
                if alert.attempts == 0 {
                    out.alone.insert(alert.about.key(), family);
                }
                out.rest.push(alert);
            }
            return Ok(());
        }
    }
    let mut storm = match live {
        Some(storm) => storm.clone(),
        None => {
            let storm = Storm::new(channel.name, first, now);
            tracing::warn!(
                notifier = channel.name,
                storm.id = storm.id,
                "many incidents at once are told as one"
            );
            Storm {
                before: told,
                ..storm
            }
        }
    };
    storm.joined = now;
    let rings = |it: &Incident| {
        let shares = storm.shared.as_ref().is_some_and(|of| shares(of, it));
        let is_told = channel.edits && storm.told.is_some() && family != Family::Questions;
        is_told && (it.kind.is_tampering() || !shares)
    };
    let joiners: Vec<IncidentId> = news
        .iter()
        .filter(|it| rings(&it.1))
        .map(|it| it.1.id.clone())
        .collect();
    if !joiners.is_empty() {
        joiners.into_iter().for_each(|it| storm.joined_by(it));
        ring(world, &storm, storms, now).await?;
    }
    let alerts = news.into_iter().map(|it| it.0).collect();
    join(world, channel, alerts, storm, now).await
}

/// Whether a storm accepts an incident that comes now.
fn takes(storm: &Storm, now: Timestamp) -> bool {
    let lasts = match storm.family {
        Family::Tampering => LASTS_TAMPERING,
        Family::Availability | Family::Questions => LASTS_AVAILABILITY,
    };
    now.duration_since(storm.joined) <= CALM && now.duration_since(storm.begun) < lasts
}

/// How long news is still held for more of its kind.
fn quiet_in(created: impl Iterator<Item = Timestamp> + Clone, now: Timestamp) -> Duration {
    let (Some(oldest), Some(newest)) = (created.clone().min(), created.max()) else {
        return Duration::ZERO;
    };
    let quiet = QUIET - now.duration_since(newest);
    let longest = LONGEST_QUIET - now.duration_since(oldest);
    let wait = quiet.min(longest);
    // do not hold news after the clock was set back
    if wait > LONGEST_QUIET {
        return Duration::ZERO;
    }
    Duration::try_from(wait).unwrap_or_default()
}

/// Queues the message that rings for joiners. This happens before the joiners are written, so that a crash in between
/// loses no ring: the message finds no names, and the incidents join again.
async fn ring(world: &World, storm: &Storm, storms: &[Storm], now: Timestamp) -> Result<()> {
    let urgency = match storm.family {
        Family::Tampering => Urgency::Grave,
        Family::Availability => Urgency::Urgent,
        Family::Questions => Urgency::Ordinary,
    };
    let mut told = Alert::new(
        &storm.notifier,
        About::Joined(storm.id.clone()),
        urgency,
        now,
    );
    if let Some(last) = storms.iter().filter_map(|it| it.rung.or(it.told)).max() {
        told.due = last.checked_add(RING).unwrap_or(now).max(now);
    }
    let commit = Commit {
        alerts: vec![told],
        ..Commit::default()
    };
    world.store.commit(commit).await
}

async fn join(
    world: &World,
    channel: &Channel<'_>,
    alerts: Vec<Alert>,
    storm: Storm,
    now: Timestamp,
) -> Result<()> {
    let about = About::Storm(storm.id.clone());
    let told = match storm.told {
        None => {
            let urgency = alerts.iter().map(|it| it.urgency).max().unwrap_or_default();
            Alert::new(&storm.notifier, about, urgency, now)
        }
        // an update makes no sound: alerts that ring go first
        Some(last) => {
            let pace = match channel.edits {
                false => UPDATE_ANEW,
                true if now.duration_since(storm.begun) < YOUNG && storm.size < MANY => {
                    UPDATE_YOUNG
                }
                true => UPDATE,
            };
            let due = last.checked_add(pace).unwrap_or(now).max(now);
            Alert {
                due,
                ..Alert::new(&storm.notifier, about, Urgency::Ordinary, now)
            }
        }
    };
    world.store.gather(alerts, storm, told).await
}

#[cfg(test)]
mod tests {
    use crate::deliver::grouping::*;

    #[test]
    fn news_waits_until_it_is_quiet_and_no_longer_than_three_seconds() {
        let at = |ms: i64| Timestamp::from_millisecond(1_800_000_000_000 + ms).unwrap();
        let wait = |created: &[i64], now: i64| {
            let created = created.iter().map(|it| at(*it));
            quiet_in(created, at(now)).as_millis()
        };
        assert_eq!(wait(&[0], 0), 1000, "one alone");
        assert_eq!(wait(&[0], 999), 1);
        assert_eq!(wait(&[0], 1000), 0);
        assert_eq!(wait(&[0, 900], 1000), 900, "another one came");
        assert_eq!(wait(&[0, 2900], 2900), 100, "and others, and others");
        assert_eq!(wait(&[0, 3100], 3100), 0);
        assert_eq!(wait(&[], 0), 0);
        assert_eq!(wait(&[60_000], 0), 0, "the clock was set back");
    }
}
