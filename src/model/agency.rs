//! An organisation that registers portals and is told about them.

use serde::{Deserialize, Serialize};

use super::duty::{Person, Step};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agency {
    /// `[a-z0-9-]{1,64}`, unique in the registry.
    pub id: String,
    pub name: String,
    /// Whose contacts are called after its own, e.g. `Nghệ An`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub province: Option<String>,
    /// Names of notifiers; empty means those of `defaults`.
    pub notify: Vec<String>,
    /// Who is called when nobody takes an incident; empty means as the operator has it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub escalation: Vec<Step>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<Person>,
}
