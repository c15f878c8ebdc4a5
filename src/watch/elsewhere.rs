//! What is wrong at one of a portal's addresses, and how the others are meanwhile.

use std::net::IpAddr;

use super::{World, check::gravest, look::Look};
use crate::{
    incident,
    model::{Dossier, Incident, Standing, Target},
};

/// Where looks go while an incident is open: it was seen at one address perhaps, and is over when that one is well.
pub(super) fn face(open: Option<&Incident>) -> Option<IpAddr> {
    open.and_then(|it| it.address)
}

/// A portal that fails at the address of its open incident is looked at once more, at the next address in turn: nobody
/// hides somebody else's page behind an address that is down for long. The look that is worse counts.
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
