//! The observation of one look: an answer or silence, never an error. An unreachable portal is a finding like any
//! other.

use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{Class, Digest, Localized, Presentation, Profile, TargetId};

/// One look at one target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    pub target: TargetId,
    pub profile: Profile,
    pub at: Timestamp,
    pub vantage: String,
    pub elapsed_ms: u32,
    /// Redirects followed, in order.
    pub hops: Vec<Hop>,
    pub certificate: Option<Certificate>,
    #[serde(default)]
    pub face: Face,
    pub seen: Seen,
}

/// The address of a portal that a look connected to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Face {
    /// The address that answered; if none did, the one that was tried first.
    pub address: Option<IpAddr>,
    /// The address families of the portal's own name. `None` if the host is an IP address, or if a DNS query for a
    /// family got no answer.
    pub families: Option<Families>,
    /// Whether the name has other addresses that the service may connect to.
    #[serde(default)]
    pub others: bool,
    /// All addresses of the name that the service may connect to, if there are several. Not stored.
    #[serde(skip)]
    pub all: Vec<IpAddr>,
}

/// Whether a name has IPv4 and IPv6 addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Families {
    pub ipv4: bool,
    pub ipv6: bool,
}

impl Families {
    /// The only family of the name; `None` if it has both or neither.
    pub fn alone(self) -> Option<&'static str> {
        match (self.ipv4, self.ipv6) {
            (true, false) => Some("ipv4"),
            (false, true) => Some("ipv6"),
            _ => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(
    clippy::large_enum_variant,
    reason = "one a look, and nearly always the large one"
)]
/// An answer, or silence.
pub enum Seen {
    Answered(Answer),
    Silent(Silence),
}

/// The head of a response, and facts about its body.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    pub status: u16,
    pub final_url: Url,
    pub content_type: Option<String>,
    pub etag: Option<String>,
    pub last_modified: Option<String>,
    /// Decoded length of the body.
    pub bytes: u64,
    /// Digest of the decoded body; `None` if the portal answered 304 Not Modified.
    pub digest: Option<Digest>,
    pub address: Option<IpAddr>,
    /// The `Refresh` header, which redirects browsers like the meta element of that name.
    #[serde(default)]
    pub refresh: Option<String>,
    /// Headers that change what a browser shows of the body.
    #[serde(default)]
    pub presentation: Presentation,
    /// The server's time (`Date` header).
    #[serde(default)]
    pub date: Option<Timestamp>,
}

/// The reason that no page was read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Silence {
    pub class: Class,
    /// One sentence, in which foreign text is cut.
    pub cause: Localized,
    /// The HTTP status, if one was read before the failure.
    pub status: Option<u16>,
}

/// A redirect.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hop {
    pub status: u16,
    pub to: Url,
}

/// The leaf certificate of the handshake.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Certificate {
    pub not_before: Timestamp,
    pub not_after: Timestamp,
    pub issuer: String,
    pub subject: String,
    /// BLAKE3 digest of the DER bytes.
    pub digest: Digest,
    /// Why a browser would refuse the certificate; `None` if it would accept it.
    pub fault: Option<Localized>,
    /// A fault that browsers tolerate: the server left out an intermediate certificate, which can be downloaded.
    #[serde(default)]
    pub remark: Option<Localized>,
}

impl Observation {
    /// Why browsers would refuse the connection of this answer.
    pub fn certificate_fault(&self) -> Option<&Localized> {
        self.certificate.as_ref()?.fault.as_ref()
    }

    /// The answer, if there was one.
    pub fn answer(&self) -> Option<&Answer> {
        match &self.seen {
            Seen::Answered(answer) => Some(answer),
            Seen::Silent(_) => None,
        }
    }

    /// The network of the address that answered: /16 of IPv4, /32 of IPv6.
    pub fn network(&self) -> Option<String> {
        Some(match self.answer()?.address? {
            IpAddr::V4(it) => format!("{}.{}.0.0/16", it.octets()[0], it.octets()[1]),
            IpAddr::V6(it) => format!("{:x}:{:x}::/32", it.segments()[0], it.segments()[1]),
        })
    }

    /// The silence, if there was no answer.
    pub fn silence(&self) -> Option<&Silence> {
        match &self.seen {
            Seen::Silent(silence) => Some(silence),
            Seen::Answered(_) => None,
        }
    }
}
