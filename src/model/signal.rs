//! Signals: reasons to doubt a page, each with its weight and an excerpt as evidence.

use serde::{Deserialize, Serialize};

use super::Localized;

/// A weighted finding of one detector.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Signal {
    /// The name of the detector's file, e.g. `boast`.
    pub name: String,
    /// Log-odds added to the verdict (natural logarithm).
    pub weight: f64,
    pub say: Localized,
    /// Evidence for people; already cut and defanged.
    pub excerpt: String,
}
