//! What was fetched at the places that doubtful pages newly lead to, for the looks of the next minutes.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use jiff::{SignedDuration, Timestamp};

use crate::{
    model::{
        TargetId,
        lead::{Lead, Reached},
    },
    world::lock::lock,
};

/// Age after which the places are fetched anew.
const FRESH_FOR: SignedDuration = SignedDuration::from_mins(10);
/// Bytes of all bodies together.
const MOST: usize = 32 << 20;

/// Keeps the verdict of a page steady from look to look without a visit to each place at each look. The oldest entries
/// make room for new ones.
#[derive(Default)]
pub struct ReachedCache(Mutex<VecDeque<Entry>>);

struct Entry {
    target: TargetId,
    leads: Vec<Lead>,
    at: Timestamp,
    reached: Arc<[Reached]>,
}

impl Entry {
    fn bytes(&self) -> usize {
        self.reached
            .iter()
            .map(|it| it.body.len() + 512)
            .sum::<usize>()
            + 512
    }
}

impl ReachedCache {
    /// What was fetched for a target with these leads, and whether it is still fresh.
    pub fn get(
        &self,
        target: &TargetId,
        leads: &[Lead],
        now: Timestamp,
    ) -> Option<(Arc<[Reached]>, bool)> {
        let all = lock(&self.0);
        let found = all
            .iter()
            .find(|it| it.target == *target && it.leads == leads)?;
        let is_fresh = now.duration_since(found.at) < FRESH_FOR;
        Some((found.reached.clone(), is_fresh))
    }

    /// Keeps what was fetched, in the place of what was kept for the target.
    pub fn insert(
        &self,
        target: TargetId,
        leads: Vec<Lead>,
        at: Timestamp,
        reached: Arc<[Reached]>,
    ) {
        let mut all = lock(&self.0);
        all.retain(|it| it.target != target);
        all.push_back(Entry {
            target,
            leads,
            at,
            reached,
        });
        let mut bytes: usize = all.iter().map(Entry::bytes).sum();
        while bytes > MOST && all.len() > 1 {
            let oldest = all.pop_front();
            bytes -= oldest.as_ref().map_or(0, Entry::bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::model::lead::LeadRole;

    fn lead(url: &str) -> Lead {
        Lead {
            role: LeadRole::Frame,
            url: url.parse().unwrap(),
        }
    }

    fn reached(url: &str, bytes: usize) -> Arc<[Reached]> {
        let lead = lead(url);
        let end = lead.url.clone();
        let body = Bytes::from(vec![b'x'; bytes]);
        let content_type = None;
        [Reached {
            lead,
            end,
            content_type,
            body,
        }]
        .into()
    }

    #[test]
    fn places_are_fresh_for_minutes_and_the_oldest_make_room() {
        let cache = ReachedCache::default();
        let at = Timestamp::UNIX_EPOCH;
        let url = "https://a.example/";
        let id = |n: usize| format!("a{n}").parse::<TargetId>().unwrap();
        cache.insert(id(0), vec![lead(url)], at, reached(url, 10));
        let soon = at + SignedDuration::from_mins(9);
        assert!(cache.get(&id(0), &[lead(url)], soon).unwrap().1);
        let later = at + SignedDuration::from_mins(11);
        assert!(!cache.get(&id(0), &[lead(url)], later).unwrap().1);
        assert!(
            cache.get(&id(0), &[], soon).is_none(),
            "the page leads elsewhere"
        );
        for n in 1..40 {
            cache.insert(id(n), vec![lead(url)], at, reached(url, 1 << 20));
        }
        assert!(cache.get(&id(0), &[lead(url)], soon).is_none());
        assert!(cache.get(&id(39), &[lead(url)], soon).is_some());
    }
}
