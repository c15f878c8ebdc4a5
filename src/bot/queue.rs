//! One queue for each chat: what one chat does never waits for Telegram's answers in another.
//!
//! Telegram forgets an update once a later poll names a higher number. The poll names it only after all earlier updates
//! were handled, so a crash loses none; the queue recognises an update that Telegram hands out again meanwhile.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use teloxide::types::Update;
use tokio::sync::{Notify, watch};

use crate::actions::Role;

/// Updates that Telegram hands out at once, counted from the first one not confirmed.
pub(super) const WINDOW: usize = 100;
/// Updates that stay unconfirmed when a whole window is under way. Telegram may then forget the older half, which is
/// still handled in turn: a crash during such a flood loses it. Otherwise one slow chat would keep all others from
/// being heard.
const HELD: usize = WINDOW / 2;
/// Updates of one chat that wait at once; later ones are dropped.
const LONGEST: usize = 500;

/// A waiting update, and the role of its chat.
pub(super) struct Job {
    pub update: Update,
    pub role: Role,
}

#[derive(Default)]
struct State {
    /// Updates taken and not yet confirmed; `true` for handled ones.
    taken: BTreeMap<u32, bool>,
    /// The number after the last update.
    next: u32,
    /// Waiting updates by chat. A chat stays in the map while an update of it waits or is under way.
    chats: HashMap<i64, VecDeque<Job>>,
    closed: bool,
}

#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    /// Rings when an update was handled.
    pub moved: Notify,
    /// Changes when an update was queued.
    pub more: watch::Sender<()>,
}

/// What the caller does with a new update.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Put {
    /// It waits behind others of its chat.
    Waits,
    /// Its chat had no other update: the caller starts work on the queue.
    Begins,
    Dropped,
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first update that Telegram must keep, as the next poll's offset; 0 before the first update.
    pub fn offset(&self) -> u32 {
        let mut state = self.state();
        while let Some(first) = state.taken.first_entry().filter(|it| *it.get()) {
            first.remove();
        }
        let first = state.taken.first_key_value().map(|it| *it.0);
        first.unwrap_or(state.next)
    }

    /// Lets Telegram forget the oldest updates under way, so that it hands out later ones.
    pub fn forget(&self) {
        let mut state = self.state();
        while state.taken.len() > HELD {
            state.taken.pop_first();
        }
    }

    /// Whether Telegram hands out this update for the first time.
    pub fn is_new(&self, number: u32) -> bool {
        let mut state = self.state();
        let new = !state.taken.contains_key(&number);
        if new {
            state.taken.insert(number, false);
            state.next = number.saturating_add(1);
        }
        new
    }

    /// Marks an update as handled: Telegram may forget it.
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

    /// Takes the next update of a chat.
    pub fn take(&self, chat: i64) -> Option<Job> {
        let mut state = self.state();
        let State {
            taken,
            chats,
            closed,
            ..
        } = &mut *state;
        let waits = chats.get_mut(&chat)?;
        // after closing, only updates that Telegram has forgotten are left to us
        waits.retain(|it| !*closed || !taken.contains_key(&it.update.id.0));
        waits.pop_front()
    }

    /// Takes the next update of a chat if it is a stranger's.
    pub fn take_strangers(&self, chat: i64) -> Option<Update> {
        let next = self.state().chats.get(&chat)?.front()?.role;
        let job = (next == Role::Stranger).then(|| self.take(chat))??;
        Some(job.update)
    }

    /// Whether a chat's queue is empty. An empty one leaves the map: the next update begins it anew.
    pub fn leaves(&self, chat: i64) -> bool {
        let mut state = self.state();
        let empty = state.chats.get(&chat).is_none_or(VecDeque::is_empty);
        if empty {
            state.chats.remove(&chat);
        }
        empty
    }

    /// Stops the queue: only updates that Telegram has forgotten are still handled; it hands out the others again.
    pub fn close(&self) {
        self.state().closed = true;
    }
}
