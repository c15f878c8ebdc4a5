//! Cancellation: the time limit of reading and judging a page. The core has no clock, so the caller decides when the
//! work takes too long, and the long loops ask for that decision.

use std::{
    cell::{Cell, RefCell},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// Processor seconds for one page. Processor time is counted, so that a busy machine makes no page costly. An ordinary
/// page of 100 KB takes milliseconds, one of 8 MiB less than this. The reliability goal is 2 s.
pub const SECONDS: u64 = 2;

/// Cancellation flag, shared between the caller and the thread that works.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Cancels the work: it stops at its next check.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the work was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Runs `work` under this flag. A result that returns after cancellation is incomplete and must not be used.
    pub fn during<T>(&self, work: impl FnOnce() -> T) -> T {
        self.until(|| false, work)
    }

    /// Runs `work` under this flag, and cancels it once `is_too_long` returns true. This thread calls `is_too_long`
    /// every 4,096 steps.
    pub fn until<T>(
        &self,
        is_too_long: impl Fn() -> bool + 'static,
        work: impl FnOnce() -> T,
    ) -> T {
        let current = Current {
            cancel: self.clone(),
            is_too_long: Box::new(is_too_long),
            taken: Cell::new(0),
        };
        let before = CURRENT.replace(Some(current));
        let out = work();
        CURRENT.replace(before);
        out
    }
}

/// Steps between two calls of `is_too_long`: a call costs as much as reading some hundred bytes.
const ASKED_EVERY: u64 = 4096;
/// Steps that a call of [`is_cancelled`] counts for: the loops that call it take longer for a turn than one step.
const LOOP: u64 = 256;

struct Current {
    cancel: Cancel,
    is_too_long: Box<dyn Fn() -> bool>,
    /// Steps since the last call of `is_too_long`.
    taken: Cell<u64>,
}

impl Current {
    fn is_cancelled(&self, steps: u64) -> bool {
        let taken = self.taken.get().saturating_add(steps);
        if taken < ASKED_EVERY {
            self.taken.set(taken);
        } else {
            self.taken.set(0);
            if (self.is_too_long)() {
                self.cancel.cancel();
            }
        }
        self.cancel.is_cancelled()
    }
}

fn has_lost(steps: u64) -> bool {
    CURRENT.with_borrow(|it| it.as_ref().is_some_and(|it| it.is_cancelled(steps)))
}

thread_local! {
    static CURRENT: RefCell<Option<Current>> = const { RefCell::new(None) };
    static STEPS: Cell<u64> = const { Cell::new(0) };
}

/// Whether the work of this thread is cancelled.
pub fn is_cancelled() -> bool {
    has_lost(LOOP)
}

/// Counts `count` steps (bytes or items processed). Returns whether the work of this thread is cancelled.
pub fn step(count: usize) -> bool {
    STEPS.set(STEPS.get().wrapping_add(count as u64));
    has_lost(count as u64)
}

/// Steps of this thread so far. Unlike seconds, they are equal on every machine: budgets and the tests of cost count
/// steps.
pub fn steps() -> u64 {
    STEPS.get()
}

/// An allowance of steps, counted from its creation.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    from: u64,
    steps: u64,
}

impl Budget {
    /// An allowance of `count` steps from now on.
    pub fn of(count: u64) -> Self {
        Self {
            from: steps(),
            steps: count,
        }
    }

    /// Whether the work must be given up: the allowance is spent, or the work is cancelled.
    pub fn is_spent(&self) -> bool {
        steps().wrapping_sub(self.from) > self.steps || is_cancelled()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_ends_by_its_steps_or_by_lost_patience() {
        let budget = Budget::of(10);
        assert!(!step(10) && !budget.is_spent());
        assert!(!step(1) && budget.is_spent());
        let cancel = Cancel::default();
        cancel.cancel();
        let (lost, spent) = cancel.during(|| (step(0), Budget::of(10).is_spent()));
        assert!(lost && spent);
        assert!(!is_cancelled());
        let cancel = Cancel::default();
        let went = cancel.until(|| true, || (0..9999).take_while(|_| !step(1)).count());
        assert_eq!(went as u64, ASKED_EVERY - 1);
    }
}
