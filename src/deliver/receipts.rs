//! Where messages lie, so that they can be brought up to date in their place.

use crate::{
    model::{About, Alert, Digest, Receipt, Storm, plan::PlanStage},
    notify::Message,
    world::World,
};

/// What stands in the place of a receipt where a notifier gives none: what was said last.
pub(crate) fn said(world: &World, name: &str, alert: &Alert, message: &Message) -> Option<Receipt> {
    let edits = world.notifier(name).is_none_or(|it| it.edits());
    let of_incident = matches!(alert.about, About::Incident(_));
    (of_incident && !edits).then(|| Receipt {
        place: Receipt::SAID.to_owned(),
        message: Digest::of(message.plain.as_bytes()).hex(),
    })
}

pub(crate) async fn receipt_at(world: &World, name: &str, alert: &Alert) -> Option<Receipt> {
    let subject = match &alert.about {
        About::Incident(_) | About::Request(_) | About::Requests(_) | About::Plan(_) => {
            alert.about.key()
        }
        _ => return None,
    };
    world.store.receipt(name, &subject).await.unwrap_or(None)
}

/// Where the earlier form of this message lies, if there is one.
pub(crate) async fn receipt(world: &World, name: &str, alert: &Alert) -> Option<Receipt> {
    match &alert.about {
        About::Incident(_) => receipt_at(world, name, alert)
            .await
            .filter(|it| Storm::of(it).is_none() && it.place != Receipt::SAID),
        // a question rings: it is a message of its own
        About::Plan(id) => {
            let plan = world.store.plan(id).await.unwrap_or(None);
            if plan.is_some_and(|it| it.stage == PlanStage::Asked) {
                return None;
            }
            receipt_at(world, name, alert).await
        }
        // officers have one message a request; who asked is told each step anew, since an edit rings nobody
        About::Request(_) if world.config.defaults.notify.iter().any(|it| it == name) => {
            receipt_at(world, name, alert).await
        }
        About::Requests(_) => receipt_at(world, name, alert).await,
        About::Storm(id) => {
            let storms = world.store.storms(name).await.unwrap_or_default();
            storms.into_iter().find(|it| it.id == *id)?.receipt
        }
        _ => None,
    }
}

/// The name under which it is remembered where a notifier's address went. It holds for that address alone:
/// a chat that is configured anew is spoken to itself.
pub fn moved_to(notifier: &str, address: &str) -> String {
    format!("moved/{notifier}/{address}")
}
