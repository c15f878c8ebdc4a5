//! Burst looks over fresh connections until enough of them say the same.

use std::time::Duration;

use super::{World, check::gravest, look::Look};
use crate::model::{Dossier, Kind, Target};

/// What a burst came to.
pub(super) struct Confirmed {
    /// The last look of those that agree; where none agree, the last look.
    pub look: Look,
    pub agreed: u32,
    pub looked: u32,
    /// Enough looks agree.
    pub sure: bool,
}

/// Looks again, spread evenly over `confirm.within`, until `agree` looks are of one kind or all are
/// made. `saw` is called for each look, so that none of them is missing from history.
pub(super) async fn confirm(
    world: &World,
    target: &Target,
    dossier: &Dossier,
    first: Look,
    saw: &mut (dyn AsyncFnMutLook + Send),
) -> Confirmed {
    let rule = target.settings.confirm;
    let gap = rule.within.checked_div(rule.looks).unwrap_or(Duration::ZERO);
    let mut kinds: Vec<Option<Kind>> = vec![Kind::of(first.class)];
    let mut last = first;
    loop {
        let kind = Kind::of(last.class);
        let agreed = kinds.iter().filter(|it| similar(**it, kind)).count() as u32;
        let looked = kinds.len() as u32;
        let sure = agreed >= rule.agree;
        if sure || looked >= rule.looks {
            return Confirmed { look: last, agreed, looked, sure };
        }
        tokio::time::sleep(gap).await;
        last = gravest(world, target, dossier, false).await;
        saw.saw(&last).await;
        kinds.push(Kind::of(last.class));
    }
}

/// Two forms of tampering confirm each other.
fn similar(a: Option<Kind>, b: Option<Kind>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a == b || (a.is_tampering() && b.is_tampering()),
        (a, b) => a == b,
    }
}

/// Something that wants to know of every look.
#[async_trait::async_trait]
pub(super) trait AsyncFnMutLook {
    async fn saw(&mut self, look: &Look);
}
