//! Sightings: looks that showed an attacker's content, remembered even if later looks do not show it.

use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    Class, Digest, Localized, Signal,
    incident::{ChangeLine, Evidence},
};

/// Age at which a sighting is forgotten: it says nothing about the portal's present state.
pub const REMEMBERED: SignedDuration = SignedDuration::from_hours(24);
/// Check intervals without a sighting after which intermittent content counts as gone: two hours at the usual five
/// minutes. If one of ten servers is bad, looks miss it for two hours by chance in one of thirty cases.
pub const UNSEEN_INTERVALS: u32 = 24;
/// Sightings kept at most; the rules need three within a day.
const KEPT: usize = 12;

/// One look that showed tampering.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sighting {
    pub at: Timestamp,
    pub class: Class,
    pub score: f64,
    /// Digest of the decoded body, which is kept as evidence.
    pub digest: Option<Digest>,
    /// Whether the page bore an attacker's signature (see `detect::weigh::is_signed`).
    pub signed: bool,
    /// Whether the sighting opened or updated an incident.
    pub told: bool,
}

/// The look that the message about the sightings shows: the one with the highest score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shown {
    pub at: Timestamp,
    pub class: Class,
    pub score: f64,
    pub signals: Vec<Signal>,
    pub cause: Option<Localized>,
    pub title: Option<String>,
    pub changes: Vec<ChangeLine>,
    pub page: Option<Evidence>,
    pub address: Option<IpAddr>,
    /// Whether the portal has other addresses.
    #[serde(default)]
    pub one_of: bool,
}

/// The sightings of the last day.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sightings {
    /// Oldest first; at most twelve are kept.
    pub seen: Vec<Sighting>,
    /// Number of sightings since `since`, including dropped ones.
    pub times: u32,
    pub since: Option<Timestamp>,
    /// Looks at a part of a portal since then that showed nothing; parts have no history that would count them.
    #[serde(default)]
    pub unseen: u32,
    pub shown: Option<Shown>,
}

impl Sightings {
    /// Adds a sighting and drops those older than a day. `shown` replaces the stored look if that one has a lower
    /// score, or if a message has already shown it.
    pub fn add(&mut self, sighting: Sighting, shown: Shown) {
        let oldest = sighting.at - REMEMBERED;
        self.seen.retain(|it| it.at >= oldest);
        if self.seen.is_empty() {
            *self = Self::default();
            self.since = Some(sighting.at);
        }
        self.times = self.times.saturating_add(1);
        // a stored look that a message has already shown is replaced by any new one
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

    /// Time of the latest sighting.
    pub fn last_at(&self) -> Option<Timestamp> {
        self.seen.last().map(|it| it.at)
    }

    /// Whether a sighting is not yet part of an incident.
    pub fn is_pending(&self) -> bool {
        self.seen.iter().any(|it| !it.told)
    }

    /// Marks all sightings as part of an incident.
    pub fn tell(&mut self) {
        for it in &mut self.seen {
            it.told = true;
        }
    }

    /// Drops the sightings up to `until`, after a person decided that what they showed is over or was no tampering.
    pub fn forget(&mut self, until: Timestamp) {
        self.seen.retain(|it| it.at > until);
        if self.seen.is_empty() {
            *self = Self::default();
        } else {
            self.times = u32::try_from(self.seen.len()).unwrap_or(u32::MAX);
            self.since = self.seen.first().map(|it| it.at);
            self.unseen = 0;
            self.shown.take_if(|it| it.at <= until);
        }
    }

    /// Whether a sighting had exactly this body.
    pub fn shows(&self, digest: &Digest) -> bool {
        self.seen
            .iter()
            .any(|it| it.digest.as_ref() == Some(digest))
    }
}
