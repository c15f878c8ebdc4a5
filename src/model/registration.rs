//! The registry: requests, watched portals, and the history of decisions on both.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    Class, Digest, Localized, Signal, TargetId,
    digest::key,
    number,
    record::{Record, Stored},
    target::Target,
};

/// A target that was registered, in addition to those of targets.yaml.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Registration {
    pub target: Target,
    pub by: String,
    pub at: Timestamp,
    /// End of the watch window that it was registered for; `None` for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// The id of a request: `DK-2026-0007` (*đăng ký*).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct RequestId(pub String);

impl RequestId {
    /// The id of the `number`th request of a year.
    pub fn new(year: i16, number: u64) -> Self {
        Self(number::write("DK", year, number))
    }

    /// Reads an id as people type it: `DK-2026-0412`, `dk-2026-412`, or `412` for one of `this_year`.
    pub fn read(text: &str, this_year: i16) -> Option<Self> {
        number::read("DK", text, this_year).map(Self)
    }
}

impl TryFrom<String> for RequestId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        number::check(text).map(Self)
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A request to watch a portal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    pub id: RequestId,
    /// Incremented by the store at every commit; a commit made from an older revision is refused.
    pub revision: u64,
    pub at: Timestamp,
    pub url: Url,
    /// The id that the portal will get.
    pub target: TargetId,
    /// The asker's name for the portal; empty to use the page's title.
    pub name: String,
    pub agency: String,
    pub agency_name: String,
    pub asker: Asker,
    pub stage: Stage,
    /// The portal as the last look saw it; `None` before the first look.
    pub view: Option<View>,
    pub proof: Option<Proof>,
    /// Text that proves the asker's control when it is published on the portal or in its DNS zone. It is no secret,
    /// since it is valid only for this asker and this portal.
    pub token: String,
    /// When the next look at the portal is due.
    pub look_at: Timestamp,
    /// Whether the asker is informed of the next look's result in any case.
    #[serde(default)]
    pub again: bool,
    /// Whether the request came from a chat that gets no portal's alerts.
    #[serde(default)]
    pub stranger: bool,
    /// When the common message was begun in which officers see this request; `None` for a message of its own.
    #[serde(default)]
    pub crowd: Option<Timestamp>,
    /// Whether the request stays in the common message although it has its proof, because too many proved requests
    /// are waiting.
    #[serde(default)]
    pub together: bool,
}

impl Request {
    /// A digest of the facts that an officer decides on. If it has changed since the officer saw the request, the
    /// officer must look again.
    pub fn state(&self) -> String {
        let view = self.view.as_ref();
        let seen = view.map(|it| (it.class.standing(), it.suspicious, it.same_as.as_ref()));
        let state = format!("{:?} {seen:?}", self.proof);
        format!("{:08x}", key(&state) >> 32)
    }
}

/// The asker of a request, and how to reach them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asker {
    pub name: String,
    /// The notifier that reaches the asker; `None` for the command line.
    pub notifier: Option<String>,
    /// The account number. Stored because names can be copied.
    #[serde(default)]
    pub account: Option<i64>,
    /// The account's user name, without `@`.
    #[serde(default)]
    pub username: Option<String>,
    /// The title of the group where the request was made.
    #[serde(default)]
    pub place: Option<String>,
}

/// The stage of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// An officer has to decide.
    Open,
    Approved {
        by: String,
        at: Timestamp,
    },
    Refused {
        by: String,
        at: Timestamp,
        reason: String,
    },
    /// The asker withdrew it.
    Withdrawn {
        by: String,
        at: Timestamp,
    },
    /// No officer decided in time.
    Expired {
        at: Timestamp,
    },
}

impl Stage {
    /// Whether an officer still has to decide.
    pub fn is_open(&self) -> bool {
        *self == Self::Open
    }

    /// Whether an officer approved it.
    pub fn is_approved(&self) -> bool {
        matches!(self, Self::Approved { .. })
    }
}

/// Locale key of the reason for refusing a request after another asker has proved control of the portal.
pub const DISPLACED: &str = "register-displaced";

/// What an officer sees of a portal to decide whether it may be watched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct View {
    pub at: Timestamp,
    pub class: Class,
    pub status: Option<u16>,
    pub final_url: Url,
    pub title: Option<String>,
    /// The first visible lines, already cut and defanged.
    pub lines: Vec<String>,
    /// Probability, 0 to 1, that it already shows an attacker's content.
    pub score: f64,
    pub suspicious: bool,
    pub signals: Vec<Signal>,
    pub cause: Option<Localized>,
    /// Why a browser would refuse the certificate.
    pub certificate_fault: Option<Localized>,
    pub digest: Option<Digest>,
    /// The registered portal that is identical with this one, if any.
    pub same_as: Option<TargetId>,
}

/// The evidence that the asker controls the portal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Proof {
    /// A TXT record.
    Dns,
    /// A meta element on the home page.
    Meta,
    /// A file under `/.well-known/`.
    File,
    /// An officer, by name, vouches for it.
    Vouched(String),
}

impl Proof {
    /// The name in JSON.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Meta => "meta",
            Self::File => "file",
            Self::Vouched(_) => "vouched",
        }
    }
}

/// One line of the registry's history, which only grows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AuditEntry {
    pub at: Timestamp,
    pub target: TargetId,
    pub by: String,
    pub deed: AuditEvent,
}

/// An event in the registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AuditEvent {
    Asked {
        request: RequestId,
        url: Url,
    },
    Proved {
        request: RequestId,
        proof: Proof,
    },
    Refused {
        request: RequestId,
        reason: String,
    },
    Withdrawn {
        request: RequestId,
    },
    Expired {
        request: RequestId,
    },
    Registered {
        /// The request that led to the registration, if any.
        request: Option<RequestId>,
        url: Url,
        agency: String,
        until: Option<Timestamp>,
        /// The notifiers that get the portal's alerts; their chats may act on them.
        #[serde(default)]
        notify: Vec<String>,
    },
    Removed {
        reason: Option<String>,
    },
    /// The watch window that the portal was registered for is over.
    Ended,
    /// The portal was added to targets.yaml.
    Listed {
        url: Url,
    },
    /// Its settings in targets.yaml changed.
    Changed {
        url: Url,
    },
    /// It was removed from targets.yaml.
    Unlisted,
    /// An officer approved a fact of its page: its change is told.
    Pinned {
        kind: String,
        value: String,
    },
    /// An officer struck a fact of its page: its change is not told.
    Unpinned {
        kind: String,
        value: String,
    },
}

impl AuditEvent {
    /// The name in JSON.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Asked { .. } => "asked",
            Self::Proved { .. } => "proved",
            Self::Refused { .. } => "refused",
            Self::Withdrawn { .. } => "withdrawn",
            Self::Expired { .. } => "expired",
            Self::Registered { .. } => "registered",
            Self::Removed { .. } => "removed",
            Self::Ended => "ended",
            Self::Listed { .. } => "listed",
            Self::Changed { .. } => "changed",
            Self::Unlisted => "unlisted",
            Self::Pinned { .. } => "pinned",
            Self::Unpinned { .. } => "unpinned",
        }
    }
}

impl Stored for Registration {}

impl Record for Registration {
    const NAME: &'static str = "registration";

    fn id(&self) -> String {
        self.target.id.to_string()
    }
}

impl Stored for Request {
    /// A decided request may be deleted after a time: the registry's history keeps the decision.
    fn over_since(&self) -> Option<Timestamp> {
        (!self.stage.is_open()).then_some(self.at)
    }
}

impl Record for Request {
    const NAME: &'static str = "request";

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn revision(&mut self) -> Option<&mut u64> {
        Some(&mut self.revision)
    }
}

impl Stored for AuditEntry {}
