//! A queue a chat: what one chat does never waits for what Telegram answers in another.
//!
//! Telegram forgets an update when a later poll names a higher number. It is named only when all before it were seen to, so
//! that a crash loses nothing; what comes again meanwhile is known here.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use teloxide::types::Update;
use tokio::sync::Notify;

use super::here::Role;

/// Telegram hands out a hundred updates at once. A chat that waits for its answers holds so many of them: what it does beyond
/// that is done in its turn as well, but Telegram may forget it, and a crash loses it.
const HOLDS: usize = 20;
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
    /// A chat is here while something of it waits or is under way; each update with whether Telegram may forget it.
    chats: HashMap<i64, VecDeque<(Job, bool)>>,
    closed: bool,
}

#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    /// Rings when something was seen to.
    pub moved: Notify,
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
        let many = waits.len() >= HOLDS && job.role != Role::Operator;
        waits.push_back((job, many));
        drop(state);
        if many {
            self.seen_to(number);
        }
        if begins { Put::Begins } else { Put::Waits }
    }

    /// The next one of a chat; `None` ends the work on it.
    pub fn take(&self, chat: i64) -> Option<Job> {
        let mut state = self.state();
        let closed = state.closed;
        let waits = state.chats.get_mut(&chat)?;
        // what Telegram may have forgotten is ours to do
        waits.retain(|(_, forgotten)| *forgotten || !closed);
        let job = waits.pop_front().map(|it| it.0);
        if job.is_none() {
            state.chats.remove(&chat);
        }
        job
    }

    /// Nothing more is begun that is not ours alone: what else waits is Telegram's to hand out again.
    pub fn close(&self) {
        self.state().closed = true;
    }

    /// Strangers' updates that wait.
    pub fn strangers(&self) -> usize {
        let state = self.state();
        let all = state.chats.values().flatten();
        all.filter(|it| it.0.role == Role::Stranger).count()
    }
}
