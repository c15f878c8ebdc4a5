//! Facts that a portal vouches for: account numbers, telephones, QR pictures, links to services, programs, the logo.
//!
//! The rest of the comparison treats digits and the addresses of pictures as noise. Visitors act on exactly these: they
//! transfer money, call, scan and install. A [`Pin`] is one such fact with the words beside it; the norm counts in how
//! many recent looks it stood (`Norm::pinned`).

mod numbers;
mod pictures;
mod targets;
mod words;

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

pub use self::{
    targets::{is_document, is_program, is_state, promises_service},
    words::{bare, names_body, speaks_of_payment},
};
use crate::{model::digest::key, page::Page};

/// Facts of one kind that a page may have. A page with more is a directory: none of its facts is pinned.
const MOST: usize = 60;
/// Longest value or label of a fact in bytes.
const LONGEST: usize = 240;

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
    fn new(kind: Fact, value: &str, label: &str, shown: &str) -> Self {
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

    fn at(mut self, place: Vec<u64>) -> Self {
        self.place = place;
        self
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

/// The facts of all looks with the number of recent looks that had each, by [`Pin::key`].
pub type Pins = HashMap<u64, (Pin, u16)>;

/// Counts the facts of one look. The latest look's spelling is kept.
pub fn count(pins: &mut Pins, look: &[Pin], weight: u16) {
    for pin in look {
        let (kept, looks) = pins.entry(pin.key()).or_insert_with(|| (pin.clone(), 0));
        kept.clone_from(pin);
        *looks += weight;
    }
}

/// The facts of a page, each once.
pub fn of(page: &Page) -> Vec<Pin> {
    let mut all = numbers::of(page);
    all.extend(pictures::of(page));
    all.extend(targets::of(page));
    let mut seen = HashSet::new();
    all.retain(|it| !it.value.is_empty() && seen.insert(it.key()));
    let mut counts: HashMap<Fact, usize> = HashMap::new();
    for pin in &all {
        *counts.entry(pin.kind).or_default() += 1;
    }
    all.retain(|it| counts.get(&it.kind).is_none_or(|count| *count <= MOST));
    all
}

/// The last character boundary at or before byte `at`.
fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests;
