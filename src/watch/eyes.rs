//! Are we online ourselves? Asked before any portal is accused.
//!
//! Where `connectivity` is configured, it alone decides. Else other targets are the witnesses: one that
//! answered a moment ago, or one that answers when asked now. A target without any witness is believed,
//! except where the failure is one of our own network by its nature.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::{Mutex, PoisonError, atomic::Ordering},
    time::Duration,
};

use futures_util::{StreamExt, stream::FuturesUnordered};
use jiff::{SignedDuration, Timestamp};
use tokio::{
    net::TcpStream,
    time::{Instant, timeout},
};

use super::{World, look::Look};
use crate::{
    fetch::Visit,
    model::{About, Class, Notice, Profile, Target, Urgency},
    store::Commit,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    Open,
    Blind,
}

/// An answer so long ago still shows that the network works.
const FRESH: Duration = Duration::from_secs(3);
/// A probe's result holds so long: hundreds of targets that fail together ask once.
const PROBE_HOLDS: Duration = Duration::from_secs(5);
const PROBE_TIMEOUT: Duration = Duration::from_secs(5);
const WITNESSES: usize = 5;

#[derive(Default)]
pub struct Eyes {
    /// The last hosts that answered, the latest first, each once: two are enough to have one that is another.
    answered: Mutex<VecDeque<(String, Instant)>>,
    probed: tokio::sync::Mutex<Option<(Instant, Sight)>>,
    blind_since: Mutex<Option<Timestamp>>,
    last_blind: Mutex<Option<Timestamp>>,
    /// How far hosts' clocks were ahead of ours, in seconds; the latest of each.
    skews: Mutex<VecDeque<(String, i64)>>,
}

/// So many hosts must tell the time before ours is doubted, and so many are remembered.
const CLOCKS: (usize, usize) = (3, 31);
/// Certificates are issued a little ahead; servers' clocks are off by seconds, not by minutes.
const SKEWED_S: i64 = 300;

impl Eyes {
    /// When we last could not see.
    pub fn last_blind(&self) -> Option<Timestamp> {
        *self
            .last_blind
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Nothing before this moment is joined to what comes after it.
    pub fn interrupted(&self, now: Timestamp) {
        *self
            .last_blind
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(now);
    }

    /// How far our clock is off what most hosts tell, where that is far; `None` where it is right or too few told.
    pub fn skew(&self) -> Option<SignedDuration> {
        let skews = self.skews.lock().unwrap_or_else(PoisonError::into_inner);
        if skews.len() < CLOCKS.0 {
            return None;
        }
        let mut all: Vec<i64> = skews.iter().map(|it| it.1).collect();
        all.sort_unstable();
        let median = all[all.len() / 2];
        (median.abs() >= SKEWED_S).then(|| SignedDuration::from_secs(median))
    }

    fn told_time(&self, host: &str, theirs: Timestamp, ours: Timestamp) {
        let mut skews = self.skews.lock().unwrap_or_else(PoisonError::into_inner);
        skews.retain(|it| it.0 != host);
        if skews.len() >= CLOCKS.1 {
            skews.pop_front();
        }
        skews.push_back((host.to_owned(), theirs.duration_since(ours).as_secs()));
    }

    fn saw(&self, host: String) {
        let mut answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        answered.retain(|it| it.0 != host);
        answered.push_front((host, Instant::now()));
        answered.truncate(2);
    }
}

/// Whether a look may be believed. Tells the duty room when sight is lost and when it is back.
pub async fn sight(world: &World, target: &Target, look: &Look) -> Sight {
    let host = host(target);
    if let Some(date) = look.observation.answer().and_then(|it| it.date) {
        world.eyes.told_time(&host, date, look.observation.at);
    }
    // a certificate is not out of date because our clock is wrong; nothing is said of the network by that
    if look
        .cause
        .as_ref()
        .is_some_and(|it| it.key == "cause-tls-expired" || it.key == "cause-tls-early")
        && world.eyes.skew().is_some()
    {
        return Sight::Blind;
    }
    // this machine has no IPv6: nothing is known of the portal
    if look
        .cause
        .as_ref()
        .is_some_and(|it| it.key == "cause-no-ipv6")
    {
        tracing::warn!(target.id = %target.id, "the portal has IPv6 addresses only and this machine no way to them: it is not watched; give this machine IPv6");
        return Sight::Blind;
    }
    if !look.class.may_be_our_fault() {
        world.eyes.saw(host);
        set(world, Sight::Open).await;
        return Sight::Open;
    }
    let sight = doubt(world, target, &host, look).await;
    set(world, sight).await;
    sight
}

fn host(target: &Target) -> String {
    format!(
        "{}:{}",
        target.url.host_str().unwrap_or_default(),
        target.url.port_or_known_default().unwrap_or(0)
    )
}

async fn doubt(world: &World, target: &Target, host: &str, look: &Look) -> Sight {
    let connectivity = &world.config.service.connectivity;
    if connectivity.is_empty() {
        let answered = world
            .eyes
            .answered
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if answered
            .iter()
            .any(|(it, at)| it != host && at.elapsed() < FRESH)
        {
            return Sight::Open;
        }
    }
    let mut probed = world.eyes.probed.lock().await;
    if let Some((at, sight)) = *probed
        && at.elapsed() < PROBE_HOLDS
    {
        return sight;
    }
    let sight = if connectivity.is_empty() {
        ask_witnesses(world, target, host, look).await
    } else {
        ask_connectivity(connectivity).await
    };
    *probed = Some((Instant::now(), sight));
    sight
}

async fn ask_connectivity(places: &[String]) -> Sight {
    let mut asked = FuturesUnordered::new();
    for place in places {
        asked.push(timeout(PROBE_TIMEOUT, TcpStream::connect(place.as_str())));
    }
    while let Some(answer) = asked.next().await {
        if matches!(answer, Ok(Ok(_))) {
            return Sight::Open;
        }
    }
    Sight::Blind
}

async fn ask_witnesses(world: &World, target: &Target, own: &str, look: &Look) -> Sight {
    let mut all = world
        .targets()
        .await
        .unwrap_or_else(|_| world.config.targets.clone());
    fastrand::shuffle(&mut all);
    let mut seen = BTreeSet::from([own.to_owned()]);
    let others = all
        .into_iter()
        .filter(|it| it.id != target.id && seen.insert(host(it)));
    let witnesses: Vec<Target> = others.take(WITNESSES).collect();
    if witnesses.is_empty() {
        return alone(look);
    }
    let mut asked = FuturesUnordered::new();
    for witness in &witnesses {
        asked.push(answers(world, witness));
    }
    while let Some(answered) = asked.next().await {
        if answered {
            return Sight::Open;
        }
    }
    Sight::Blind
}

/// Any answer will do, also a bad one.
async fn answers(world: &World, target: &Target) -> bool {
    // a witness takes no turn of the target's own looks
    let of = target.id.beside("witness");
    let visit = Visit {
        target: &of,
        url: &target.url,
        profile: Profile::Desktop,
        timeout: PROBE_TIMEOUT,
        max_body: 64 << 10,
        validators: None,
        prefer: None,
    };
    let sighting = world.eye.visit(&visit, world.clock.now()).await;
    sighting
        .observation
        .silence()
        .is_none_or(|it| !it.class.may_be_our_fault())
}

/// Nobody else can be asked: a resolver that cannot be reached and a network without a route are ours.
fn alone(look: &Look) -> Sight {
    let ours = look.cause.as_ref().is_some_and(|cause| {
        let detail = cause
            .args
            .get("detail")
            .map(String::as_str)
            .unwrap_or_default();
        let no_resolver = look.class == Class::Dns
            && [
                "Temporary failure",
                "Try again",
                "timed out",
                "no connections",
                "request timed out",
            ]
            .iter()
            .any(|it| detail.contains(it));
        cause.key == "cause-unreachable" || no_resolver
    });
    if ours { Sight::Blind } else { Sight::Open }
}

/// Tells of a change, once.
async fn set(world: &World, sight: Sight) {
    let now = world.clock.now();
    world.measure.attempted(now);
    if sight == Sight::Blind {
        *world
            .eyes
            .last_blind
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(now);
    }
    let notice = {
        let mut blind = world
            .eyes
            .blind_since
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match (sight, *blind) {
            (Sight::Blind, None) => {
                *blind = Some(now);
                Notice::Blind { since: now }
            }
            (Sight::Open, Some(since)) => {
                *blind = None;
                Notice::Sighted { since, until: now }
            }
            _ => return,
        }
    };
    world
        .measure
        .health
        .blind
        .store(sight == Sight::Blind, Ordering::Relaxed);
    if sight == Sight::Blind {
        tracing::warn!("our own network seems to be gone: no portal is accused");
    } else {
        tracing::info!("our network is back");
    }
    let alerts = world.notices_to_all(&About::Notice(notice), Urgency::Urgent, now);
    if let Err(error) = world
        .store
        .commit(Commit {
            alerts,
            ..Commit::default()
        })
        .await
    {
        tracing::error!(%error, "the notice of our own sight cannot be written");
    }
}
