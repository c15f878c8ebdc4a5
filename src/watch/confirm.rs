//! Burst looks over fresh connections until enough of them say the same.

use std::time::Duration;

use super::{World, check::gravest, look::Look};
use crate::model::{Dossier, Kind, Target};

/// What a burst came to.
pub(super) struct Confirmed {
    /// All looks in order, the first among them; the last is one of those that agree, where any do.
    pub looks: Vec<Look>,
    pub agreed: u32,
    /// Enough looks agree.
    pub sure: bool,
}

/// Looks again, spread evenly over `confirm.within`, until `agree` looks are of one kind or all are made.
pub(super) async fn confirm(
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
    let mut last = Kind::of(first.class);
    let mut looks = vec![first];
    loop {
        let agreed = looks
            .iter()
            .filter(|it| similar(Kind::of(it.class), last))
            .count() as u32;
        let sure = agreed >= rule.agree;
        if sure || looks.len() as u32 >= rule.looks {
            return Confirmed {
                looks,
                agreed,
                sure,
            };
        }
        tokio::time::sleep(gap).await;
        let look = gravest(world, target, dossier, false).await;
        last = Kind::of(look.class);
        looks.push(look);
    }
}

/// Two forms of tampering confirm each other.
fn similar(a: Option<Kind>, b: Option<Kind>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a == b || (a.is_tampering() && b.is_tampering()),
        (a, b) => a == b,
    }
}
