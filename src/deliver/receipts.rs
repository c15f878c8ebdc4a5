//! Receipts: where a sent message is, so that it can be edited there.

use crate::{
    model::{About, Alert, Digest, Receipt},
    notify::Message,
    world::{World, address_book::moved_to},
};

/// The receipt of a subject at a notifier.
pub(super) async fn stored(world: &World, notifier: &str, subject: &str) -> Option<Receipt> {
    world.store.receipt(notifier, subject).await.unwrap_or(None)
}

/// The wording of an incident's last message, stored in place of a receipt if the notifier cannot edit.
pub(super) fn wording(world: &World, alert: &Alert, message: &Message) -> Option<Receipt> {
    let edits = world.notifier(&alert.notifier).is_none_or(|it| it.edits());
    let of_incident = matches!(alert.about, About::Incident(_));
    (of_incident && !edits).then(|| Receipt::Said(Digest::of(message.plain.as_bytes()).hex()))
}

/// Whether sending would edit the `earlier` message: an edit cannot arrive twice. A message in a chat that has moved
/// since cannot be edited; a new one is sent.
pub(super) async fn is_edit(world: &World, notifier: &str, earlier: Option<&Receipt>) -> bool {
    let (Some(earlier), Some(known)) = (earlier, world.notifier(notifier)) else {
        return false;
    };
    let address = known.address();
    let moved = moved_to(notifier, &address);
    let moved = world.store.marker(&moved).await.unwrap_or(None);
    let Receipt::Message { place, .. } = earlier else {
        return address.is_empty();
    };
    address.is_empty() || *place == known.place(moved.as_deref())
}
