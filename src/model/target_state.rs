//! The stored state of a target from one look to the next. It is small: bodies are evidence files.

use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    Baseline, Class, Digest, IncidentId, LookRef, Part, Sightings, SiteFacts, TargetId,
    pin::Ruling,
    record::{Record, Stored},
};

/// The state of one target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TargetState {
    pub target: TargetId,
    /// Incremented by the store at every commit; a commit made from an older revision is refused.
    pub revision: u64,
    pub baseline: Option<Baseline>,
    /// Looks collected for a first baseline.
    pub learning: Vec<LookRef>,
    /// For the next conditional request.
    pub validators: Option<Validators>,
    /// The open incident, if any.
    pub open: Option<IncidentId>,
    /// Expiry of the certificate at the last look.
    pub certificate_ends: Option<Timestamp>,
    /// The portal's parts other than its home page.
    #[serde(default)]
    pub beyond: Beyond,
    /// Facts of a sitemap or robots.txt, from the last look that was judged normal.
    #[serde(default)]
    pub site: Option<SiteFacts>,
    /// The origins of the page while it was judged normal.
    #[serde(default)]
    pub origin: Origin,
    /// The IP address that answered last.
    #[serde(default)]
    pub address: Option<IpAddr>,
    /// Whether the name had several addresses at the last look: a "not modified" from one of them says nothing about
    /// the others.
    #[serde(default)]
    pub faces: bool,
    /// Digest of the expectations of the page (see `judge::expectations`) when it was last judged normal.
    #[serde(default)]
    pub expects: Option<Digest>,
    /// The last incident, now closed: a deviation that returns soon reopens it.
    #[serde(default)]
    pub past: Option<IncidentId>,
    /// Looks of the last day that showed an attacker's content.
    #[serde(default)]
    pub sightings: Sightings,
    /// Since when the portal has shown an empty shell, which scripts would fill, in the place of its page.
    #[serde(default)]
    pub shell_since: Option<Timestamp>,
    /// What officers decided about facts of the page, oldest first.
    #[serde(default)]
    pub pins: Vec<Ruling>,
}

/// The parts of a portal, which are looked at in turn.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beyond {
    pub parts: Vec<PartRef>,
    pub listed_at: Option<Timestamp>,
}

/// A part that was found, and its address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartRef {
    pub part: Part,
    pub url: Url,
}

/// The origin of a portal's answers, as far as it is visible from outside.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Issuers and subjects of certificates.
    pub issuers: Vec<String>,
    pub subjects: Vec<String>,
    /// Networks of the addresses: /16 of IPv4, /32 of IPv6.
    pub networks: Vec<String>,
}

/// Entries kept of each kind; beyond it the oldest are dropped.
const ORIGINS_KEPT: usize = 8;

impl Origin {
    /// Adds the origin of a page that was judged normal; `None` for what is unknown.
    pub fn learn(&mut self, issuer: Option<&str>, subject: Option<&str>, network: Option<&str>) {
        let put = |known: &mut Vec<String>, seen: Option<&str>| {
            if let Some(seen) = seen.filter(|it| !known.iter().any(|known| known == it)) {
                known.push(seen.to_owned());
                let surplus = known.len().saturating_sub(ORIGINS_KEPT);
                known.drain(..surplus);
            }
        };
        put(&mut self.issuers, issuer);
        put(&mut self.subjects, subject);
        put(&mut self.networks, network);
    }
}

impl TargetState {
    /// The state of a target before its first look.
    pub fn new(target: TargetId) -> Self {
        Self {
            target,
            revision: 0,
            baseline: None,
            learning: Vec::new(),
            validators: None,
            open: None,
            certificate_ends: None,
            beyond: Beyond::default(),
            site: None,
            origin: Origin::default(),
            address: None,
            faces: false,
            expects: None,
            past: None,
            sightings: Sightings::default(),
            shell_since: None,
            pins: Vec::new(),
        }
    }
}

/// The validators of a conditional request, and the body that a 304 answer stands for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Validators {
    pub etag: Option<String>,
    pub digest: Digest,
}

/// A target's state in short, for lists.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TargetSummary {
    pub target: TargetId,
    #[serde(default)]
    pub baseline: Option<Approval>,
    #[serde(default)]
    pub open: Option<IncidentId>,
    #[serde(default)]
    pub certificate_ends: Option<Timestamp>,
    #[serde(default)]
    pub address: Option<IpAddr>,
    /// Time and class of the last look; stored with the history.
    #[serde(default)]
    pub last: Option<(Timestamp, Class)>,
}

/// The approver of a baseline, and the time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    pub by: String,
    pub at: Timestamp,
}

impl Stored for TargetState {}

impl Record for TargetState {
    const NAME: &'static str = "target state";

    fn id(&self) -> String {
        self.target.to_string()
    }

    fn revision(&mut self) -> Option<&mut u64> {
        Some(&mut self.revision)
    }

    /// A power cut may lose a look that saw nothing new, since the next look repeats it.
    fn must_survive(&self, before: &Self) -> bool {
        self.baseline != before.baseline
            || self.learning != before.learning
            || self.open != before.open
            || self.sightings != before.sightings
            || self.pins != before.pins
    }
}
