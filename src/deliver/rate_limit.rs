//! Rate limits of a chat and of an account, per minute and per second. They are checked before each message, so that
//! news that can wait does not use up a chat's limit.

use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

use tokio::time::Instant;

use crate::{model::Urgency, notify::RateLimit};

const MINUTE: Duration = Duration::from_secs(60);
const SECOND: Duration = Duration::from_secs(1);

#[derive(Default)]
pub(crate) struct RateLimiter {
    places: HashMap<String, VecDeque<Instant>>,
    accounts: HashMap<String, VecDeque<Instant>>,
}

impl RateLimiter {
    /// Counts a message against the limits. A quarter of a chat's minute is reserved for grave alerts.
    ///
    /// # Errors
    ///
    /// The time to wait, if a limit is reached.
    pub fn take(
        &mut self,
        pace: &RateLimit,
        urgency: Urgency,
        now: Instant,
    ) -> Result<(), Duration> {
        let share = if urgency == Urgency::Grave {
            pace.per_minute
        } else {
            (pace.per_minute * 3 / 4).max(1)
        };
        let place = self.places.entry(pace.place.clone()).or_default();
        let account = self.accounts.entry(pace.account.clone()).or_default();
        let wait = over(place, share, MINUTE, now).max(over(account, pace.per_second, SECOND, now));
        if !wait.is_zero() {
            return Err(wait);
        }
        place.push_back(now);
        account.push_back(now);
        Ok(())
    }
}

/// How long until fewer than `most` messages lie within the last `window`.
fn over(sent: &mut VecDeque<Instant>, most: usize, window: Duration, now: Instant) -> Duration {
    while sent
        .front()
        .is_some_and(|it| now.duration_since(*it) >= window)
    {
        sent.pop_front();
    }
    match sent.len().checked_sub(most) {
        None => Duration::ZERO,
        Some(surplus) => sent.get(surplus).map_or(Duration::ZERO, |it| {
            window.saturating_sub(now.duration_since(*it))
        }),
    }
}

#[cfg(test)]
mod tests {
    use crate::deliver::rate_limit::*;

    #[test]
    fn a_quarter_is_kept_for_what_is_grave() {
        let pace = RateLimit {
            place: "a".to_owned(),
            per_minute: 4,
            account: "b".to_owned(),
            per_second: 30,
        };
        let now = Instant::now();
        let mut budget = RateLimiter::default();
        for _ in 0..3 {
            assert_eq!(budget.take(&pace, Urgency::Ordinary, now), Ok(()));
        }
        assert_eq!(budget.take(&pace, Urgency::Urgent, now), Err(MINUTE));
        assert_eq!(budget.take(&pace, Urgency::Grave, now), Ok(()));
        assert_eq!(budget.take(&pace, Urgency::Grave, now), Err(MINUTE));
        let later = now + Duration::from_secs(20);
        assert_eq!(
            budget.take(&pace, Urgency::Grave, later),
            Err(Duration::from_secs(40))
        );
        assert_eq!(budget.take(&pace, Urgency::Ordinary, now + MINUTE), Ok(()));
    }
}
