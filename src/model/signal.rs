//! One named reason to doubt a page, with its weight and an excerpt as evidence.

use serde::{Deserialize, Serialize};

use super::Say;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Signal {
    /// The name of the detector's file, e.g. `boast`.
    pub name: String,
    /// Log-odds added to the verdict (natural logarithm).
    pub weight: f64,
    pub say: Say,
    /// What a person can look at; already cut and disarmed.
    pub excerpt: String,
}
