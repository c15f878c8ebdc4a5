//! Looks at a portal's other addresses while an incident is open at one of them.

use crate::{
    incident,
    judge::Look,
    model::{Standing, Target},
    watch::{recorded::Recorded, visitors},
    world::World,
};

/// Looks at other addresses before an incident ends, at most.
const MOST: usize = 4;

/// Looks at the next address in turn, too, while an incident is open at another one: an attacker must not hide a page
/// behind an address that is down, or less defaced. Where the incident's own address is well again, the others are looked at
/// before it ends, up to the first that is silent, and it lasts while one of them is tampered with. Returns the gravest
/// look.
pub(crate) async fn gravest(
    world: &World,
    target: &Target,
    recorded: &Recorded,
    first: Look,
) -> Look {
    let open = recorded.open.as_ref();
    let Some(open) = open.filter(|_| first.observation.face.others) else {
        return first;
    };
    let is_well = first.class.standing() == Standing::Up;
    let mut seen = vec![first.observation.face.address];
    for _ in 0..if is_well { MOST } else { 1 } {
        let other = visitors::look_at(world, target, &recorded.dossier, false, None).await;
        let is_news = incident::is_news(Some(open), other.class, &other.verdict.signals);
        if other.class.standing() == Standing::Tampered && (is_news || is_well) {
            return other;
        }
        // an address that is silent costs a whole time limit: one of them is enough
        let is_silent = other.class.may_be_our_fault();
        let is_known = seen.len() > 1 && seen.contains(&other.observation.face.address);
        if is_silent || is_known {
            break;
        }
        seen.push(other.observation.face.address);
    }
    first
}
