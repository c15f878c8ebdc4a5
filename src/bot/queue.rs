//! One queue of updates for each chat, so that no chat waits for Telegram's answers in another.
//!
//! Telegram drops an update once a later poll names a higher number. The poll names that number only after all
//! earlier updates were handled, so that a crash loses none. Until then Telegram repeats them, and the queue
//! recognises repetitions.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use teloxide::types::Update;
use tokio::sync::{Notify, watch};

use crate::actions::Role;

/// Updates that Telegram returns at most, counted from the first unconfirmed one.
pub(super) const WINDOW: usize = 100;
/// Updates that stay unconfirmed when a whole window is unfinished. Telegram may then drop the older half, which is
/// still handled in turn, but lost in a crash. Without this, one slow chat would block the updates of all others.
const HELD: usize = WINDOW / 2;
/// Waiting updates of one chat; later ones are dropped.
const LONGEST: usize = 500;

/// A waiting update, and the role of its chat.
pub(super) struct Job {
    pub update: Update,
    pub role: Role,
}

#[derive(Default)]
struct State {
    /// Updates that were received and not yet confirmed; `true` for handled ones.
    taken: BTreeMap<u32, bool>,
    /// The number after the last update.
    next: u32,
    /// Waiting updates by chat. A chat stays in the map while one of its updates waits or is being handled.
    chats: HashMap<i64, VecDeque<Job>>,
    closed: bool,
}

#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    /// Notified when an update was handled.
    pub moved: Notify,
    /// Changes when an update was queued.
    pub more: watch::Sender<()>,
}

/// What the caller must do with a new update.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Put {
    /// Nothing: it waits behind others of its chat.
    Waits,
    /// Start a worker for the chat's queue, which was empty.
    Begins,
    /// Nothing: the queue was full.
    Dropped,
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The offset for the next poll: the first update that Telegram must keep; 0 before the first update.
    pub fn offset(&self) -> u32 {
        let mut state = self.state();
        while let Some(first) = state.taken.first_entry().filter(|it| *it.get()) {
            first.remove();
        }
        let first = state.taken.first_key_value().map(|it| *it.0);
        first.unwrap_or(state.next)
    }

    /// Confirms the oldest unfinished updates, so that Telegram returns later ones.
    pub fn forget(&self) {
        let mut state = self.state();
        while state.taken.len() > HELD {
            state.taken.pop_first();
        }
    }

    /// Whether Telegram returns this update for the first time.
    pub fn is_new(&self, number: u32) -> bool {
        let mut state = self.state();
        let new = !state.taken.contains_key(&number);
        if new {
            state.taken.insert(number, false);
            state.next = number.saturating_add(1);
        }
        new
    }

    /// Marks an update as handled, so that it can be confirmed.
    pub fn seen_to(&self, number: u32) {
        if let Some(it) = self.state().taken.get_mut(&number) {
            *it = true;
        }
        self.moved.notify_one();
    }

    /// Queues an update of a chat.
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

    /// Removes the next update of a chat from its queue.
    pub fn take(&self, chat: i64) -> Option<Job> {
        let mut state = self.state();
        let State {
            taken,
            chats,
            closed,
            ..
        } = &mut *state;
        let waits = chats.get_mut(&chat)?;
        // after closing, handle only updates that Telegram has dropped: it repeats the others
        waits.retain(|it| !*closed || !taken.contains_key(&it.update.id.0));
        waits.pop_front()
    }

    /// Removes the next update of a chat from its queue if it is a stranger's.
    pub fn take_strangers(&self, chat: i64) -> Option<Update> {
        let next = self.state().chats.get(&chat)?.front()?.role;
        let job = (next == Role::Stranger).then(|| self.take(chat))??;
        Some(job.update)
    }

    /// Whether a chat's queue is empty. If so, the chat is removed from the map, and its next update starts a new
    /// worker.
    pub fn leaves(&self, chat: i64) -> bool {
        let mut state = self.state();
        let empty = state.chats.get(&chat).is_none_or(VecDeque::is_empty);
        if empty {
            state.chats.remove(&chat);
        }
        empty
    }

    /// Closes the queue: only updates that Telegram has dropped are still handled; Telegram repeats the others.
    pub fn close(&self) {
        self.state().closed = true;
    }
}
