//! The ids of open incidents, so that the duty room's queries every few seconds read no closed incident.

use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::model::Incident;

/// The ids; unknown until the first query.
#[derive(Default)]
pub(super) struct OpenIncidents(Mutex<State>);

#[derive(Default)]
struct State {
    ids: Option<BTreeSet<String>>,
    /// Number of commits of incidents so far.
    version: u64,
}

impl OpenIncidents {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The ids of open incidents; `None` if they are not known.
    pub fn known(&self) -> Option<BTreeSet<String>> {
        self.state().ids.clone()
    }

    /// The number of commits so far, to be read before all incidents are.
    pub fn version(&self) -> u64 {
        self.state().version
    }

    /// Stores the ids that were read since `version`, unless a commit came in between.
    pub fn remember(&self, version: u64, ids: &BTreeSet<String>) {
        let mut state = self.state();
        if state.version == version {
            state.ids = Some(ids.clone());
        }
    }

    /// Applies committed incidents.
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

    /// Drops the ids after a failed write, which may have been done.
    pub fn forget(&self) {
        let mut state = self.state();
        state.version += 1;
        state.ids = None;
    }
}
