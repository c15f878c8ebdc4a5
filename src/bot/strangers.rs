//! Limits for strangers' taps and messages, checked before an update costs a call to Telegram.

use std::{
    collections::HashMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{sync::Semaphore, time::Instant};

/// Period in which at most [`MOST`] updates of an account or chat are handled. An agency's officer counts as a
/// stranger until a portal is approved, and needs about six taps, questions and corrections to register it.
const EVERY: Duration = Duration::from_secs(60);
const MOST: u32 = 10;
/// Accounts and chats that are counted at once: beyond this, updates of further ones are dropped until a period ends.
const REMEMBERED: usize = 2000;
/// Answers that wait at once; at [`PAUSE`] they take five seconds.
const WAITING: usize = 100;
/// The shortest time between two calls to Telegram for strangers: 20 a second of the 30 that Telegram allows a bot,
/// so that alerts and known chats have the rest.
const PAUSE: Duration = Duration::from_millis(50);
/// Strangers' chats that are served in parallel.
const AT_ONCE: usize = 4;

/// The state of the limits.
pub(super) struct Strangers {
    /// For each account or chat: the begin of its current period, and the updates in it.
    heard: Mutex<HashMap<i64, (Instant, u32)>>,
    /// When the next call may be made.
    next: Mutex<Instant>,
    /// Number of answers that wait.
    waiting: AtomicUsize,
    pub served: Semaphore,
}

impl Strangers {
    /// Unused limits.
    pub fn new() -> Self {
        Self {
            heard: Mutex::default(),
            next: Mutex::new(Instant::now()),
            waiting: AtomicUsize::new(0),
            served: Semaphore::new(AT_ONCE),
        }
    }

    /// Whether a stranger's update is handled; counts it for its chat and its account.
    pub fn hears(&self, chat: i64, account: Option<i64>) -> bool {
        let now = Instant::now();
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.retain(|_, it| now.duration_since(it.0) < EVERY);
        let mut keys = vec![chat];
        // in a private chat, the chat's number is the account's
        keys.extend(account.filter(|it| *it != chat));
        let fresh = keys.iter().filter(|it| !heard.contains_key(it)).count();
        let waiting = self.waiting.load(Ordering::Relaxed);
        if waiting >= WAITING || heard.len() + fresh > REMEMBERED {
            return false;
        }
        let mut within = true;
        for key in keys {
            let (_, times) = heard.entry(key).or_insert((now, 0));
            *times = times.saturating_add(1);
            within &= *times <= MOST;
        }
        within
    }

    /// Counts one more waiting answer, if there is `any`.
    pub fn wait(&self, any: bool) {
        self.waiting.fetch_add(usize::from(any), Ordering::Relaxed);
    }

    /// Counts one waiting answer less.
    pub fn answered(&self) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
    }

    /// Waits until the next call for a stranger may be made.
    pub async fn turn(&self) {
        let at = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let at = (*next).max(Instant::now());
            *next = at + PAUSE;
            at
        };
        tokio::time::sleep_until(at).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_counted_across_chats_and_a_chat_across_accounts() {
        let strangers = Strangers::new();
        let heard = |chat, account| strangers.hears(chat, Some(account));
        assert!((0..10).all(|at| heard(-1 - at, 7)));
        assert!(!heard(-99, 7), "the account has had its share");
        assert!((0..9).all(|at| heard(-1, 100 + at)));
        assert!(!heard(-1, 200), "so has the chat");
        assert!(heard(-2, 300));
        (0..WAITING).for_each(|_| strangers.wait(true));
        assert!(!heard(-3, 400), "too many wait");
        strangers.answered();
        assert!(heard(-3, 400));
        let many = (0..REMEMBERED as i64).map(|it| 10_000 + it);
        assert!(many.filter(|it| heard(*it, *it)).count() < REMEMBERED);
    }
}
