//! Periodic jobs: one file for each, and the list of them. `schedule::jobs` runs the list.

mod adoption;
mod campaigns;
mod escalation;
mod eviction;
pub mod file_targets;
mod fleet;
mod handover;
mod maintenance;
mod metrics;
mod plans;
mod questions;
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
    /// At calendar times in the service's time zone, in cron's format with seconds: second, minute, hour, day, month,
    /// weekday.
    At(&'static str),
}

/// A periodic job. Each job runs in its own task, so that a slow one does not delay the others.
#[async_trait]
pub trait Job: Send {
    /// The name in logs: lower case, words joined by hyphens.
    fn name(&self) -> &'static str;

    /// The job's schedule.
    fn when(&self) -> When;

    /// Runs the job once, with the present world. Errors are logged; the next run tries again. A stop of the service
    /// cancels a run in progress, so each run must be able to catch up.
    async fn run(&mut self, world: &Arc<World>);

    /// Waits for a reason to run before the next scheduled time. The future is dropped and created anew between two
    /// runs.
    async fn woken(&mut self, _worlds: &mut Live) {
        std::future::pending().await
    }

    /// Whether a calendar job missed its time while the service was down. If so, it runs at the start.
    fn is_overdue(&self, _world: &World) -> bool {
        false
    }
}

/// All jobs; each entry creates a job at the start of the service.
pub const ALL: &[fn() -> Box<dyn Job>] = &[
    || Box::new(adoption::Adoption),
    || Box::new(campaigns::Campaigns::default()),
    || Box::new(escalation::Escalation),
    || Box::new(eviction::Eviction),
    || Box::new(file_targets::FileTargets::default()),
    || Box::new(fleet::Fleet),
    || Box::new(handover::Handover),
    || Box::new(maintenance::Maintenance),
    || Box::new(metrics::Metrics),
    || Box::new(plans::Plans),
    || Box::new(questions::Questions),
    || Box::new(registration::Registration::default()),
    || Box::new(shift_check::ShiftCheck),
    || Box::new(watchdog::Watchdog::default()),
    || Box::new(weekly_report::WeeklyReport),
    || Box::new(windows::Windows),
];

/// The period of jobs that call people: a call must not be minutes late; seconds do not matter.
const DUTY_ROOM: Duration = Duration::from_secs(5);

/// Waits until a new configuration is in force; forever if the configuration can no longer change.
async fn reloaded(worlds: &mut Live) {
    if worlds.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}
