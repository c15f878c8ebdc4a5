//! Watch windows: periods of closer watch, such as a holiday, a congress or an election.

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
    /// The interval of looks during the window, if it is shorter than the target's own.
    pub every: Option<Duration>,
    /// The local time of the daily digest; `None` for no digest.
    pub digest: Option<Time>,
}

/// The shortest interval that an open window asks for, or `every` if none asks for less.
pub fn interval(every: Duration, windows: &[WatchWindow], now: Timestamp) -> Duration {
    windows
        .iter()
        .filter(|it| it.from <= now && now < it.to)
        .filter_map(|it| it.every)
        .fold(every, Duration::min)
}
