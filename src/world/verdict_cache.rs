//! What pages came to that were judged already: one that stays defaced, or out of order, is not judged at each look.

use std::sync::Arc;

use crate::{
    model::{Class, Digest, LookRef, Say, Verdict, incident::ChangeLine},
    store::cache::Cache,
};

/// What judging a page came to.
#[derive(Clone, Debug)]
pub(crate) struct Judgement {
    pub class: Class,
    pub verdict: Verdict,
    pub cause: Option<Say>,
    pub title: Option<String>,
    pub changes: Vec<ChangeLine>,
    pub seen: Option<LookRef>,
}

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
        // a page over a limit may be judged with more time on another day
        if judgement.class != Class::ParserLimit {
            self.0.insert(case, Arc::new(judgement));
        }
    }
}
