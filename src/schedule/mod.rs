//! When: looks by a timer wheel, calendar jobs (the weekly report, the sweep) by tokio-cron-scheduler.

mod aside;
pub mod calendar;
pub mod duty;
mod gate;
pub mod plans;
pub mod registration;
mod rhythm;
pub mod watchdog;
pub mod wheel;
