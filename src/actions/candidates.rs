//! Portals that strangers ask for while too many requests wait already: nothing of them is written until a proof is
//! found. A look serves all askers of that host and the requests that wait for a proof there, and the latest asker goes
//! first, so no attacker can fill a queue before others. Where a request's own look is due, the two take turns.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;
use url::Url;

use crate::{
    actions::{
        ownership::{Claims, RECORD, bearers},
        registration,
    },
    model::registration::Proof,
    registry::{
        Wanted,
        limits::{domain, token},
    },
    world::World,
};

/// Between two looks at portals of one domain because of requests, counted over all askers.
const SPACED: SignedDuration = SignedDuration::from_secs(10);
/// Askers remembered without a look: in memory, some hundreds of bytes each.
const MOST: usize = 2000;
/// An asker without a look for this long is forgotten and asks again.
const PATIENCE: SignedDuration = SignedDuration::from_mins(10);
/// Portals that are looked at in one round.
const AT_ONCE: usize = 4;

#[derive(Default)]
struct State {
    /// By token, so that an asker who asks twice is here once.
    waiting: HashMap<String, (Wanted, Timestamp)>,
    /// By domain: the last look because of a request, and whether it was for an asker remembered here.
    looked: HashMap<String, (Timestamp, bool)>,
}

#[derive(Default)]
pub struct Candidates {
    state: Mutex<State>,
    /// Rings when an asker was remembered.
    pub asked: Notify,
}

impl Candidates {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers an asker for a look soon; past [`MOST`] the one that has waited longest is forgotten.
    fn put(&self, wanted: Wanted, now: Timestamp) {
        let mut state = self.state();
        if state.waiting.len() >= MOST
            && let Some(oldest) = state.waiting.iter().min_by_key(|it| it.1.1)
        {
            let oldest = oldest.0.clone();
            state.waiting.remove(&oldest);
        }
        state.waiting.insert(token(&wanted), (wanted, now));
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

    /// Whether the last look at a portal of that domain was for an asker remembered here.
    fn had_turn(&self, domain: &str) -> bool {
        let last = self.state().looked.get(domain).copied();
        last.is_some_and(|it| it.1)
    }

    /// Takes the latest asker of those with a domain that may be looked at, and all askers of that domain. Those of the
    /// same host share the look and wait no longer. In a domain of `due` a request waits for a look: it is next after one
    /// for an asker.
    fn take(&self, due: &HashSet<String>, now: Timestamp) -> Option<(Wanted, Vec<Wanted>)> {
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

/// Remembers an asker without room for a request; returns the token that makes it a request once on the portal.
pub(crate) fn remember(world: &World, wanted: Wanted) -> String {
    let token = token(&wanted);
    world.candidates.put(wanted, world.clock.now());
    world.candidates.asked.notify_one();
    token
}

fn is_same_host(a: &Wanted, b: &Wanted) -> bool {
    a.url.origin() == b.url.origin()
}

/// Looks at the portals of remembered askers, which may hold their proof by now. `due`: the domains of requests with a look
/// due.
pub(crate) async fn round(world: &World, due: &HashSet<String>) {
    let now = world.clock.now();
    let asked = std::iter::repeat_with(|| world.candidates.take(due, now));
    let looks = asked.take(AT_ONCE).map_while(|it| it);
    let looks = looks.map(|(next, all)| look(world, next, all));
    futures_util::future::join_all(looks).await;
}

/// Looks for proofs: a DNS record speaks for its whole domain, a file for its host, the head of a page for that page.
async fn look(world: &World, next: Wanted, all: Vec<Wanted>) {
    let mut found: HashMap<String, Proof> = HashMap::new();
    let of = domain(&next.url);
    let mut open = world.store.requests().await.unwrap_or_else(|error| {
        tracing::error!(%error, "requests cannot be read");
        Vec::new()
    });
    open.retain(|it| it.stage.is_open() && it.proof.is_none() && domain(&it.url) == of);
    let asked = all.iter().map(token);
    let tokens: HashSet<String> = asked
        .chain(open.iter().map(|it| it.token.clone()))
        .collect();
    for text in world.eye.texts(&format!("{RECORD}.{of}")).await {
        if let Some(token) = tokens.get(text.trim()) {
            found.insert(token.clone(), Proof::Dns);
        }
    }
    // address and token of each asker for a portal of that host
    let asked = all.iter().map(|it| (&it.url, token(it)));
    let here = asked.chain(open.iter().map(|it| (&it.url, it.token.clone())));
    let here = here.filter(|it| it.0.origin() == next.url.origin());
    let here: Vec<(&Url, String)> = here.collect();
    let page = here.iter().filter(|it| *it.0 == next.url);
    let claims = Claims {
        url: &next.url,
        own: &page.map(|it| it.1.clone()).collect(),
        tokens: &here.iter().map(|it| it.1.clone()).collect(),
    };
    found.extend(bearers(world, &claims).await);
    for it in open {
        if let Some(proof) = found.remove(&it.token)
            && let Err(error) = registration::proved(world, &it.id, proof).await
        {
            tracing::error!(?error, request = %it.id, "a proof cannot be written");
        }
    }
    for wanted in all {
        let Some(proof) = found.remove(&token(&wanted)) else {
            continue;
        };
        let url = wanted.url.clone();
        if let Err(error) = registration::ask_proved(world, wanted, proof).await {
            tracing::error!(?error, %url, "a request with proof cannot be written");
        }
    }
}
