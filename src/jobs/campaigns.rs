//! Finds one attacker behind incidents of several portals.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use async_trait::async_trait;

use super::{Job, When};
use crate::{actions::campaigns::tell, model::IncidentId, store::Wanted, world::World};

/// The job, with the open incidents that were asked last.
#[derive(Default)]
pub(super) struct Campaigns(BTreeSet<IncidentId>);

#[async_trait]
impl Job for Campaigns {
    fn name(&self) -> &'static str {
        "campaigns"
    }

    /// Each portal has rung by itself: the message that they belong together may be half a minute later.
    fn when(&self) -> When {
        When::Every(Duration::from_secs(30))
    }

    async fn run(&mut self, world: &Arc<World>) {
        let wanted = Wanted {
            open_only: true,
            ..Wanted::default()
        };
        let open = match world.store.incidents(&wanted).await {
            Ok(open) => open,
            Err(error) => {
                tracing::error!(%error, "open incidents cannot be read for campaigns");
                return;
            }
        };
        let open = open.into_iter().filter(|it| !it.traces.is_empty());
        let open: BTreeSet<IncidentId> = open.map(|it| it.id).collect();
        // ended incidents are read only where a new one may belong to them
        if open.is_subset(&self.0) {
            return;
        }
        match tell(world).await {
            Ok(()) => self.0 = open,
            Err(error) => tracing::error!(%error, "a campaign cannot be told"),
        }
    }
}
