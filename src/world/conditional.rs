//! Which looks may be conditional requests ("not modified"): every second one at most.

use std::{collections::HashSet, sync::Mutex};

use crate::{model::TargetId, world::lock::lock};

/// Targets with a full last look: the next one may be conditional. In memory only: a restart begins with a full look.
#[derive(Default)]
pub struct FullLooks(Mutex<HashSet<TargetId>>);

impl FullLooks {
    /// Whether the next look at a target may be conditional, where its portal is `calm`. Counts that look.
    pub(crate) fn may_be_conditional(&self, id: &TargetId, calm: bool) -> bool {
        let mut full = lock(&self.0);
        if calm && full.remove(id) {
            return true;
        }
        full.insert(id.clone());
        false
    }
}
