//! Confirms a first look: doubts our own network, notes tampering, and looks again over fresh connections until enough looks
//! agree.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;

use crate::{
    judge::Look,
    model::{Kind, Standing, Target, TargetState, lead::Reached},
    watch::{
        confirmed::{Agreement, Confirmed},
        connectivity::check_connectivity,
        look::LookOptions,
        recorded::Recorded,
        sightings, visitors,
    },
    world::{World, connectivity::NetworkState},
};

/// Confirms the first look of a check that began at `seen_at`, where it is news. `None` where our own network is gone.
pub(crate) async fn confirm(
    world: &World,
    target: &Target,
    recorded: &Recorded,
    first: Look,
    reached: &Arc<[Reached]>,
    seen_at: Timestamp,
) -> Option<Confirmed> {
    let open = recorded.open.as_ref();
    if check_connectivity(world, target, open, &first).await == NetworkState::Offline {
        return None;
    }
    let noted = sightings::note_first(world, target, recorded, &first).await;
    if !noted.is_news {
        return Some(Confirmed::at_once(first, None, noted));
    }
    let burst = look_again(world, target, &recorded.target_state, first, reached).await;
    let mut looks = burst.looks;
    let agreed = burst.sure.then_some(Agreement {
        seen_at,
        agreed: burst.agreed,
        looked: looks.len() as u32,
    });
    let last = looks.pop()?;
    // the network may have gone meanwhile; of a part of a portal, only tampering is an accusation
    let accuses = target.part.is_none() || last.class.standing() == Standing::Tampered;
    if accuses && check_connectivity(world, target, open, &last).await == NetworkState::Offline {
        return None;
    }
    Some(Confirmed {
        earlier: looks,
        last,
        agreed,
        first: noted,
    })
}

/// The outcome of a burst of looks.
struct Burst {
    /// All looks in order, the first among them; the last is one of those that agree, where any do.
    looks: Vec<Look>,
    agreed: u32,
    /// Enough looks agree.
    sure: bool,
}

/// Looks again, spread evenly over `confirm.within`, until `agree` looks are of one kind or all are made; for a portal
/// that shows tampering and fails in turn, up to twice as many.
async fn look_again(
    world: &World,
    target: &Target,
    target_state: &TargetState,
    first: Look,
    reached: &Arc<[Reached]>,
) -> Burst {
    let rule = target.settings.confirm;
    let gap = rule
        .within
        .checked_div(rule.looks)
        .unwrap_or(Duration::ZERO);
    // a look at one address of a portal is confirmed at that address
    let address = first.observation.face.address;
    let mut looks = vec![first];
    loop {
        // failures do not outvote looks that show tampering: a portal may show an attacker's page and fail in turn
        let tampered = count(&looks, |it| it.is_some_and(Kind::is_tampering));
        let last = match tampered {
            0 => looks.last().and_then(|it| Kind::of(it.class)),
            _ => looks
                .iter()
                .rev()
                .map(|it| Kind::of(it.class))
                .find(|it| it.is_some_and(Kind::is_tampering))
                .flatten(),
        };
        let well = count(&looks, |it| it.is_none());
        let failed = looks.len() as u32 - tampered - well;
        let (agreed, most) = if tampered > 0 && well < rule.agree {
            (tampered, rule.looks + failed.min(rule.looks))
        } else {
            let last = looks.last().and_then(|it| Kind::of(it.class));
            (count(&looks, |it| agree(it, last)), rule.looks)
        };
        let sure = agreed >= rule.agree;
        if sure || looks.len() as u32 >= most {
            if sure && tampered > 0 && well < rule.agree {
                // a look that shows the tampering comes last
                let at = looks.iter().rposition(|it| Kind::of(it.class) == last);
                if let Some(at) = at {
                    let shown = looks.remove(at);
                    looks.push(shown);
                }
            }
            return Burst {
                looks,
                agreed,
                sure,
            };
        }
        tokio::time::sleep(gap).await;
        let options = LookOptions {
            address,
            reached: Some(reached).filter(|it| !it.is_empty()),
            ..LookOptions::default()
        };
        looks.push(visitors::look_at(world, target, target_state, options).await);
    }
}

fn count(looks: &[Look], is_counted: impl Fn(Option<Kind>) -> bool) -> u32 {
    let counted = looks.iter().filter(|it| is_counted(Kind::of(it.class)));
    counted.count() as u32
}

/// Whether one look confirms another. Two forms of tampering confirm each other.
fn agree(a: Option<Kind>, b: Option<Kind>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a == b || (a.is_tampering() && b.is_tampering()),
        (a, b) => a == b,
    }
}
