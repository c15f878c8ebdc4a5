//! The verdict of the detectors on one page.

use serde::{Deserialize, Serialize};

use super::Signal;

/// The level of concern, in ascending order. From `Suspect` on, an incident is opened.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Nothing can be concluded, as from an error page, a browser check, or a page over a limit.
    #[default]
    Unknown,
    Normal,
    /// Much has changed, but no signal points to an attacker.
    Drifted,
    /// The page has changed so much that it would ring, but only its structure says so: the agency is asked in silence.
    Question,
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
            Self::Question => "question",
            Self::Suspect => "suspect",
            Self::Defaced => "defaced",
        }
    }

    /// Whether a page of this level opens an incident.
    pub fn rings(self) -> bool {
        self >= Self::Suspect
    }
}

/// The kind of page, regardless of tampering.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    #[default]
    Ordinary,
    /// A maintenance notice, or an error page served with a success status.
    Maintenance,
    /// A browser check, captcha or page of a web application firewall: the portal blocks the service.
    Challenge,
    /// A login form on a page that was public.
    Login,
    /// A page of a domain that is for sale or has expired.
    Parked,
    /// A page with hardly any words; scripts load the content.
    Shell,
    /// A page with nothing to read and nothing to show.
    Empty,
}

/// The conclusion about one page: level, score and signals.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    pub level: Level,
    /// Probability, 0 to 1, that an officer would want to be woken for this page.
    pub score: f64,
    /// Strongest first.
    pub signals: Vec<Signal>,
    pub state: State,
    /// Whether the page now redirects to a foreign registrable domain.
    #[serde(default)]
    pub redirected: bool,
}
