//! What is at hand: the values used last, and as many before them.

use std::{
    borrow::Borrow,
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Two generations of at most `room` values each: what is used moves to the newer one, and the older one goes when that is
/// full. As good as a list by last use, and one lock long.
pub struct Shelf<K, V> {
    room: usize,
    generations: Mutex<[HashMap<K, V>; 2]>,
}

impl<K: Hash + Eq + Clone, V: Clone> Shelf<K, V> {
    pub fn new(room: usize) -> Self {
        Self {
            room,
            generations: Mutex::default(),
        }
    }

    fn all(&self) -> MutexGuard<'_, [HashMap<K, V>; 2]> {
        self.generations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let mut all = self.all();
        if let Some(found) = all[0].get(key) {
            return Some(found.clone());
        }
        let (key, value) = all[1].remove_entry(key)?;
        put(&mut all, self.room, key, value.clone());
        Some(value)
    }

    pub fn put(&self, key: K, value: V) {
        put(&mut self.all(), self.room, key, value);
    }

    pub fn take<Q: Hash + Eq + ?Sized>(&self, key: &Q)
    where
        K: Borrow<Q>,
    {
        let mut all = self.all();
        all.iter_mut().for_each(|it| {
            it.remove(key);
        });
    }
}

fn put<K: Hash + Eq, V>(all: &mut [HashMap<K, V>; 2], room: usize, key: K, value: V) {
    let [new, old] = all;
    if new.len() >= room && !new.contains_key(&key) {
        *old = std::mem::take(new);
    }
    new.insert(key, value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_stays() {
        let shelf = Shelf::new(2);
        for n in 0..5 {
            shelf.put(n, n * 10);
            assert_eq!(shelf.get(&0), Some(0), "used after each of the others");
        }
        assert_eq!(shelf.get(&1), None);
        shelf.take(&0);
        assert_eq!(shelf.get(&0), None);
    }
}
