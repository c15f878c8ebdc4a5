//! A period of closer watch: a holiday, a congress, an election.

use std::time::Duration;

use jiff::{Timestamp, civil::Time};
use serde::{Deserialize, Serialize};

/// A watch window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WatchWindow {
    pub name: String,
    pub from: Timestamp,
    /// Exclusive.
    pub to: Timestamp,
    /// The interval of looks inside the window, where it is shorter than the target's own.
    pub every: Option<Duration>,
    /// The local time of the daily summary.
    pub digest: Option<Time>,
}

/// The shortest interval that the open windows ask for, or `every` where none asks for less.
pub fn interval(every: Duration, windows: &[WatchWindow], now: Timestamp) -> Duration {
    windows
        .iter()
        .filter(|it| it.from <= now && now < it.to)
        .filter_map(|it| it.every)
        .fold(every, Duration::min)
}
