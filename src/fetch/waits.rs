//! A time limit that stands still while a visit waits for this program and not for its portal.

use std::{
    future::Future,
    pin::pin,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, timeout_at};

/// Shortest pause between two checks of the limit during such a wait.
const PAUSE: Duration = Duration::from_millis(50);

/// Time that a visit has waited for room in this program.
#[derive(Debug, Default)]
pub(super) struct Waits(Mutex<(Duration, Option<Instant>)>);

impl Waits {
    /// Waits for `room` without counting into the visit's time limit.
    pub async fn during<T>(&self, room: impl Future<Output = T>) -> T {
        self.lock().1 = Some(Instant::now());
        let _ended = Ended(self);
        room.await
    }

    fn spent(&self) -> Duration {
        let waits = self.lock();
        waits.0 + waits.1.map_or(Duration::ZERO, |it| it.elapsed())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, (Duration, Option<Instant>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Ended<'a>(&'a Waits);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        let mut waits = self.0.lock();
        let wait = waits.1.take().map_or(Duration::ZERO, |it| it.elapsed());
        waits.0 += wait;
    }
}

/// The outcome of `visit`, or `None` if it took more than `limit` without its `waits`.
pub(super) async fn within<T>(
    limit: Duration,
    waits: &Waits,
    visit: impl Future<Output = T>,
) -> Option<T> {
    let begun = Instant::now();
    let mut visit = pin!(visit);
    let mut until = begun + limit;
    loop {
        if let Ok(out) = timeout_at(until, &mut visit).await {
            return Some(out);
        }
        let now = Instant::now();
        let allowed = begun + limit + waits.spent();
        if allowed <= now && waits.lock().1.is_none() {
            return None;
        }
        until = allowed.max(now + PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::sleep;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    async fn visit(before: Duration, wait: Duration, after: Duration) -> Option<()> {
        let waits = Waits::default();
        let visit = async {
            sleep(before).await;
            waits.during(sleep(wait)).await;
            sleep(after).await;
        };
        within(SECOND, &waits, visit).await
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_for_us_is_not_the_portals_slowness() {
        // the first visit waits two seconds, but takes two tenths of its own time; the second takes 30 s of its own
        let tenth = SECOND / 10;
        let (in_time, too_late) = tokio::join!(
            visit(tenth, SECOND * 2, tenth),
            visit(tenth, tenth, SECOND * 30)
        );
        assert_eq!((in_time, too_late), (Some(()), None));
    }
}
