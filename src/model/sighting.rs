//! Somebody else's content that a look showed, remembered whether or not the looks after it showed it again.

use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    Class, Digest, Say, Signal,
    incident::{ChangeLine, Evidence},
};

/// Sightings older than this say nothing of the portal as it is now.
pub const REMEMBERED: SignedDuration = SignedDuration::from_hours(24);
/// What comes and goes is over once it was not seen for so many intervals, two hours at five minutes: one bad server of
/// ten behind a portal stays unseen for so long once in thirty times.
pub const UNSEEN_INTERVALS: u32 = 24;
/// So many are kept: the rules ask for three in a day.
const KEPT: usize = 12;

/// One look that showed tampering.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sighting {
    pub at: Timestamp,
    pub class: Class,
    pub score: f64,
    /// Of the decoded body; the body itself is kept as evidence.
    pub digest: Option<Digest>,
    /// It bore an attacker's signature (see `detect::weigh::is_signed`).
    pub signed: bool,
    /// It is part of an incident that was opened or brought up to date because of it.
    pub told: bool,
}

/// What the sighting that shows most is told with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shown {
    pub at: Timestamp,
    pub class: Class,
    pub score: f64,
    pub signals: Vec<Signal>,
    pub cause: Option<Say>,
    pub title: Option<String>,
    pub changes: Vec<ChangeLine>,
    pub page: Option<Evidence>,
    pub address: Option<IpAddr>,
    /// The portal has other addresses.
    #[serde(default)]
    pub one_of: bool,
}

/// The sightings of the last day.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sightings {
    /// Oldest first; the first of many make room.
    pub seen: Vec<Sighting>,
    /// How many there were since `since`, those that made room included.
    pub times: u32,
    pub since: Option<Timestamp>,
    pub shown: Option<Shown>,
}

impl Sightings {
    pub fn add(&mut self, sighting: Sighting, shown: Shown) {
        let oldest = sighting.at - REMEMBERED;
        self.seen.retain(|it| it.at >= oldest);
        if self.seen.is_empty() {
            *self = Self::default();
            self.since = Some(sighting.at);
        }
        self.times = self.times.saturating_add(1);
        // what was shown with one that is told already gives way to news
        let stays = self.shown.as_ref().is_some_and(|it| {
            let told = self.seen.iter().any(|of| of.at == it.at && of.told);
            it.at >= oldest && it.score > shown.score && !told
        });
        if !stays {
            self.shown = Some(shown);
        }
        self.seen.push(sighting);
        let surplus = self.seen.len().saturating_sub(KEPT);
        self.seen.drain(..surplus);
    }

    pub fn last_at(&self) -> Option<Timestamp> {
        self.seen.last().map(|it| it.at)
    }

    /// Whether something was seen and is part of no incident yet.
    pub fn is_pending(&self) -> bool {
        self.seen.iter().any(|it| !it.told)
    }

    /// All of them are part of an incident now.
    pub fn tell(&mut self) {
        for it in &mut self.seen {
            it.told = true;
        }
    }

    /// A person said of what was seen until then that it is over, or was none.
    pub fn forget(&mut self, until: Timestamp) {
        self.seen.retain(|it| it.at > until);
        if self.seen.is_empty() {
            *self = Self::default();
        } else {
            self.times = u32::try_from(self.seen.len()).unwrap_or(u32::MAX);
            self.since = self.seen.first().map(|it| it.at);
        }
    }

    /// Whether these bytes were seen to be somebody else's.
    pub fn shows(&self, digest: &Digest) -> bool {
        self.seen
            .iter()
            .any(|it| it.digest.as_ref() == Some(digest))
    }
}
