//! Cache of judgements, so that a portal that stays defaced or out of order is not judged at every look.

use std::sync::Arc;

use crate::{judge::Judgement, model::Digest, store::cache::Cache};

/// Judgements kept. One of a normal page is some 300 bytes, one of an accused page some kilobytes.
const KEPT: usize = 1024;

/// Judgements by everything that they depend on (`judge::cache_key`).
pub struct VerdictCache(Cache<Digest, Arc<Judgement>>);

impl Default for VerdictCache {
    fn default() -> Self {
        Self(Cache::new(KEPT))
    }
}

impl VerdictCache {
    pub(crate) fn get(&self, key: &Digest) -> Option<Arc<Judgement>> {
        self.0.get(key)
    }

    pub(crate) fn insert(&self, key: Digest, judgement: Judgement) {
        self.0.insert(key, Arc::new(judgement));
    }
}
