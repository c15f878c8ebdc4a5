//! The ids of incidents.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::number;

/// The id of an incident: `SC-2026-0412` (*sự cố*).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct IncidentId(pub String);

impl IncidentId {
    /// The id of the `number`th incident of a year.
    pub fn new(year: i16, number: u64) -> Self {
        Self(number::write("SC", year, number))
    }

    /// Reads an id as people type it: `SC-2026-0412`, `sc-2026-412`, or `412` for one of `this_year`.
    pub fn read(text: &str, this_year: i16) -> Option<Self> {
        number::read("SC", text, this_year).map(Self)
    }
}

impl TryFrom<String> for IncidentId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        number::check(text).map(Self)
    }
}

impl fmt::Display for IncidentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
