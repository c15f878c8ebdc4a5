//! How much chats that nobody knows are heard: taps and messages alike, each before it costs a call to Telegram.

use std::{
    collections::HashMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{sync::Semaphore, time::Instant};

/// An account and a chat are heard so often in so long: whoever registers a portal is a stranger until he is approved, and
/// taps, asks and corrects himself some six times.
const EVERY: Duration = Duration::from_secs(60);
const MOST: u32 = 10;
/// Accounts and chats that are remembered: past these, nobody new is heard for a while.
const REMEMBERED: usize = 2000;
/// Answers that wait at the most; at their pace that is five seconds.
const WAITING: usize = 100;
/// Of the 30 messages a second that Telegram takes of a bot, strangers have 20: the rest is for alerts and for who is known.
const PAUSE: Duration = Duration::from_millis(50);
/// Strangers' chats that are served at once.
const AT_ONCE: usize = 4;

pub(super) struct Strangers {
    /// Since when an account or a chat is counted, and how often it was heard.
    heard: Mutex<HashMap<i64, (Instant, u32)>>,
    /// When the next answer may leave.
    next: Mutex<Instant>,
    /// Answers that wait.
    waiting: AtomicUsize,
    pub served: Semaphore,
}

impl Strangers {
    pub fn new() -> Self {
        Self {
            heard: Mutex::default(),
            next: Mutex::new(Instant::now()),
            waiting: AtomicUsize::new(0),
            served: Semaphore::new(AT_ONCE),
        }
    }

    /// Whether an update is heard at all.
    pub fn hears(&self, chat: i64, account: Option<i64>) -> bool {
        let now = Instant::now();
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.retain(|_, it| now.duration_since(it.0) < EVERY);
        let mut keys = vec![chat];
        // in a private chat the account has the chat's number
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

    /// An answer waits, where there is one.
    pub fn wait(&self, any: bool) {
        self.waiting.fetch_add(usize::from(any), Ordering::Relaxed);
    }

    /// It was given.
    pub fn answered(&self) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
    }

    /// Returns when a call may be made for a stranger.
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
