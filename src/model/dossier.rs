//! All that is remembered of one target between two looks. Small: bodies are evidence files.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Baseline, Class, Digest, IncidentId, LookRef, TargetId};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dossier {
    pub target: TargetId,
    /// Counted up by the store at every commit; a commit made from an older revision is refused.
    pub revision: u64,
    pub baseline: Option<Baseline>,
    /// Looks gathered for a first baseline.
    pub learning: Vec<LookRef>,
    pub validators: Option<Validators>,
    pub last: Option<LastLook>,
    pub open: Option<IncidentId>,
    /// Days of the certificate are counted from here.
    pub certificate_ends: Option<Timestamp>,
}

impl Dossier {
    pub fn new(target: TargetId) -> Self {
        Self {
            target,
            revision: 0,
            baseline: None,
            learning: Vec::new(),
            validators: None,
            last: None,
            open: None,
            certificate_ends: None,
        }
    }
}

/// What a conditional request sends, and the body that a 304 then stands for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Validators {
    pub etag: Option<String>,
    pub digest: Digest,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LastLook {
    pub at: Timestamp,
    pub class: Class,
    pub digest: Option<Digest>,
    pub elapsed_ms: u32,
}
