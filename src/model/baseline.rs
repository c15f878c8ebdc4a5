//! The approved page, and the looks learnt since that show how it normally varies.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{Digest, Presentation};

/// A look with a body kept as evidence; a few hundred bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LookRef {
    /// Of the decoded body, and the name of its evidence file.
    pub digest: Digest,
    /// Of the normalised content (see `page::fingerprint`).
    pub content: Digest,
    pub shape: Digest,
    pub content_type: Option<String>,
    /// Where the body came from after redirects: relative links resolve against it.
    pub url: Url,
    pub at: Timestamp,
    /// The headers it was delivered with; `None` in looks kept by older versions.
    #[serde(default)]
    pub presentation: Option<Presentation>,
}

/// The looks that a page is compared with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    /// Oldest first; approved together.
    pub approved: Vec<LookRef>,
    /// A person's name, or `gaccong` where it was learnt at first sight.
    pub by: String,
    pub at: Timestamp,
    /// Pages judged normal since the approval, oldest first. Kept apart: an approval drops them.
    pub learnt: Vec<LookRef>,
}

/// Most approved and most learnt looks that are kept: each is parsed when a changed page is judged.
pub const KEPT: usize = 5;

impl Baseline {
    /// All looks, approved ones first.
    pub fn looks(&self) -> impl Iterator<Item = &LookRef> {
        self.approved.iter().chain(&self.learnt)
    }

    /// The page that a person is shown as "before".
    pub fn latest(&self) -> Option<&LookRef> {
        self.learnt.last().or(self.approved.last())
    }

    /// Keeps a page judged normal; the oldest learnt one makes room.
    pub fn learn(&mut self, look: LookRef) {
        self.learnt.push(look);
        if self.learnt.len() > KEPT {
            self.learnt.remove(0);
        }
    }
}
