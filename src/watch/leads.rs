//! Where a doubtful page leads: fetches the places that it newly leads to, before an alarm, and judges the page with them.

use std::{sync::Arc, time::Duration};

use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::time::{Instant, timeout_at};

use crate::{
    fetch::Visit,
    judge::Look,
    model::{
        Profile, Target, TargetState,
        lead::{Lead, Reached},
    },
    watch::look::{LookOptions, judge_again},
    world::World,
};

/// Most bytes of each place.
const LARGEST: u64 = 256 << 10;
/// Time for all places together; an alarm waits no longer.
const WITHIN: Duration = Duration::from_secs(5);

/// Fetches the places that a first look leads to and judges the look once more with them. Returns the look, and what was
/// fetched, for the looks that confirm it.
pub(crate) async fn follow(
    world: &World,
    target: &Target,
    target_state: &TargetState,
    first: Look,
) -> (Look, Arc<[Reached]>) {
    let profile = first.observation.profile;
    let is_first = target
        .settings
        .profiles
        .first()
        .is_none_or(|it| *it == profile);
    // the page of another visitor is judged beside that of the first, which is not at hand any more
    if first.leads.is_empty() || !is_first {
        return (first, Arc::default());
    }
    let reached = known_or_fetched(world, target, &first).await;
    if reached.is_empty() {
        return (first, reached);
    }
    let options = LookOptions {
        reached: Some(&reached),
        ..LookOptions::default()
    };
    let look = judge_again(world, target, target_state, first, options).await;
    (look, reached)
}

/// What was fetched lately for these leads, else what they show now. A place that is gone showed what it showed.
async fn known_or_fetched(world: &World, target: &Target, look: &Look) -> Arc<[Reached]> {
    let now = world.clock.now();
    let known = world.reached.get(&target.id, &look.leads, now);
    if let Some((reached, true)) = known {
        return reached;
    }
    let fetched: Arc<[Reached]> = fetch_all(world, target, look).await.into();
    let reached = match known {
        Some((before, _)) if fetched.is_empty() => before,
        _ => fetched,
    };
    let (id, leads) = (target.id.clone(), look.leads.clone());
    world.reached.insert(id, leads, now, reached.clone());
    reached
}

async fn fetch_all(world: &World, target: &Target, look: &Look) -> Vec<Reached> {
    let until = Instant::now() + WITHIN;
    let profile = look.observation.profile;
    let mut visits: FuturesUnordered<_> = look
        .leads
        .iter()
        .map(|it| timeout_at(until, fetch(world, target, profile, it)))
        .collect();
    let mut out = Vec::new();
    while let Some(done) = visits.next().await {
        out.extend(done.ok().flatten());
    }
    // in the order of the page, so that equal places give equal verdicts
    out.sort_by_key(|it: &Reached| look.leads.iter().position(|lead| *lead == it.lead));
    out
}

/// Visits one place as a visit of its own: without the portal's cookies, and through the guard that holds for strangers.
async fn fetch(world: &World, target: &Target, profile: Profile, lead: &Lead) -> Option<Reached> {
    let of = target.id.child("lead");
    let visit = Visit {
        target: &of,
        url: &lead.url,
        profile,
        timeout: WITHIN,
        max_body: LARGEST,
        validators: None,
        prefer: None,
        by_operator: false,
    };
    let fetched = world.eye.visit(&visit, world.clock.now()).await;
    let is_too_large = fetched.is_too_large();
    let answer = fetched.observation.answer().cloned();
    // programs are larger than the limit, and their beginning says what they are
    let body = fetched.body.or(fetched.partial.filter(|_| is_too_large))?;
    let body = body.slice(..body.len().min(LARGEST as usize));
    let hops = fetched.observation.hops.last().map(|it| it.to.clone());
    let (end, content_type) = match answer {
        Some(it) => (it.final_url, it.content_type),
        None => (hops.unwrap_or_else(|| lead.url.clone()), None),
    };
    let reached = Reached {
        lead: lead.clone(),
        end,
        content_type,
        body,
    };
    keep(world, target, &reached).await;
    Some(reached)
}

/// Keeps what a place showed as evidence: it may be gone a minute later.
async fn keep(world: &World, target: &Target, reached: &Reached) {
    match world.evidence.keep_body(reached.body.clone()).await {
        Ok(digest) => {
            tracing::info!(target.id = %target.id, url = %reached.lead.url, %digest, "a place that the page newly leads to is kept");
        }
        Err(error) => {
            tracing::error!(target.id = %target.id, %error, "a place that the page leads to cannot be kept");
        }
    }
}
