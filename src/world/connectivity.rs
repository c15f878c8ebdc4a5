//! What the service knows of its own network and clock: the portals that answered last, whether it is offline, and the
//! difference between its clock and the portals'. State only: `watch::connectivity` decides.

use std::{collections::VecDeque, net::IpAddr, sync::Mutex, time::Duration};

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use crate::{model::Digest, world::lock::lock};

/// Whether the service's own network works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkState {
    /// Looks may be believed.
    Online,
    /// The network is gone, or something in it changes the answers: no portal is accused.
    Offline,
}

/// A mark that a caught line leaves in an answer. Two portals with one trace in common were changed in the same way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trace {
    /// Status 511: only a machine between us and the portal should send it (RFC 6585), but any server can.
    NetworkLogin,
    /// Redirects lead to this registrable domain.
    LeadsTo(String),
    /// A certificate that no browser trusts names this issuer.
    Issuer(String),
    /// A certificate that is for another name.
    Certificate(Digest),
    /// A page that asks for a login has this title and tree, where the portal's own was expected.
    Page { title: String, shape: Digest },
}

/// A portal's last answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The portal's registrable domain.
    pub owner: String,
    /// The address that answered, if it is known.
    pub address: Option<IpAddr>,
    /// Whether the answer bore no trace of a line that is caught.
    pub clean: bool,
    at: Instant,
}

/// What the witnesses last said of traces.
#[derive(Debug)]
pub(crate) struct Opinion {
    pub traces: Vec<Trace>,
    pub caught: bool,
    at: Instant,
}

/// A change between online and offline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Offline from now on.
    Lost,
    /// Online again.
    Back {
        /// The first moment offline.
        since: Timestamp,
    },
}

/// Answers remembered, one for each owner and address: enough that some are not the accused portal's.
const ANSWERS: usize = 16;
/// How long a probe's result holds: hundreds of targets that fail together ask once.
const PROBE_HOLDS: Duration = Duration::from_secs(5);
/// Owners that must have sent their time before our clock is doubted.
const CLOCKS_NEEDED: usize = 3;
/// Owners remembered with their clock.
const CLOCKS_KEPT: usize = 31;
/// Seconds from which our clock counts as wrong. Certificates are issued a little ahead; servers' clocks are off by seconds,
/// not by minutes.
const SKEWED_S: i64 = 300;
/// Seconds within which clocks agree. Right clocks do; wrong ones are wrong each in its own way.
const AGREED_S: i64 = 120;

/// The state of the service's network and clock.
#[derive(Default)]
pub struct Connectivity {
    /// The latest first.
    answers: Mutex<VecDeque<Answer>>,
    /// The last probe of silence. Held while one is under way.
    pub(crate) probe: tokio::sync::Mutex<Probe>,
    /// Held while witnesses are asked.
    pub(crate) opinions: tokio::sync::Mutex<Opinions>,
    offline_since: Mutex<Option<Timestamp>>,
    last_offline: Mutex<Option<Timestamp>>,
    /// By owner: the seconds by which a portal's clock was last ahead of ours.
    skews: Mutex<VecDeque<(String, i64)>>,
}

/// The result of the last probe.
#[derive(Debug, Default)]
pub(crate) struct Probe(Option<(Instant, NetworkState)>);

impl Probe {
    /// The result, while it holds.
    pub fn get(&self) -> Option<NetworkState> {
        let held = self.0.filter(|it| it.0.elapsed() < PROBE_HOLDS);
        held.map(|it| it.1)
    }

    pub fn set(&mut self, state: NetworkState) {
        *self = Self(Some((Instant::now(), state)));
    }
}

/// What witnesses said of traces lately.
#[derive(Debug, Default)]
pub(crate) struct Opinions(Vec<Opinion>);

impl Opinions {
    /// Whether the line is caught, by the latest opinion on one of these traces that still holds.
    pub fn on(&mut self, traces: &[Trace]) -> Option<bool> {
        self.0.retain(|it| it.at.elapsed() < PROBE_HOLDS);
        let mut latest = self.0.iter().rev();
        let on_these = latest.find(|it| it.traces.iter().any(|it| traces.contains(it)));
        on_these.map(|it| it.caught)
    }

    pub fn add(&mut self, traces: &[Trace], caught: bool) {
        self.0.push(Opinion {
            traces: traces.to_vec(),
            caught,
            at: Instant::now(),
        });
    }
}

impl Connectivity {
    /// The last moment at which the service was offline.
    pub fn last_offline(&self) -> Option<Timestamp> {
        *lock(&self.last_offline)
    }

    /// Ends the spans of history: nothing before this moment is joined to what comes after it.
    pub fn interrupt(&self, now: Timestamp) {
        *lock(&self.last_offline) = Some(now);
    }

    /// Records the state; returns the change, if it is one.
    pub(crate) fn set(&self, state: NetworkState, now: Timestamp) -> Option<Change> {
        if state == NetworkState::Offline {
            *lock(&self.last_offline) = Some(now);
        }
        let mut offline = lock(&self.offline_since);
        match (state, *offline) {
            (NetworkState::Offline, None) => {
                *offline = Some(now);
                Some(Change::Lost)
            }
            (NetworkState::Online, Some(since)) => {
                *offline = None;
                Some(Change::Back { since })
            }
            _ => None,
        }
    }

    /// The portals' time less ours, where they differ by `SKEWED_S` or more and two thirds of the owners agree on it;
    /// `None` where our clock is right or too few owners sent theirs.
    pub fn skew(&self) -> Option<SignedDuration> {
        let skews = lock(&self.skews);
        if skews.len() < CLOCKS_NEEDED {
            return None;
        }
        let mut all: Vec<i64> = skews.iter().map(|it| it.1).collect();
        all.sort_unstable();
        let median = all[all.len() / 2];
        let agree = all.iter().filter(|it| (**it - median).abs() <= AGREED_S);
        let agreed = agree.count() * 3 >= all.len() * 2;
        (median.abs() >= SKEWED_S && agreed).then(|| SignedDuration::from_secs(median))
    }

    /// Records the time that a portal sent with its answer.
    pub(crate) fn record_time(&self, owner: &str, theirs: Timestamp, ours: Timestamp) {
        let mut skews = lock(&self.skews);
        skews.retain(|it| it.0 != owner);
        if skews.len() >= CLOCKS_KEPT {
            skews.pop_front();
        }
        skews.push_back((owner.to_owned(), theirs.duration_since(ours).as_secs()));
    }

    /// Records an answer that came just now.
    pub(crate) fn record_answer(&self, owner: String, address: Option<IpAddr>, clean: bool) {
        let mut answers = lock(&self.answers);
        answers.retain(|it| it.owner != owner || it.address != address);
        answers.push_front(Answer {
            owner,
            address,
            clean,
            at: Instant::now(),
        });
        answers.truncate(ANSWERS);
    }

    /// Whether an answer younger than `age` is one that `is_wanted`.
    pub(crate) fn has_answer(&self, age: Duration, is_wanted: impl Fn(&Answer) -> bool) -> bool {
        lock(&self.answers)
            .iter()
            .any(|it| is_wanted(it) && it.at.elapsed() < age)
    }
}
