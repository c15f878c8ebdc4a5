//! The message of an announced change.

use super::{Addressee, Composed, Kind, Unsent, receipts};
use crate::{
    actions::plans,
    deliver::recipients::Audience,
    model::{
        Receipt,
        plan::{PlanId, PlanStage},
    },
    notify::messages::plan::{Background, message},
    world::World,
};
use async_trait::async_trait;

pub(super) struct OfPlan<'a>(pub &'a PlanId);

#[async_trait]
impl Kind for OfPlan<'_> {
    async fn compose(&self, to: &Addressee<'_>) -> Result<Composed, Unsent> {
        let (world, id) = (to.world, self.0);
        let known = world.store.plan(id).await?;
        let known = known.ok_or_else(|| Unsent::Gone(format!("there is no plan {id}")))?;
        let operators = world.config.operators().names();
        let asked = known.asked(operators);
        let background = Background {
            names: &plans::names(world, &known.targets).await?,
            seen: &plans::seen_in(world, &known).await?,
            asked: asked.iter().any(|it| *it == to.notifier),
        };
        let zone = &world.config.service.timezone;
        Ok(message(&known, &background, &world.locale, zone).into())
    }

    fn audience(&self) -> Audience<'_> {
        Audience::Operators
    }

    /// The question about a plan is a new message, so that it rings; other messages edit the earlier one.
    async fn earlier(&self, world: &World, notifier: &str) -> Option<Receipt> {
        let plan = world.store.plan(self.0).await.unwrap_or(None);
        if plan.is_some_and(|it| it.stage == PlanStage::Asked) {
            return None;
        }
        receipts::stored(world, notifier, &self.0.to_string()).await
    }
}
