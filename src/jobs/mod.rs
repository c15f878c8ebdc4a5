//! What the clock does: one file a job, and the list of them. `schedule::jobs` runs the list.

mod adoption;
mod escalation;
mod eviction;
pub mod file_targets;
mod handover;
mod maintenance;
mod metrics;
mod plans;
pub mod registration;
mod shift_check;
pub mod watchdog;
mod weekly_report;
mod windows;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;

use crate::world::{Live, World};

/// When a job runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// At the start, then once a period.
    Every(Duration),
    /// At times of the calendar in the service's time zone: second, minute, hour, day, month, weekday, as cron writes them.
    At(&'static str),
}

/// Something that becomes due by itself. Each job has a task of its own, so that a slow one holds up no other.
#[async_trait]
pub trait Job: Send {
    /// The name in logs: lower case, words joined by hyphens.
    fn name(&self) -> &'static str;

    fn when(&self) -> When;

    /// Runs once, in the world as it is now. Logs what fails: the next run tries again. A stop of the service drops a run
    /// under way, and the next start makes up for it.
    async fn run(&mut self, world: &Arc<World>);

    /// Waits until the job has to run before its next time. Dropped and called anew between two runs.
    async fn woken(&mut self, _worlds: &mut Live) {
        std::future::pending().await
    }

    /// Whether a job of the calendar missed its time while the service was down. It runs at the start, then.
    fn is_overdue(&self, _world: &World) -> bool {
        false
    }
}

/// All jobs, each begun anew at a start of the service.
pub const ALL: &[fn() -> Box<dyn Job>] = &[
    || Box::new(adoption::Adoption),
    || Box::new(escalation::Escalation),
    || Box::new(eviction::Eviction),
    || Box::new(file_targets::FileTargets::default()),
    || Box::new(handover::Handover),
    || Box::new(maintenance::Maintenance),
    || Box::new(metrics::Metrics),
    || Box::new(plans::Plans),
    || Box::new(registration::Registration::default()),
    || Box::new(shift_check::ShiftCheck),
    || Box::new(watchdog::Watchdog::default()),
    || Box::new(weekly_report::WeeklyReport),
    || Box::new(windows::Windows),
];

/// The period of jobs that call people: minutes count for them, seconds do not.
const DUTY_ROOM: Duration = Duration::from_secs(5);

/// Waits until another configuration is in force; for ever where it cannot change any more.
async fn reloaded(worlds: &mut Live) {
    if worlds.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}
