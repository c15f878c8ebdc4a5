//! The classes of a look, in the wording of the contract.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// How a class counts for availability.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Standing {
    /// The portal answers, and shows what it should, as far as the service can tell.
    Up,
    /// The portal answers, and has changed so much that its agency is asked. The time counts as up.
    Asked,
    /// The portal answers, but with content that is not the agency's own.
    Tampered,
    /// The portal answers with a maintenance notice: not available, but no attack.
    Maintenance,
    Down,
    /// The portal kept the service out, or the service refused to fetch. Its state is unknown, so the time does not
    /// count as watched.
    Blocked,
}

macro_rules! classes {
    ($($name:ident = $text:literal, $standing:ident;)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        /// The result of one look, as the contract lists it.
        pub enum Class { $($name),* }

        impl Class {
            /// All classes.
            pub const ALL: &'static [Class] = &[$(Class::$name),*];

            /// The name in JSON and in the contract.
            pub fn as_str(self) -> &'static str {
                match self { $(Class::$name => $text),* }
            }

            /// How the class counts for availability.
            pub fn standing(self) -> Standing {
                match self { $(Class::$name => Standing::$standing),* }
            }
        }
    };
}

classes! {
    Unchanged = "up: unchanged", Up;
    NormalChange = "up: normal change", Up;
    Asked = "changed: asked", Asked;
    Suspicious = "changed: suspicious", Tampered;
    Defaced = "changed: defaced", Tampered;
    Redirect = "changed: redirect", Tampered;
    Maintenance = "changed: maintenance", Maintenance;
    Dns = "down: dns", Down;
    Connection = "down: connection", Down;
    Tls = "down: tls", Down;
    Timeout = "down: timeout", Down;
    HttpStatus = "down: http status", Down;
    Protocol = "down: protocol error", Down;
    RedirectLoop = "down: redirect loop", Down;
    TooLarge = "down: too large", Down;
    ParserLimit = "down: parser limit", Down;
    Empty = "down: empty", Down;
    PrivateAddress = "blocked: private address", Blocked;
    Scheme = "blocked: scheme", Blocked;
    Port = "blocked: port", Blocked;
    RefusedRedirect = "blocked: redirect", Blocked;
    ByPortal = "blocked: by portal", Blocked;
}

impl Class {
    /// The locale key of the class's name, such as `class-down-http-status`.
    pub fn key(self) -> String {
        format!(
            "class-{}",
            self.as_str().replace(": ", "-").replace(' ', "-")
        )
    }

    /// Whether a failure of the service's own network can cause a look of this class.
    pub fn may_be_our_fault(self) -> bool {
        matches!(self, Class::Dns | Class::Connection | Class::Timeout)
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Class {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .iter()
            .copied()
            .find(|it| it.as_str() == text)
            .ok_or_else(|| format!("no class is called {text:?}"))
    }
}

impl Serialize for Class {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Class {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}
