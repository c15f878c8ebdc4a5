//! Which incidents are open, so that the duty room's questions every few seconds read no closed one.

use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::model::Incident;

/// Unknown until the first question.
#[derive(Default)]
pub(super) struct OpenIncidents(Mutex<State>);

#[derive(Default)]
struct State {
    ids: Option<BTreeSet<String>>,
    /// Counts commits of incidents.
    version: u64,
}

impl OpenIncidents {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn known(&self) -> Option<BTreeSet<String>> {
        self.state().ids.clone()
    }

    /// To be asked before all incidents are read.
    pub fn version(&self) -> u64 {
        self.state().version
    }

    /// Remembers what was read since `version`, unless a commit came in between.
    pub fn remember(&self, version: u64, ids: &BTreeSet<String>) {
        let mut state = self.state();
        if state.version == version {
            state.ids = Some(ids.clone());
        }
    }

    /// Incidents that were committed.
    pub fn note(&self, incidents: &[Incident]) {
        let mut state = self.state();
        if incidents.is_empty() {
            return;
        }
        state.version += 1;
        let Some(ids) = &mut state.ids else {
            return;
        };
        for it in incidents {
            if it.stage.is_open() {
                ids.insert(it.id.to_string());
            } else {
                ids.remove(&it.id.0);
            }
        }
    }

    /// After a write that failed, and may have been done.
    pub fn forget(&self) {
        let mut state = self.state();
        state.version += 1;
        state.ids = None;
    }
}
