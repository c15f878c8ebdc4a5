//! How long reading and judging may take. The core knows no clock: whoever waits says when it was too long, and the
//! long loops look whether that was said.

use std::{
    cell::RefCell,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// A page's share of a processor; an ordinary page of 100 KB takes milliseconds, one of 8 MiB less than this.
/// The goal of reliability is 2 s.
pub const SECONDS: u64 = 2;

/// Shared between who waits and who works.
#[derive(Clone, Debug, Default)]
pub struct Patience(Arc<AtomicBool>);

impl Patience {
    /// The work is to stop at the next occasion.
    pub fn lose(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub fn is_lost(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Works under this patience. What comes back after it was lost is incomplete and must not be used.
    pub fn during<T>(&self, work: impl FnOnce() -> T) -> T {
        let before = CURRENT.replace(Some(self.clone()));
        let out = work();
        CURRENT.replace(before);
        out
    }
}

thread_local! {
    static CURRENT: RefCell<Option<Patience>> = const { RefCell::new(None) };
}

/// Whether the work of this thread is to stop.
pub fn is_lost() -> bool {
    CURRENT.with_borrow(|it| it.as_ref().is_some_and(Patience::is_lost))
}
