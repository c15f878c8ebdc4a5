//! What is wrong at one of a portal's addresses, and the state of the others meanwhile.

use std::net::IpAddr;

use crate::{
    judge::Look,
    model::{Dossier, Incident, Standing, Target},
    watch::{check::gravest, finding::is_news},
    world::World,
};

/// The address that looks should use. An open incident may stand at one address, and is over when that one is well. A
/// first baseline is learnt at one address, too: what a portal has in common with a stranger's page behind its other
/// address would be next to nothing.
pub(crate) fn face(open: Option<&Incident>, dossier: &Dossier) -> Option<IpAddr> {
    let is_learning = dossier.baseline.is_none() && !dossier.learning.is_empty();
    match open {
        Some(open) => open.address,
        None => dossier.address.filter(|_| is_learning),
    }
}

/// Most looks at other addresses before an incident ends.
const MOST: usize = 4;

/// Looks at the next address in turn, too, while an incident is open at another one: an attacker must not hide a page
/// behind an address that is down, or that he defaced less. Where the incident's own address is well again, the others
/// are looked at before it ends, up to the first that is silent, and it lasts while one of them is tampered with. Returns
/// the look that says most.
pub(crate) async fn look_at_other_addresses(
    world: &World,
    target: &Target,
    dossier: &Dossier,
    open: Option<&Incident>,
    first: Look,
) -> Look {
    let Some(open) = open.filter(|_| first.observation.face.others) else {
        return first;
    };
    let is_well = first.class.standing() == Standing::Up;
    let mut seen = vec![first.observation.face.address];
    for _ in 0..if is_well { MOST } else { 1 } {
        let other = gravest(world, target, dossier, false).await;
        let is_news = is_news(Some(open), &other);
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
