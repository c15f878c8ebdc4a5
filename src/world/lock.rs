//! Locks of short sections.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks, also after a holder has panicked: what these locks guard is whole between any two statements.
pub fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
