//! Times between two requests to one honest portal. The service's own figure of lateness is not enough: its looks may
//! begin in time and never finish.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

/// Gaps in microseconds, of all honest portals.
#[derive(Default)]
pub struct Book(Mutex<Vec<i64>>);

/// Milliseconds between two requests to a portal, over all honest portals; open gaps count with their length so far.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gaps {
    pub count: usize,
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub most_ms: f64,
}

impl Book {
    fn all(&self) -> MutexGuard<'_, Vec<i64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes the microseconds between two looks.
    pub fn note(&self, gap_us: i64) {
        self.all().push(gap_us);
    }

    pub fn begin(&self) {
        self.all().clear();
    }

    /// The statistics, including the gaps that are still open.
    pub fn read(&self, open_us: impl Iterator<Item = i64>) -> Gaps {
        let mut all = self.all().clone();
        let usual = middle(&mut all, 0.5);
        // an open gap shorter than the median says nothing yet
        all.extend(open_us.filter(|it| *it > usual));
        Gaps {
            count: all.len(),
            p50_ms: usual as f64 / 1e3,
            p99_ms: middle(&mut all, 0.99) as f64 / 1e3,
            most_ms: all.last().copied().unwrap_or(0) as f64 / 1e3,
        }
    }
}

fn middle(all: &mut [i64], share: f64) -> i64 {
    all.sort_unstable();
    let at = (all.len() as f64 * share) as usize;
    all.get(at.min(all.len().saturating_sub(1)))
        .copied()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_came_counts() {
        let book = Book::default();
        (0..98).for_each(|_| book.note(10_000));
        let calm = book.read([3_000].into_iter());
        assert_eq!((calm.count, calm.p99_ms, calm.most_ms), (98, 10.0, 10.0));
        let late = book.read([90_000, 80_000].into_iter());
        assert_eq!((late.count, late.p50_ms, late.p99_ms), (100, 10.0, 90.0));
        book.begin();
        assert_eq!(book.read([].into_iter()).count, 0);
    }
}
