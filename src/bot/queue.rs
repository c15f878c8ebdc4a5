//! A queue a chat: what one chat does never waits for what Telegram answers in another.
//!
//! Telegram forgets an update when a later poll names a higher number. It is named only when all before it were seen to, so
//! that a crash loses nothing; what comes again meanwhile is known here.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use teloxide::types::Update;
use tokio::sync::{Notify, watch};

use super::here::Role;

/// Telegram hands out so many updates at once, from the first that it may not forget.
pub(super) const WINDOW: usize = 100;
/// Where all of them are under way, it may forget the older half: they are done in their turn, and only a crash in the midst of
/// such a flood loses them. Else whoever is answered slowly would keep everybody from being heard.
const HELD: usize = WINDOW / 2;
/// What one chat does beyond that while nothing of it is answered is not heard.
const LONGEST: usize = 500;

/// An update that waits, and what its chat is to us.
pub(super) struct Job {
    pub update: Update,
    pub role: Role,
}

#[derive(Default)]
struct State {
    /// Updates that were taken and not yet confirmed, and whether each was seen to.
    taken: BTreeMap<u32, bool>,
    /// The number after the last one.
    next: u32,
    /// A chat is here while something of it waits or is under way.
    chats: HashMap<i64, VecDeque<Job>>,
    closed: bool,
}

#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    /// Rings when something was seen to.
    pub moved: Notify,
    /// Changes when something was put.
    pub more: watch::Sender<()>,
}

/// What is to be done about a new update.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Put {
    /// It waits behind others of its chat.
    Waits,
    /// Its chat has nothing else: somebody is to work on it.
    Begins,
    Dropped,
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first update that is not to be forgotten, for Telegram; 0 where there was none yet.
    pub fn offset(&self) -> u32 {
        let mut state = self.state();
        while let Some(first) = state.taken.first_entry().filter(|it| *it.get()) {
            first.remove();
        }
        let first = state.taken.first_key_value().map(|it| *it.0);
        first.unwrap_or(state.next)
    }

    /// Telegram may forget the oldest of what is under way, so that it tells more.
    pub fn forget(&self) {
        let mut state = self.state();
        while state.taken.len() > HELD {
            state.taken.pop_first();
        }
    }

    /// Whether it was not handed out before.
    pub fn is_new(&self, number: u32) -> bool {
        let mut state = self.state();
        let new = !state.taken.contains_key(&number);
        if new {
            state.taken.insert(number, false);
            state.next = number.saturating_add(1);
        }
        new
    }

    /// Telegram may forget it.
    pub fn seen_to(&self, number: u32) {
        if let Some(it) = self.state().taken.get_mut(&number) {
            *it = true;
        }
        self.moved.notify_one();
    }

    pub fn put(&self, chat: i64, job: Job) -> Put {
        let number = job.update.id.0;
        let mut state = self.state();
        let begins = !state.chats.contains_key(&chat);
        let waits = state.chats.entry(chat).or_default();
        if waits.len() >= LONGEST {
            drop(state);
            self.seen_to(number);
            return Put::Dropped;
        }
        waits.push_back(job);
        drop(state);
        self.more.send_replace(());
        if begins { Put::Begins } else { Put::Waits }
    }

    /// The next one of a chat.
    pub fn take(&self, chat: i64) -> Option<Job> {
        let mut state = self.state();
        let State {
            taken,
            chats,
            closed,
            ..
        } = &mut *state;
        let waits = chats.get_mut(&chat)?;
        // what Telegram has forgotten is ours to do
        waits.retain(|it| !*closed || !taken.contains_key(&it.update.id.0));
        waits.pop_front()
    }

    /// The next one of a chat that nobody knows.
    pub fn take_strangers(&self, chat: i64) -> Option<Update> {
        let next = self.state().chats.get(&chat)?.front()?.role;
        let job = (next == Role::Stranger).then(|| self.take(chat))??;
        Some(job.update)
    }

    /// Whether nothing waits in a chat; whatever comes next begins anew.
    pub fn leaves(&self, chat: i64) -> bool {
        let mut state = self.state();
        let empty = state.chats.get(&chat).is_none_or(VecDeque::is_empty);
        if empty {
            state.chats.remove(&chat);
        }
        empty
    }

    /// Nothing more is begun that is not ours alone: what else waits is Telegram's to hand out again.
    pub fn close(&self) {
        self.state().closed = true;
    }
}
