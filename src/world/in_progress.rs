//! Targets with a job in progress, one job each.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
};

use crate::{model::TargetId, world::lock::lock};

/// The targets that a job of one kind works on now.
#[derive(Clone, Default)]
pub struct InProgress(Arc<Mutex<HashSet<TargetId>>>);

/// Marks one target as worked on, until it is dropped.
pub(crate) struct Mark(InProgress, TargetId);

impl InProgress {
    /// Marks a target; `None` if a job works on it already.
    pub(crate) fn begin(&self, of: &TargetId) -> Option<Mark> {
        lock(&self.0)
            .insert(of.clone())
            .then(|| Mark(self.clone(), of.clone()))
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        lock(&self.0.0).remove(&self.1);
    }
}

#[cfg(test)]
mod tests {
    use crate::world::in_progress::*;

    #[test]
    fn a_target_has_one_job_at_a_time() {
        let jobs = InProgress::default();
        let (a, b): (TargetId, TargetId) = ("a".parse().unwrap(), "b".parse().unwrap());
        let first = jobs.begin(&a);
        assert!(first.is_some() && jobs.begin(&a).is_none());
        assert!(jobs.begin(&b).is_some());
        drop(first);
        assert!(jobs.begin(&a).is_some());
    }
}
