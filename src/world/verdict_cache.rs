//! What pages came to that were judged already: one that stays defaced, or out of order, is not judged at each look.

use std::sync::Arc;

use crate::{judge::Judgement, model::Digest, store::cache::Cache};

/// A normal page's judgement is some 300 bytes, an accused one's some kilobytes.
const KEPT: usize = 1024;

pub struct Memo(Cache<Digest, Arc<Judgement>>);

impl Default for Memo {
    fn default() -> Self {
        Self(Cache::new(KEPT))
    }
}

impl Memo {
    /// `case` stands for everything that the judgement depends on.
    pub(crate) fn recall(&self, case: &Digest) -> Option<Arc<Judgement>> {
        self.0.get(case)
    }

    pub(crate) fn keep(&self, case: Digest, judgement: Judgement) {
        self.0.insert(case, Arc::new(judgement));
    }
}
