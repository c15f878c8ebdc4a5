//! What the detector concludes of one page.

use serde::{Deserialize, Serialize};

use super::Signal;

/// In the order of concern. `Suspect` and above ring.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Nothing can be concluded (an error page, a challenge, a page over a limit).
    #[default]
    Unknown,
    Normal,
    /// Much has changed, nothing accuses.
    Drifted,
    Suspect,
    Defaced,
}

impl Level {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Normal => "normal",
            Self::Drifted => "drifted",
            Self::Suspect => "suspect",
            Self::Defaced => "defaced",
        }
    }

    pub fn rings(self) -> bool {
        self >= Self::Suspect
    }
}

/// What kind of page this is before any question of tampering.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    #[default]
    Ordinary,
    /// Announces maintenance, or is an error page served with a good status.
    Maintenance,
    /// A browser check, captcha or WAF page: the portal blocks us.
    Challenge,
    /// Asks to log in where a page was open to all.
    Login,
    /// The domain is for sale or has expired.
    Parked,
    /// Hardly a word; scripts would fetch what there is to see.
    Shell,
    /// Nothing to read and nothing to show.
    Empty,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    pub level: Level,
    /// Probability, 0..1, that an officer would want to be woken.
    pub score: f64,
    /// Strongest first.
    pub signals: Vec<Signal>,
    pub state: State,
    /// The page now leads to a foreign registrable domain.
    #[serde(default)]
    pub redirected: bool,
}
