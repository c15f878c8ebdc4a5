//! Incidents that open while an agency edits its portal by announcement.

use jiff::Timestamp;

use crate::{incident::plan, judge::shows_mark, model::Incident, store::Result, world::World};

/// Silences those of `incidents` that have just opened on a portal whose agency has announced changes for now. An incident
/// with marks of an attack stays loud (see [`plan::quieted`]).
pub(crate) async fn silence(
    world: &World,
    incidents: &mut [Incident],
    now: Timestamp,
) -> Result<()> {
    if !incidents.iter().any(|it| it.stage.is_open()) {
        return Ok(());
    }
    let plans = world.store.plans().await?;
    for it in incidents {
        let plan = plans.iter().find(|plan| plan.covers(&it.target, now));
        if let Some(silent) =
            plan.and_then(|plan| plan::quieted(it, shows_mark(&it.signals), plan, now))
        {
            *it = silent;
        }
    }
    Ok(())
}
