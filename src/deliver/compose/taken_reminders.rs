//! One common reminder of all incidents that were taken long ago and are still open.

use super::{
    Addressee, Composed, Kind, Unsent,
    facts::{held, open_at},
};
use crate::{
    deliver::recipients::Audience,
    model::{
        duty::Holder,
        incident::{Taken, What},
    },
    notify::messages::taken_reminders,
};
use async_trait::async_trait;

/// An incident counts as reminded if one of this many last time line events is a reminder: delivery notes may follow
/// it.
const NEAR_THE_END: usize = 10;

pub(super) struct TakenReminders;

#[async_trait]
impl Kind for TakenReminders {
    async fn compose(&self, to: &Addressee<'_>) -> Result<Composed, Unsent> {
        let world = to.world;
        let mut all = open_at(world, to.notifier).await?;
        all.retain(|it| {
            let mut last = it.timeline.iter().rev().take(NEAR_THE_END);
            held(world, to.notifier, it).is_some() && last.any(|it| it.what == What::Nudged)
        });
        if all.is_empty() {
            return Err(Unsent::Moot);
        }
        let mut holders: Vec<(Holder, usize)> = Vec::new();
        for taken in all.iter().filter_map(|it| held(world, to.notifier, it)) {
            let is_same = |it: &Taken| (&it.by, &it.origin) == (&taken.by, &taken.origin);
            match holders.iter_mut().find(|it| is_same(&it.0.taken)) {
                Some(known) => known.1 += 1,
                None => holders.push((world.config.holder(taken), 1)),
            }
        }
        Ok(taken_reminders::message(&all, &holders, &world.locale).into())
    }

    /// Each notifier gets its own incidents.
    fn audience(&self) -> Audience<'_> {
        Audience::Everybody
    }
}
