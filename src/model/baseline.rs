//! The approved pages of a target, and the pages learnt since, which show how the page normally varies.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{Digest, Presentation};

/// A reference to a look with a body that is kept as evidence; a few hundred bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LookRef {
    /// Digest of the decoded body, which is also the name of its evidence file.
    pub digest: Digest,
    /// Digest of the normalised content (see `page::fingerprint`).
    pub content: Digest,
    /// Digest of the sequence of tags.
    pub shape: Digest,
    pub content_type: Option<String>,
    /// The URL after redirects, against which relative links are resolved.
    pub url: Url,
    pub at: Timestamp,
    /// The headers that the body was delivered with; `None` in looks of older versions.
    #[serde(default)]
    pub presentation: Option<Presentation>,
}

/// The looks that a page is compared with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    /// The approved looks, oldest first.
    pub approved: Vec<LookRef>,
    /// The approving person; `gaccong` if the baseline was learnt at first sight.
    pub by: String,
    pub at: Timestamp,
    /// Looks that were judged normal since the approval, oldest first. Kept apart, because an approval drops them.
    pub learnt: Vec<LookRef>,
}

/// Approved looks, and learnt looks, that are kept at most: each is parsed when a changed page is judged.
pub const KEPT: usize = 5;

impl Baseline {
    /// All looks, approved ones first.
    pub fn looks(&self) -> impl Iterator<Item = &LookRef> {
        self.approved.iter().chain(&self.learnt)
    }

    /// The look that people are shown as "before".
    pub fn latest(&self) -> Option<&LookRef> {
        self.learnt.last().or(self.approved.last())
    }

    /// Adds a look that was judged normal; beyond [`KEPT`] the oldest learnt look is dropped.
    pub fn learn(&mut self, look: LookRef) {
        self.learnt.push(look);
        if self.learnt.len() > KEPT {
            self.learnt.remove(0);
        }
    }
}
