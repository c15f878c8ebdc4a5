//! Facts of a page that visitors act on, and what officers decided about them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::digest::key;

/// Longest value or label of a fact in bytes.
const LONGEST: usize = 240;
/// Most decisions of officers on the facts of one target.
pub const RULINGS: usize = 200;

/// The kind of a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fact {
    Account,
    Phone,
    Email,
    /// A picture to scan. Its value is what the code says where the address tells that, and the file's name otherwise.
    Qr,
    /// A link to a public service.
    Service,
    /// A link to a file to keep: a program, an archive or a document.
    Download,
    Logo,
}

impl Fact {
    /// All kinds, in the order in which they are shown.
    pub const ALL: [Self; 7] = [
        Self::Account,
        Self::Qr,
        Self::Service,
        Self::Download,
        Self::Phone,
        Self::Email,
        Self::Logo,
    ];

    /// The name in JSON and in the keys of `locales/`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Phone => "phone",
            Self::Email => "email",
            Self::Qr => "qr",
            Self::Service => "service",
            Self::Download => "download",
            Self::Logo => "logo",
        }
    }

    /// Whether a fact of this kind is found again by its words, since several may have one value: two links may lead to
    /// one host.
    fn is_labelled(self) -> bool {
        matches!(self, Self::Service | Self::Download)
    }
}

/// One fact of a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    pub kind: Fact,
    /// The fact without its spelling: digits, a host, a file's name. Two looks are compared by it.
    pub value: String,
    /// The words beside it, in lower case and without marks.
    pub label: String,
    /// The fact as the page writes it.
    pub shown: String,
    /// Keys of the texts around it.
    pub place: Vec<u64>,
}

impl Pin {
    /// A fact without a place. Value, label and text are cut to 240 bytes.
    pub fn new(kind: Fact, value: &str, label: &str, shown: &str) -> Self {
        let cut = |text: &str| text[..floor(text, LONGEST)].to_owned();
        Self {
            kind,
            value: cut(value),
            label: cut(label.trim()),
            shown: cut(shown),
            place: Vec::new(),
        }
    }

    /// Bytes of memory that the fact takes.
    pub fn bytes(&self) -> usize {
        let texts = [&self.value, &self.label, &self.shown];
        texts.iter().map(|it| it.len() + 24).sum::<usize>() + self.place.len() * 8 + 48
    }

    /// The fact between these texts.
    pub fn at(mut self, place: Vec<u64>) -> Self {
        self.place = place;
        self
    }

    /// Identifies the fact for people, in eight letters.
    pub fn id(&self) -> String {
        format!("{:08x}", self.key() >> 32)
    }

    /// Identifies the fact among those of all looks.
    pub fn key(&self) -> u64 {
        let label = if self.kind.is_labelled() {
            self.label.as_str()
        } else {
            ""
        };
        key(&format!("{} {} {label}", self.kind.as_str(), self.value))
    }
}

/// An officer's decision on a fact of a target: that it is watched although few looks had it, or that it is not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ruling {
    pub pin: Pin,
    /// Whether its change is told. A struck value stays silent; another value in its place is watched once looks pin it.
    pub is_watched: bool,
    pub by: String,
    pub at: Timestamp,
}

/// The last character boundary at or before byte `at`.
fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
