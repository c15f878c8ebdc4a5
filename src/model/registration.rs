//! The registry: portals that were asked for, portals that are watched, and who decided it when.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    Class, Digest, Say, Signal, TargetId,
    digest::key,
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
    pub fn new(year: i16, number: u64) -> Self {
        Self(format!("DK-{year}-{number:04}"))
    }
}

impl TryFrom<String> for RequestId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        super::target::numbered(text).map(Self)
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Somebody asks that a portal be watched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    pub id: RequestId,
    /// Counted up by the store at every commit; a commit made from an older revision is refused.
    pub revision: u64,
    pub at: Timestamp,
    pub url: Url,
    /// The id that the portal will have.
    pub target: TargetId,
    /// As the asker calls it; empty where its title will do.
    pub name: String,
    pub agency: String,
    pub agency_name: String,
    pub asker: Asker,
    pub stage: Stage,
    /// What the portal looked like when it was looked at last; none before.
    pub view: Option<View>,
    pub proof: Option<Proof>,
    /// Proves the asker's control when it stands on the portal or in its DNS zone. No secret: it is bound to both.
    pub token: String,
    /// When the portal is to be looked at next.
    pub look_at: Timestamp,
    /// The asker wants to know what the next look finds, whatever it is.
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
    /// What an officer decides on: where it has changed since he was shown it, he is to look again.
    pub fn state(&self) -> String {
        let view = self.view.as_ref();
        let seen = view.map(|it| (it.class.standing(), it.suspicious, it.same_as.as_ref()));
        let state = format!("{:?} {seen:?}", self.proof);
        format!("{:08x}", key(&state) >> 32)
    }
}

/// Who asked, and how he is told what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asker {
    pub name: String,
    /// The notifier that reaches him; none where he asked at the command line.
    pub notifier: Option<String>,
    /// The number of his account: names can be anything.
    #[serde(default)]
    pub account: Option<i64>,
    /// What else his account is called, `@name`.
    #[serde(default)]
    pub username: Option<String>,
    /// The group in which he asked, as it calls itself.
    #[serde(default)]
    pub place: Option<String>,
}

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
    /// By who asked.
    Withdrawn {
        by: String,
        at: Timestamp,
    },
    /// Nobody decided in time.
    Expired {
        at: Timestamp,
    },
}

impl Stage {
    pub fn is_open(&self) -> bool {
        *self == Self::Open
    }
}

/// The reason why a request ends after another asker has proved control of the portal: the key of a sentence.
pub const DISPLACED: &str = "register-displaced";

/// What a portal looks like to somebody who is to decide whether it may be watched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct View {
    pub at: Timestamp,
    pub class: Class,
    pub status: Option<u16>,
    pub final_url: Url,
    pub title: Option<String>,
    /// The first visible lines, cut.
    pub lines: Vec<String>,
    /// 0 to 1: how likely it shows somebody else's content already.
    pub score: f64,
    pub suspicious: bool,
    pub signals: Vec<Signal>,
    pub cause: Option<Say>,
    /// Why a browser would refuse the certificate.
    pub certificate_fault: Option<Say>,
    pub digest: Option<Digest>,
    /// A registered portal that it is under another name.
    pub same_as: Option<TargetId>,
}

/// How it was shown that the portal is the asker's to register.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Proof {
    /// A TXT record.
    Dns,
    /// A meta element on the home page.
    Meta,
    /// A file under `/.well-known/`.
    File,
    /// An officer knows.
    Vouched(String),
}

impl Proof {
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
        /// Where somebody asked for it.
        request: Option<RequestId>,
        url: Url,
        agency: String,
        until: Option<Timestamp>,
        /// Who is told of it, and may do something about it.
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
    /// What targets.yaml says of it is not what it said.
    Changed {
        url: Url,
    },
    /// It is in targets.yaml no more.
    Unlisted,
}

impl Deed {
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
