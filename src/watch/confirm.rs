//! Burst looks over fresh connections until enough of them say the same.

use std::time::Duration;

use super::check::gravest_at;
use crate::{
    judge::Look,
    model::{Dossier, Kind, Target},
    world::World,
};

/// What a burst came to.
pub(crate) struct Confirmed {
    /// All looks in order, the first among them; the last is one of those that agree, where any do.
    pub looks: Vec<Look>,
    pub agreed: u32,
    /// Enough looks agree.
    pub sure: bool,
}

/// Looks again, spread evenly over `confirm.within`, until `agree` looks are of one kind or all are made; for a portal
/// that shows tampering and fails in turn, up to twice as many.
pub(crate) async fn confirm(
    world: &World,
    target: &Target,
    dossier: &Dossier,
    first: Look,
) -> Confirmed {
    let rule = target.settings.confirm;
    let gap = rule
        .within
        .checked_div(rule.looks)
        .unwrap_or(Duration::ZERO);
    // a look at one address of a portal is confirmed at that address
    let face = first.observation.face.address;
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
            (count(&looks, |it| similar(it, last)), rule.looks)
        };
        let sure = agreed >= rule.agree;
        if sure || looks.len() as u32 >= most {
            if sure && tampered > 0 && well < rule.agree {
                // the one that shows it comes last
                let at = looks.iter().rposition(|it| Kind::of(it.class) == last);
                if let Some(at) = at {
                    let shown = looks.remove(at);
                    looks.push(shown);
                }
            }
            return Confirmed {
                looks,
                agreed,
                sure,
            };
        }
        tokio::time::sleep(gap).await;
        looks.push(gravest_at(world, target, dossier, false, face).await);
    }
}

fn count(looks: &[Look], which: impl Fn(Option<Kind>) -> bool) -> u32 {
    looks.iter().filter(|it| which(Kind::of(it.class))).count() as u32
}

/// Two forms of tampering confirm each other.
fn similar(a: Option<Kind>, b: Option<Kind>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a == b || (a.is_tampering() && b.is_tampering()),
        (a, b) => a == b,
    }
}
