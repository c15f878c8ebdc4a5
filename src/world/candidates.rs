//! Requesters of portals while too many requests wait. They are kept in memory only, until a proof of theirs is found.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard},
};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;

use crate::{
    registry::{
        Wanted,
        limits::{domain, token},
    },
    world::lock::lock,
};

/// Pause between two looks at portals of one domain because of requests, counted over all requesters.
const SPACED: SignedDuration = SignedDuration::from_secs(10);
/// Requesters remembered without a look: some hundreds of bytes each.
const MOST: usize = 2000;
/// A requester without a look for this long is forgotten, and may ask again.
const PATIENCE: SignedDuration = SignedDuration::from_mins(10);

#[derive(Default)]
struct State {
    /// By token, so that two requests of one requester are one.
    waiting: HashMap<String, (Wanted, Timestamp)>,
    /// By domain: the last look because of a request, and whether it was for a requester remembered here.
    looked: HashMap<String, (Timestamp, bool)>,
}

/// Requesters that wait for a look at their portal.
#[derive(Default)]
pub struct Candidates {
    state: Mutex<State>,
    /// Notified when a requester is remembered.
    pub asked: Notify,
}

impl Candidates {
    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Remembers a requester for a look soon; past [`MOST`] the one that has waited longest is forgotten.
    pub(crate) fn put(&self, wanted: Wanted, now: Timestamp) {
        let mut state = self.state();
        if state.waiting.len() >= MOST
            && let Some(oldest) = state.waiting.iter().min_by_key(|it| it.1.1)
        {
            let oldest = oldest.0.clone();
            state.waiting.remove(&oldest);
        }
        state.waiting.insert(token(&wanted), (wanted, now));
        drop(state);
        self.asked.notify_one();
    }

    /// When a portal of that domain may be looked at next; `None` where no look was made lately.
    pub(crate) fn free_at(&self, domain: &str) -> Option<Timestamp> {
        let last = self.state().looked.get(domain).copied()?;
        last.0.checked_add(SPACED).ok()
    }

    /// Whether a portal of that domain may be looked at now for a request; if so, counts the look.
    pub(crate) fn begins(&self, domain: &str, now: Timestamp) -> bool {
        self.counts(domain, now, false)
    }

    fn counts(&self, domain: &str, now: Timestamp, remembered: bool) -> bool {
        let mut state = self.state();
        // after the clock was set back, looks that seem to lie ahead are forgotten
        let within = |at: Timestamp, span| {
            let passed = now.duration_since(at);
            (SignedDuration::ZERO..span).contains(&passed)
        };
        state.looked.retain(|_, it| within(it.0, PATIENCE));
        let last = state.looked.get(domain);
        let free = !last.is_some_and(|it| within(it.0, SPACED));
        if free {
            state.looked.insert(domain.to_owned(), (now, remembered));
        }
        free
    }

    /// Whether the last look at a portal of that domain was for a requester remembered here.
    fn had_turn(&self, domain: &str) -> bool {
        let last = self.state().looked.get(domain).copied();
        last.is_some_and(|it| it.1)
    }

    /// Takes the latest requester of those with a domain that may be looked at, and all requesters of that domain. Those of
    /// its host share the look and wait no longer. In a domain of `due` a stored request waits for a look, too, and comes next
    /// after one for a remembered requester.
    pub(crate) fn take(
        &self,
        due: &HashSet<String>,
        now: Timestamp,
    ) -> Option<(Wanted, Vec<Wanted>)> {
        let mut newest: Vec<(Timestamp, Wanted)> = {
            let mut state = self.state();
            let late = |at: Timestamp| now.duration_since(at) >= PATIENCE;
            state.waiting.retain(|_, it| !late(it.1));
            let all = state.waiting.values();
            all.map(|it| (it.1, it.0.clone())).collect()
        };
        newest.sort_by_key(|it| std::cmp::Reverse(it.0));
        let mut free = newest.iter();
        let begins = |it: &&(Timestamp, Wanted)| {
            let domain = domain(&it.1.url);
            let waits = due.contains(&domain) && self.had_turn(&domain);
            !waits && self.counts(&domain, now, true)
        };
        let next = free.find(begins)?.1.clone();
        let of = domain(&next.url);
        let all = newest.into_iter().map(|it| it.1);
        let all: Vec<Wanted> = all.filter(|it| domain(&it.url) == of).collect();
        let mut state = self.state();
        state.waiting.retain(|_, it| !is_same_host(&it.0, &next));
        Some((next, all))
    }

    /// When [`Self::take`] may find a requester.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        let domains: HashSet<(String, Timestamp)> = {
            let state = self.state();
            let all = state.waiting.values();
            all.map(|it| (domain(&it.0.url), it.1)).collect()
        };
        let at = |it: &(String, Timestamp)| self.free_at(&it.0).map_or(it.1, |free| free.max(it.1));
        domains.iter().map(at).min()
    }
}

fn is_same_host(a: &Wanted, b: &Wanted) -> bool {
    a.url.origin() == b.url.origin()
}
