//! The portal as several visitors see it: one look for each profile, and at other addresses while an incident is open at one.

use crate::{
    judge::{self, Gravest, Look},
    model::{Profile, Standing, Target, TargetState},
    watch::{
        incidents,
        look::{LookOptions, look},
        recorded::Recorded,
        teach,
    },
    world::World,
};

/// Looks at other addresses before an incident ends, at most.
const OTHER_ADDRESSES: usize = 4;

/// Looks once as each profile and returns the gravest look. The look of the first profile is the portal's availability; each
/// other profile has a history of its own, and the look names the profiles that alone are shown something. All profiles look
/// at one address, so that a difference is the visitor's and not the address's. `options` are those of the first.
pub(crate) async fn look_at(
    world: &World,
    target: &Target,
    target_state: &TargetState,
    options: LookOptions<'_>,
) -> Look {
    let profiles = &target.settings.profiles;
    // the configuration holds at least one profile
    let profile = profiles.first().copied().unwrap_or(Profile::Desktop);
    let first = look_as(world, target, profile, target_state, options).await;
    if !judge::goes_on(&first) {
        return first;
    }
    let shown = first.to_compare();
    let options = LookOptions {
        validators: None,
        first_profile: Some(target_state),
        first_shown: shown.as_ref(),
        address: first.observation.face.address,
        reached: options.reached,
    };
    let mut gravest = Gravest::of(first);
    for profile in profiles.iter().skip(1) {
        let own = profile_dossier(world, target, *profile).await;
        let seen = look_as(world, target, *profile, &own, options).await;
        if seen.class.standing() == Standing::Tampered {
            gravest.add(seen);
        } else {
            teach::learn_profile(world, target, own, &seen).await;
        }
    }
    gravest.into_look()
}

/// Looks at the next address in turn, too, while an incident is open at another one: an attacker must not hide a page
/// behind an address that is down, or less defaced. Where the incident's own address is well again, the others are looked at
/// before it ends, up to the first that is silent, and it lasts while one of them is tampered with. Returns the gravest
/// look.
pub(crate) async fn look_at_other_addresses(
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
    for _ in 0..if is_well { OTHER_ADDRESSES } else { 1 } {
        let other = look_at(
            world,
            target,
            &recorded.target_state,
            LookOptions::default(),
        )
        .await;
        let is_news = incidents::is_news(Some(open), &other);
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

/// Looks as one profile, counts how the look was decided, and keeps its mask.
async fn look_as(
    world: &World,
    target: &Target,
    profile: Profile,
    target_state: &TargetState,
    options: LookOptions<'_>,
) -> Look {
    let seen = look(world, target, profile, target_state, options).await;
    world.metrics.count_decision(seen.decided_by.as_str());
    teach::record_mask(world, &target_state.target, &seen).await;
    seen
}

/// What is remembered of the pages that another profile than the first is shown.
pub async fn profile_dossier(world: &World, target: &Target, profile: Profile) -> TargetState {
    let id = target.id.child(profile.as_str());
    match world.store.target_state(&id).await {
        Ok(found) => found.unwrap_or_else(|| TargetState::new(id)),
        Err(error) => {
            tracing::error!(target.id = %id, %error, "the target's state cannot be read; the visitor is taken for a new one");
            TargetState::new(id)
        }
    }
}
