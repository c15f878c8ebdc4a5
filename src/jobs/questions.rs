//! Ends questions to agencies when the time for an answer is over: the change rings.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;

use super::{Job, When};
use crate::{actions::questions::end_overdue, world::World};

pub(super) struct Questions;

#[async_trait]
impl Job for Questions {
    fn name(&self) -> &'static str {
        "questions"
    }

    /// Agencies have minutes or hours; half a minute more does not matter.
    fn when(&self) -> When {
        When::Every(Duration::from_secs(30))
    }

    async fn run(&mut self, world: &Arc<World>) {
        if let Err(error) = end_overdue(world).await {
            tracing::error!(%error, "questions without an answer cannot be ended");
        }
    }
}
