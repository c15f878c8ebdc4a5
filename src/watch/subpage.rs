//! One check of a part of a portal. A part that is gone, slow or in repair opens no incident and does not count towards the
//! portal's availability; an attacker's content in it opens one.

use crate::{
    model::{Dossier, Standing, Target},
    watch::{
        commit::commit,
        confirm::confirm,
        confirmed::{Agreement, Confirmed, FirstLook},
        other_addresses,
        recorded::Recorded,
        sightings, visitors,
    },
    world::World,
};

/// Checks a part once. `part` is the target that stands for it.
pub(crate) async fn check(world: &World, part: &Target) {
    let now = world.clock.now();
    let dossier = match world.store.dossier(&part.id).await {
        Ok(found) => found.unwrap_or_else(|| Dossier::new(part.id.clone())),
        Err(error) => {
            tracing::error!(target.id = %part.id, %error, "the dossier cannot be read; the part is left for the next round");
            return;
        }
    };
    let recorded = Recorded::with(world, dossier).await;
    let dossier = &recorded.dossier;
    let first = visitors::look_at(world, part, dossier, false, recorded.address()).await;
    let first = other_addresses::gravest(world, part, &recorded, first).await;
    tracing::debug!(target.id = %part.id, url = %part.url, class = %first.class, "looked at a part");
    let seen = match first.class.standing() {
        Standing::Up if recorded.open.is_some() || first.seen.is_some() => {
            let agreed = Agreement {
                seen_at: now,
                agreed: 1,
                looked: 1,
            };
            Confirmed::at_once(first, Some(agreed), FirstLook::default())
        }
        Standing::Tampered => {
            let seen_at = first.observation.at;
            match confirm(world, part, &recorded, first, seen_at).await {
                Some(seen) => seen,
                None => return,
            }
        }
        _ => return,
    };
    sightings::count_good(world, part, dossier, &seen).await;
    sightings::add_up(world, part, dossier, &seen).await;
    if seen.agreed.is_some() {
        commit(world, part, &seen.last, seen.agreed, part.settings.every).await;
    }
}
