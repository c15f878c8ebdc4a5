//! One common call for all incidents that no officer has taken.

use super::{
    Addressee, Composed, Kind, Unsent,
    facts::{open_at, waits_for},
};
use crate::{
    deliver::recipients::Audience,
    model::{
        Incident,
        duty::{EscalationStep, Person},
    },
    notify::messages::calls,
};
use async_trait::async_trait;

/// Holds the highest escalation step that is called.
pub(super) struct Calls(pub EscalationStep);

#[async_trait]
impl Kind for Calls {
    async fn compose(&self, to: &Addressee<'_>) -> Result<Composed, Unsent> {
        let (world, now) = (to.world, to.world.clock.now());
        let mut all = open_at(world, to.notifier).await?;
        let waits = |it: &Incident| waits_for(world, to.notifier, it) && it.escalated > 0;
        all.retain(waits);
        let Some(first) = all.first() else {
            return Err(Unsent::Moot);
        };
        let mut called = world.config.called(first, now);
        let mut heads: Vec<Person> = Vec::new();
        for known in &all {
            let it = world.config.called(known, now);
            called.since = called.since.min(it.since);
            // the agency's head is not called if one of the agency's people has taken the incident
            let head = it.head.filter(|_| known.taken.is_none());
            heads.extend(head.filter(|head| !heads.contains(head)));
            let mut more = it.contacts;
            more.retain(|it| !called.contacts.contains(it));
            called.contacts.extend(more);
        }
        let zone = &world.config.service.timezone;
        let people = (&called, heads.as_slice());
        Ok(calls::message(&all, self.0, people, &world.locale, zone, now).into())
    }

    fn audience(&self) -> Audience<'_> {
        // each notifier gets its own incidents
        Audience::Everybody
    }
}
