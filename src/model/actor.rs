//! The author of an action, as records keep them.

use serde::{Deserialize, Serialize};

/// The side that an actor speaks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Standpoint {
    /// An officer of the operator, known by the account number, in any chat.
    Officer,
    /// Another person of the operator: a member of its chat, or on its roster with that account, in any chat.
    Operator,
    /// A member of an agency's chat.
    Agency,
}

/// The account and chat of an action, since display names can be copied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The account number; `None` for a group administrator that posts anonymously.
    pub account: Option<i64>,
    /// The chat number.
    pub chat: i64,
    /// The name of the chat's agency, as the registry has it; `None` for an operator's chat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    pub of: Standpoint,
    /// The officer with a display name that resembles the actor's, though the account is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resembles: Option<String>,
}

/// The person that acts; without an origin, a user of the service's command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    pub name: String,
    pub origin: Option<Origin>,
}

impl From<&str> for Actor {
    fn from(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            origin: None,
        }
    }
}

impl From<String> for Actor {
    fn from(name: String) -> Self {
        Self { name, origin: None }
    }
}

impl From<&Actor> for Actor {
    fn from(it: &Actor) -> Self {
        it.clone()
    }
}

impl Actor {
    /// Whether the actor speaks for an agency only.
    pub fn is_of_agency(&self) -> bool {
        let origin = self.origin.as_ref();
        origin.is_some_and(|it| it.of == Standpoint::Agency)
    }
}
