//! Sends the weekly report on Monday morning.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Job, When};
use crate::{actions::reports, blocking, world::World};

/// Monday 07:30, before the working day.
const MONDAY: &str = "0 30 7 * * Mon";

pub(super) struct WeeklyReport;

#[async_trait]
impl Job for WeeklyReport {
    fn name(&self) -> &'static str {
        "weekly-report"
    }

    fn when(&self) -> When {
        When::At(MONDAY)
    }

    async fn run(&mut self, world: &Arc<World>) {
        if let Err(error) = blocking::in_place(reports::send_weekly(world)).await {
            tracing::error!(error, "the weekly report could not be made");
        }
    }

    /// After Monday 07:30, last week's report is due at every start; a report that was sent is not sent again.
    fn is_overdue(&self, world: &World) -> bool {
        let zone = world.config.service.timezone.clone();
        let now = world.clock.now().to_zoned(zone);
        let monday = now.weekday() == jiff::civil::Weekday::Monday;
        !monday || now.time() >= jiff::civil::time(7, 30, 0, 0)
    }
}
