//! What is wrong at one of a portal's addresses, and the state of the others meanwhile.

use std::net::IpAddr;

use super::{World, check::gravest, look::Look};
use crate::{
    incident,
    model::{Dossier, Incident, Standing, Target},
};

/// The address that looks should use. An open incident may stand at one address, and is over when that one is well. A
/// first baseline is learnt at one address, too: what a portal has in common with a stranger's page behind its other
/// address would be next to nothing.
pub(super) fn face(open: Option<&Incident>, dossier: &Dossier) -> Option<IpAddr> {
    let is_learning = dossier.baseline.is_none() && !dossier.learning.is_empty();
    match open {
        Some(open) => open.address,
        None => dossier.address.filter(|_| is_learning),
    }
}

/// Looks once more, at the next address in turn, where a portal fails at the address of its open incident: an attacker
/// must not hide a page behind an address that is down. Returns it where it shows news of tampering, else `first`.
pub(super) async fn worse(
    world: &World,
    target: &Target,
    dossier: &Dossier,
    open: Option<&Incident>,
    first: Look,
) -> Look {
    let Some(open) = open.filter(|_| first.observation.face.others) else {
        return first;
    };
    if matches!(first.class.standing(), Standing::Up | Standing::Tampered) {
        return first;
    }
    let other = gravest(world, target, dossier, false).await;
    let is_news = incident::is_news(Some(open), other.class, &other.verdict.signals);
    match other.class.standing() == Standing::Tampered && is_news {
        true => other,
        false => first,
    }
}
