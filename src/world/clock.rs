//! The clock: all code asks this one, so that tests can set it.

use std::sync::Mutex;

use jiff::Timestamp;

use crate::world::lock::lock;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Timestamp;
}

/// The clock of the machine.
pub struct System;

impl Clock for System {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// A clock that stands until it is set.
pub struct Fixed(pub Mutex<Timestamp>);

impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        *lock(&self.0)
    }
}
