//! The author of an action, as records keep them.

use serde::{Deserialize, Serialize};

/// The side that an actor speaks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Standpoint {
    /// An officer of the operator, identified by account number, in any chat.
    Officer,
    /// Another person of the operator, in any chat: a member of the operator's chat, or an account on the roster.
    Operator,
    /// A member of an agency's chat.
    Agency,
}

/// The account and chat that an action came from. Stored because display names can be copied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The account number; `None` for an anonymous group administrator.
    pub account: Option<i64>,
    /// The chat number.
    pub chat: i64,
    /// The name of the chat's agency in the registry; `None` for an operator's chat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    pub of: Standpoint,
    /// The officer with a name that the actor's display name resembles, although the account is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resembles: Option<String>,
}

/// The acting person. Without an origin: a user of the command line.
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
    /// Whether the actor speaks for an agency, and not for the operator.
    pub fn is_of_agency(&self) -> bool {
        let origin = self.origin.as_ref();
        origin.is_some_and(|it| it.of == Standpoint::Agency)
    }
}
