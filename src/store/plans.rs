//! Records of announced changes.

use super::{Batch, Commit, Engine, Result, StoreError, codec, ledger::put};
use crate::model::plan::{Plan, PlanId};

pub(super) fn key(id: &PlanId) -> String {
    format!("p/{id}")
}

/// What a commit changes of them; whether that is anything.
pub(super) fn stage<E: Engine>(engine: &E, commit: &mut Commit, batch: &mut Batch) -> Result<bool> {
    for plan in &mut commit.plans {
        let key = key(&plan.id);
        let known = engine.get(&key)?;
        let known: Option<Plan> = known.map(|bytes| codec::decode(&key, &bytes)).transpose()?;
        if known.map_or(0, |it| it.revision) != plan.revision {
            return Err(StoreError::Conflict);
        }
        plan.revision += 1;
        put(batch, key, plan)?;
    }
    Ok(!commit.plans.is_empty())
}
