//! An organisation that registers portals and gets their alerts.

use serde::{Deserialize, Serialize};

use super::duty::{Person, Step};

/// An agency, as targets.yaml lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agency {
    /// `[a-z0-9-]{1,64}`, unique in the registry.
    pub id: String,
    pub name: String,
    /// The province, e.g. `Nghệ An`. Its contacts come after the agency's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub province: Option<String>,
    /// Names of notifiers; empty for those of `defaults`.
    pub notify: Vec<String>,
    /// The escalation steps for an incident that is not taken; empty for the operator's steps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub escalation: Vec<Step>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<Person>,
}
