//! A cache with two generations, which comes close to an LRU list.

use std::{
    borrow::Borrow,
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// A cache with two generations of values, each of which holds at most `room`. A value that is used moves to the
/// newer generation; when that is full, it replaces the older one. Nearly as good as an LRU list, with one short
/// lock.
pub struct Cache<K, V> {
    room: usize,
    weigh: fn(&V) -> usize,
    generations: Mutex<[Generation<K, V>; 2]>,
}

struct Generation<K, V> {
    values: HashMap<K, V>,
    weight: usize,
}

impl<K, V> Default for Generation<K, V> {
    fn default() -> Self {
        Self {
            values: HashMap::new(),
            weight: 0,
        }
    }
}

impl<K: Hash + Eq + Clone, V: Clone> Cache<K, V> {
    /// A cache with at most `room` values in each generation.
    pub fn new(room: usize) -> Self {
        Self::weighing(room, |_| 1)
    }

    /// A cache with values of at most `room` in each generation, in the unit of `weigh`. A single heavier value is
    /// not stored.
    pub fn weighing(room: usize, weigh: fn(&V) -> usize) -> Self {
        Self {
            room,
            weigh,
            generations: Mutex::default(),
        }
    }

    fn all(&self) -> MutexGuard<'_, [Generation<K, V>; 2]> {
        self.generations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The value of a key; it counts as used.
    pub fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let mut all = self.all();
        if let Some(found) = all[0].values.get(key) {
            return Some(found.clone());
        }
        let (key, value) = all[1].values.remove_entry(key)?;
        self.place(&mut all, key, value.clone());
        Some(value)
    }

    /// Stores a value.
    pub fn insert(&self, key: K, value: V) {
        self.place(&mut self.all(), key, value);
    }

    fn place(&self, [new, old]: &mut [Generation<K, V>; 2], key: K, value: V) {
        let weight = (self.weigh)(&value);
        old.values.remove(&key);
        if let Some(before) = new.values.remove(&key) {
            new.weight -= (self.weigh)(&before);
        }
        if weight > self.room {
            return;
        }
        if new.weight + weight > self.room {
            *old = std::mem::take(new);
        }
        new.weight += weight;
        new.values.insert(key, value);
    }

    /// Removes a value.
    pub fn remove<Q: Hash + Eq + ?Sized>(&self, key: &Q)
    where
        K: Borrow<Q>,
    {
        let mut all = self.all();
        for generation in all.iter_mut() {
            if let Some(gone) = generation.values.remove(key) {
                generation.weight = generation.weight.saturating_sub((self.weigh)(&gone));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_stays() {
        let cache = Cache::new(2);
        for n in 0..5 {
            cache.insert(n, n * 10);
            assert_eq!(cache.get(&0), Some(0), "used after each of the others");
        }
        assert_eq!(cache.get(&1), None);
        cache.remove(&0);
        assert_eq!(cache.get(&0), None);
    }

    #[test]
    fn heavy_values_leave_room_for_no_more_than_they_weigh() {
        let cache = Cache::weighing(10, |it: &Vec<u8>| it.len());
        let held = |cache: &Cache<u32, Vec<u8>>| {
            let all = cache.all();
            let all = all.iter().flat_map(|it| it.values.values());
            all.map(Vec::len).sum::<usize>()
        };
        for n in 0..100 {
            cache.insert(n, vec![0; 1 + n as usize % 12]);
            assert!(held(&cache) <= 20, "after {n}");
        }
        cache.insert(7, vec![0; 11]);
        assert_eq!(cache.get(&7), None, "heavier than a generation");
        cache.insert(8, vec![0; 4]);
        cache.insert(8, vec![0; 5]);
        assert_eq!(cache.get(&8).map(|it| it.len()), Some(5));
    }
}
