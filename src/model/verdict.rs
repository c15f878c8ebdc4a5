//! The detectors' conclusion about one page.

use serde::{Deserialize, Serialize};

use super::Signal;

/// In the order of concern. `Suspect` and above ring.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
/// The level of concern.
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Nothing can be concluded (an error page, a challenge, a page over a limit).
    #[default]
    Unknown,
    Normal,
    /// Much has changed, but no signal accuses.
    Drifted,
    Suspect,
    Defaced,
}

impl Level {
    /// The name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Normal => "normal",
            Self::Drifted => "drifted",
            Self::Suspect => "suspect",
            Self::Defaced => "defaced",
        }
    }

    /// Whether it opens an incident.
    pub fn rings(self) -> bool {
        self >= Self::Suspect
    }
}

/// The kind of page, before any question of tampering.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    #[default]
    Ordinary,
    /// Announces maintenance, or is an error page served with a good status.
    Maintenance,
    /// A browser check, captcha or page of a web application firewall: the portal blocks the service.
    Challenge,
    /// Asks to log in where a page was open to all.
    Login,
    /// The domain is for sale or has expired.
    Parked,
    /// Hardly a word; scripts fetch the content.
    Shell,
    /// Nothing to read and nothing to show.
    Empty,
}

/// The conclusion: level, score and signals.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    pub level: Level,
    /// Probability, 0..1, that an officer would want to be woken.
    pub score: f64,
    /// Strongest first.
    pub signals: Vec<Signal>,
    pub state: State,
    /// Whether the page is now at a foreign registrable domain.
    #[serde(default)]
    pub redirected: bool,
}
