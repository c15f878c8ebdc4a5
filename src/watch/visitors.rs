//! One look for each profile of a target: the portal as several visitors see it.

use std::net::IpAddr;

use crate::{
    judge::{self, Gravest, Look},
    model::{Dossier, Profile, Standing, Target, TargetId},
    watch::{
        look::{LookOptions, look},
        teach,
    },
    world::World,
};

/// Looks once as each profile and returns the gravest look. The look of the first profile is the portal's availability; each
/// other profile has a history of its own, and the look names the profiles that alone are shown something. All profiles look
/// at one address, so that a difference is the visitor's and not the address's: at `address`, where the portal still has it.
pub(crate) async fn look_at(
    world: &World,
    target: &Target,
    dossier: &Dossier,
    conditional: bool,
    address: Option<IpAddr>,
) -> Look {
    let profiles = &target.settings.profiles;
    // the configuration holds at least one profile
    let profile = profiles.first().copied().unwrap_or(Profile::Desktop);
    let validators = dossier.validators.as_ref();
    let options = LookOptions {
        validators: validators.filter(|_| conditional && !dossier.faces),
        first_profile: None,
        address,
    };
    let first = look(world, target, profile, dossier, options).await;
    count(world, &dossier.target, &first).await;
    if !judge::goes_on(&first) {
        return first;
    }
    let options = LookOptions {
        validators: None,
        first_profile: Some(dossier),
        address: first.observation.face.address,
    };
    let mut gravest = Gravest::of(first);
    for profile in profiles.iter().skip(1) {
        let own = profile_dossier(world, target, *profile).await;
        let seen = look(world, target, *profile, &own, options).await;
        count(world, &own.target, &seen).await;
        if seen.class.standing() == Standing::Tampered {
            gravest.add(seen);
        } else {
            teach::learn_profile(world, target, own, &seen).await;
        }
    }
    gravest.into_look()
}

/// Counts how a look was decided, and keeps its mask.
async fn count(world: &World, of: &TargetId, look: &Look) {
    world.metrics.count_decision(look.decided_by.as_str());
    teach::record_mask(world, of, look).await;
}

/// What is remembered of the pages that another profile than the first is shown.
pub async fn profile_dossier(world: &World, target: &Target, profile: Profile) -> Dossier {
    let id = target.id.beside(profile.as_str());
    match world.store.dossier(&id).await {
        Ok(found) => found.unwrap_or_else(|| Dossier::new(id)),
        Err(error) => {
            tracing::error!(target.id = %id, %error, "the dossier cannot be read; the visitor is taken for a new one");
            Dossier::new(id)
        }
    }
}
