//! A registration request: to the officers, or to the asker.

use super::{Addressee, Composed, Kind, Unsent, receipts};
use crate::{
    actions::request_alerts::background,
    deliver::recipients::Audience,
    model::{Receipt, registration::RequestId},
    notify::messages::request,
    world::World,
};
use async_trait::async_trait;

pub(super) struct OfRequest<'a>(pub &'a RequestId);

#[async_trait]
impl Kind for OfRequest<'_> {
    async fn compose(&self, to: &Addressee<'_>) -> Result<Composed, Unsent> {
        let (world, id) = (to.world, self.0);
        let (locale, zone) = (&world.locale, &world.config.service.timezone);
        let known = world.store.request(id).await?;
        let known = known.ok_or_else(|| Unsent::Gone(format!("there is no request {id}")))?;
        if !world.config.operators().include(to.notifier) {
            let message = request::to_asker(&known, locale, zone);
            return message.map(Into::into).ok_or(Unsent::Moot);
        }
        let background = background(world, &known).await?;
        Ok(request::to_officers(&known, background.shown(), locale, zone).into())
    }

    fn audience(&self) -> Audience<'_> {
        Audience::Operators
    }

    /// Officers have one message for each request, which is edited. The asker gets a new message for each step,
    /// because an edit makes no sound.
    async fn earlier(&self, world: &World, notifier: &str) -> Option<Receipt> {
        if !world.config.operators().include(notifier) {
            return None;
        }
        receipts::stored(world, notifier, &self.0.0).await
    }
}
