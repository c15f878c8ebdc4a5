//! Adds changes that an agency calls its own to the baselines. A job of its own, apart from `plans`, because it
//! fetches pages.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;

use super::{Job, When};
use crate::{
    actions::{
        plans::{adopt, open_planned},
        questions::adopt_answered,
    },
    model::{incident::Actor, plan::PlanStage},
    store::Result,
    world::World,
};

pub(super) struct Adoption;

#[async_trait]
impl Job for Adoption {
    fn name(&self) -> &'static str {
        "adoption"
    }

    /// Once a minute: a portal that shows no page is asked no more often than in a watch window.
    fn when(&self) -> When {
        When::Every(Duration::from_secs(60))
    }

    async fn run(&mut self, world: &Arc<World>) {
        if let Err(error) = adopt_all(world).await {
            tracing::error!(%error, "announced changes cannot be taken over");
        }
        if let Err(error) = adopt_answered(world).await {
            tracing::error!(%error, "changes that agencies answered for cannot be taken over");
        }
    }
}

async fn adopt_all(world: &World) -> Result<()> {
    let open = open_planned(world).await?;
    if open.is_empty() {
        return Ok(());
    }
    let plans = world.store.plans().await?;
    for incident in open.iter().filter(|it| it.kind.is_tampering()) {
        let plan = plans
            .iter()
            .find(|it| incident.planned.as_ref() == Some(&it.id));
        if let Some(plan) = plan
            && let PlanStage::Answered {
                by,
                origin,
                ours: true,
                ..
            } = &plan.stage
        {
            let by = Actor {
                name: by.clone(),
                origin: origin.clone(),
            };
            adopt(world, incident, plan, &by).await?;
        }
    }
    Ok(())
}
