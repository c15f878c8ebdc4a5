//! Ends announced changes: asks the agency about a plan once it is over, and ends silences that outlive their plan.

use std::sync::Arc;

use async_trait::async_trait;

use super::{DUTY_ROOM, Job, When};
use crate::{
    actions::plans::{end, open_planned, ring},
    incident::plan::is_left_over,
    model::plan::PlanStage,
    store::Result,
    world::World,
};

pub(super) struct Plans;

#[async_trait]
impl Job for Plans {
    fn name(&self) -> &'static str {
        "plans"
    }

    fn when(&self) -> When {
        When::Every(DUTY_ROOM)
    }

    async fn run(&mut self, world: &Arc<World>) {
        if let Err(error) = bring_forward(world).await {
            tracing::error!(%error, "announced changes cannot be brought forward");
        }
    }
}

async fn bring_forward(world: &World) -> Result<()> {
    let now = world.clock.now();
    let plans = world.store.plans().await?;
    let over = |stage: &PlanStage| *stage == PlanStage::Announced;
    for plan in plans.iter().filter(|it| over(&it.stage) && it.to <= now) {
        end(world, plan, now).await?;
    }
    if plans.is_empty() {
        return Ok(());
    }
    // a silence ends for an outage, a cancelled plan, or an unanswered question
    let plans = world.store.plans().await?;
    for incident in open_planned(world).await? {
        let plan = plans
            .iter()
            .find(|it| incident.planned.as_ref() == Some(&it.id));
        if is_left_over(&incident, plan, now) {
            ring(world, &incident, now).await?;
        }
    }
    Ok(())
}
