//! What the portals of this service use, added up for the judge: plain data that looks share.

use std::sync::{Arc, Mutex};

use crate::{model::Fleet, world::lock::lock};

/// The fleet's knowledge as it was last added up; empty before the first time.
#[derive(Default)]
pub struct FleetKnowledge(Mutex<Arc<Fleet>>);

impl FleetKnowledge {
    /// The present knowledge. A look keeps what it got, whatever is added up meanwhile.
    pub(crate) fn now(&self) -> Arc<Fleet> {
        lock(&self.0).clone()
    }

    /// Replaces the knowledge.
    pub(crate) fn replace(&self, with: Fleet) {
        *lock(&self.0) = Arc::new(with);
    }
}
