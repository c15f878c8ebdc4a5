//! The registry: requests, watched portals, and the history of decisions on both.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    Class, Digest, Say, Signal, TargetId,
    digest::key,
    number,
    record::{Record, Stored},
    target::Target,
};

/// A target that was registered beside targets.yaml.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Registration {
    pub target: Target,
    pub by: String,
    pub at: Timestamp,
    /// The end of the watch window that it was registered for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// `DK-2026-0007` (*đăng ký*).
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
    /// Counted up by the store at every commit; a commit made from an older revision is refused.
    pub revision: u64,
    pub at: Timestamp,
    pub url: Url,
    /// The id that the portal will have.
    pub target: TargetId,
    /// The asker's name for the portal; empty if the page's title is to be used.
    pub name: String,
    pub agency: String,
    pub agency_name: String,
    pub asker: Asker,
    pub stage: Stage,
    /// The portal at the last look; `None` before the first.
    pub view: Option<View>,
    pub proof: Option<Proof>,
    /// Proves the asker's control when it stands on the portal or in its DNS zone. No secret: it is bound to both.
    pub token: String,
    /// When the portal is to be looked at next.
    pub look_at: Timestamp,
    /// Whether the asker wants to know the result of the next look in any case.
    #[serde(default)]
    pub again: bool,
    /// Asked for in a chat that gets no portal's alerts.
    #[serde(default)]
    pub stranger: bool,
    /// When the message began in which officers see this request together with those of other strangers.
    #[serde(default)]
    pub crowd: Option<Timestamp>,
    /// The request has its proof and still stands in the shared message, because too many proved requests wait.
    #[serde(default)]
    pub together: bool,
}

impl Request {
    /// A digest of what an officer decides on: if it changed since the officer saw the request, they must look again.
    pub fn state(&self) -> String {
        let view = self.view.as_ref();
        let seen = view.map(|it| (it.class.standing(), it.suspicious, it.same_as.as_ref()));
        let state = format!("{:?} {seen:?}", self.proof);
        format!("{:08x}", key(&state) >> 32)
    }
}

/// The asker, and the way to reach them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asker {
    pub name: String,
    /// The notifier that reaches the asker; `None` for the command line.
    pub notifier: Option<String>,
    /// The account number, since names can be copied.
    #[serde(default)]
    pub account: Option<i64>,
    /// The account's user name, `@name`.
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
    /// An officer is to decide.
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
    /// By the asker.
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
    /// Whether an officer is still to decide.
    pub fn is_open(&self) -> bool {
        *self == Self::Open
    }

    pub fn is_approved(&self) -> bool {
        matches!(self, Self::Approved { .. })
    }
}

/// The reason why a request ends after another asker has proved control of the portal: the key of a sentence.
pub const DISPLACED: &str = "register-displaced";

/// A portal, as an officer sees it to decide whether it may be watched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct View {
    pub at: Timestamp,
    pub class: Class,
    pub status: Option<u16>,
    pub final_url: Url,
    pub title: Option<String>,
    /// The first visible lines, cut.
    pub lines: Vec<String>,
    /// Probability, 0 to 1, that it shows an attacker's content already.
    pub score: f64,
    pub suspicious: bool,
    pub signals: Vec<Signal>,
    pub cause: Option<Say>,
    /// Why a browser would refuse the certificate.
    pub certificate_fault: Option<Say>,
    pub digest: Option<Digest>,
    /// A registered portal that this one is, under another name.
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
    /// An officer vouches for it.
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

/// One line of the registry's history. Only ever added.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    pub at: Timestamp,
    pub target: TargetId,
    pub by: String,
    pub deed: Deed,
}

/// An event of the registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Deed {
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
        /// The request that it came from, if any.
        request: Option<RequestId>,
        url: Url,
        agency: String,
        until: Option<Timestamp>,
        /// The notifiers that get its alerts; their chats may act on them.
        #[serde(default)]
        notify: Vec<String>,
    },
    Removed {
        reason: Option<String>,
    },
    /// The watch window that it was registered for is over.
    Ended,
    /// It appeared in targets.yaml.
    Listed {
        url: Url,
    },
    /// Its settings in targets.yaml changed.
    Changed {
        url: Url,
    },
    /// It is in targets.yaml no more.
    Unlisted,
}

impl Deed {
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
    /// The registry's history tells the rest.
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

impl Stored for Entry {}
