//! The message of a storm in its present state.

use std::{collections::BTreeMap, net::IpAddr};

use super::{Addressee, Composed, Fallback, Kind, Unsent, facts, incident::message_to};
use crate::{
    deliver::recipients::Audience,
    model::{Receipt, Standing},
    notify::{common::StormContext, messages::storm},
    world::World,
};
use async_trait::async_trait;

pub(super) struct OfStorm<'a>(pub &'a str);

#[async_trait]
impl Kind for OfStorm<'_> {
    async fn compose(&self, to: &Addressee<'_>) -> Result<Composed, Unsent> {
        let world = to.world;
        let (known, members) = facts::storm(world, to.notifier, self.0).await?;
        let message = match members.as_slice() {
            // a storm with one incident gets that incident's message
            [only] => message_to(to, only),
            all => {
                let context = context(world).await;
                let (locale, zone) = (&world.locale, &world.config.service.timezone);
                storm::message(&known, all, &context, locale, zone, to.repeat)
            }
        };
        Ok(Composed { message, members })
    }

    fn audience(&self) -> Audience<'_> {
        Audience::Everybody
    }

    async fn earlier(&self, world: &World, notifier: &str) -> Option<Receipt> {
        let storms = world.store.storms(notifier).await.unwrap_or_default();
        storms.into_iter().find(|it| it.id == self.0)?.receipt
    }

    fn fallback(&self) -> Fallback<'_> {
        Fallback::Members(self.0)
    }
}

/// Server addresses of all watched portals, and whether each portal fails now.
async fn context(world: &World) -> StormContext {
    let all = world.store.all_summaries().await.unwrap_or_default();
    let mut addresses: BTreeMap<String, (IpAddr, bool)> = BTreeMap::new();
    for it in all {
        if let (Some(address), Some(last)) = (it.address, it.last)
            && !it.target.is_part()
        {
            let failing = !matches!(last.1.standing(), Standing::Up);
            addresses.insert(it.target.to_string(), (address, failing));
        }
    }
    StormContext {
        watched: addresses.into_values().collect(),
    }
}
