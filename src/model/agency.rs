//! An organisation that registers portals and is told about them.

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agency {
    /// `[a-z0-9-]{1,64}`, unique in the registry.
    pub id: String,
    pub name: String,
    /// Names of notifiers; empty means those of `defaults`.
    pub notify: Vec<String>,
}
