//! One check, start to end: look, confirm, decide and commit, learn.

use std::time::Duration;

use jiff::Timestamp;

use crate::{
    incident,
    judge::learn::{needs_approval, teaches},
    model::{Class, Standing, Target, TargetState, window},
    watch::{
        commit::{commit, record_history},
        confirm::confirm,
        leads,
        look::LookOptions,
        recorded::Recorded,
        sheets, sightings, subpages,
        visitors::{look_at, look_at_other_addresses},
    },
    world::World,
};

/// Pause between looks at a target while our own network is gone.
const OFFLINE_PAUSE: Duration = Duration::from_secs(30);

/// The outcome of a check.
#[derive(Clone, Copy, Debug)]
pub struct Checked {
    /// `None` where our own network is gone.
    pub class: Option<Class>,
    /// The pause before the next check.
    pub next: Duration,
}

/// Admission to a first look, given back when dropped. What follows the first look is mostly waiting.
pub struct Permit(Option<Box<dyn FnOnce() + Send + Sync>>);

impl Permit {
    /// `release` is called when the permit is dropped.
    pub fn new(release: impl FnOnce() + Send + Sync + 'static) -> Self {
        Self(Some(Box::new(release)))
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(release) = self.0.take() {
            release();
        }
    }
}

/// Checks a target once. Failures of the store go to the log, and the watch goes on.
pub async fn check(world: &World, target: &Target) -> Checked {
    check_with(world, target, Permit(None)).await
}

/// Like [`check`]; gives `permit` back after the first look.
pub async fn check_with(world: &World, target: &Target, permit: Permit) -> Checked {
    let now = world.clock.now();
    let every = window::interval(target.settings.every, &world.windows(now), now);
    let recorded = Recorded::read(world, target).await;
    let target_state = &recorded.target_state;
    let baseline = target_state.baseline.as_ref().map(|it| it.at);
    world.sheets.follow(&target.id, baseline).await;
    let settled = world.sheets.known(&target.id).await.is_settled();
    let conditional = may_be_conditional(world, target_state, now) && settled;
    let options = LookOptions {
        validators: target_state
            .validators
            .as_ref()
            .filter(|_| conditional && !target_state.faces),
        address: recorded.address(),
        ..LookOptions::default()
    };
    let first = look_at(world, target, target_state, options).await;
    drop(permit);
    let first = look_at_other_addresses(world, target, &recorded, first).await;
    let first = sheets::complete(world, target, target_state, first).await;
    let (first, reached) = leads::follow(world, target, target_state, first).await;
    let Some(seen) = confirm(world, target, &recorded, first, &reached, now).await else {
        return Checked {
            class: None,
            next: every.min(OFFLINE_PAUSE),
        };
    };
    record_history(world, target, seen.looks(), every).await;
    sightings::add_up(world, target, target_state, &seen).await;
    let look = &seen.last;
    if needs_approval(target_state, look) {
        tracing::warn!(target.id = %target.id, score = look.verdict.score,
            "a page that is doubtful at first sight does not become a baseline by itself; look at it and run: gaccong approve {} --by NAME", target.id.portal());
    }
    let is_up = look.class.standing() == Standing::Up;
    let calm = seen.agreed.is_none() && target_state.open.is_none() && is_up;
    if !calm || teaches(target, target_state, look, every) {
        commit(world, target, look, seen.agreed, every).await;
    }
    sheets::renew(world, target, look, calm).await;
    if is_up || look.class.standing() == Standing::Asked {
        subpages::check_next(world, target).await;
    }
    let next = if is_up && target_state.baseline.is_none() {
        target.settings.learn.every.min(every)
    } else if seen.first.is_noted() {
        sightings::random_interval(every)
    } else {
        sightings::interval(target_state, every, now)
    };
    Checked {
        class: Some(look.class),
        next,
    }
}

/// Whether a portal may answer that nothing changed: never while it is doubted or in a watch window, and never twice in
/// a row, since an attacker's server could answer so for ever.
fn may_be_conditional(world: &World, target_state: &TargetState, now: Timestamp) -> bool {
    let windows = world.windows(now);
    let watched = windows.iter().any(|it| it.from <= now && now < it.to);
    let doubted = incident::is_doubted(&target_state.sightings, now);
    let calm =
        target_state.baseline.is_some() && target_state.open.is_none() && !watched && !doubted;
    let full = &world.full_looks;
    full.may_be_conditional(&target_state.target, calm)
}
