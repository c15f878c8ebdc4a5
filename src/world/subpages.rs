//! Sub-pages of portals as targets, and their turns: each check of a home page looks at one of them.

use std::{collections::HashMap, sync::Mutex};

use crate::{
    model::{Part, Target, TargetId, digest::key, target_state::PartRef},
    world::lock::lock,
};

/// By portal, the number of sub-pages looked at since the start. In memory only: a restart begins at zero.
#[derive(Default)]
pub struct Turns(Mutex<HashMap<TargetId, usize>>);

impl Turns {
    /// The number of this turn, counted from zero.
    pub fn next(&self, portal: &TargetId) -> usize {
        let mut turns = lock(&self.0);
        let turn = turns.entry(portal.clone()).or_default();
        *turn = turn.wrapping_add(1);
        *turn - 1
    }
}

/// The target that stands for a part of a portal.
pub fn target_of(portal: &Target, part: &PartRef) -> Target {
    let name = match part.part {
        Part::Sitemap => "sitemap".to_owned(),
        Part::Robots => "robots".to_owned(),
        _ => format!("{:012x}", key(part.url.as_str()) >> 16),
    };
    let mut target = portal.clone();
    target.id = portal.id.child(&name);
    target.url = part.url.clone();
    target.part = Some(part.part);
    // another host was named by the portal, not by the operator
    target.by_operator &= part.url.host() == portal.url.host();
    // the operator's expectations of the home page do not hold for other pages
    target.must_contain = Vec::new();
    target.settings.learn.looks = target.settings.learn.looks.min(2);
    target
}
