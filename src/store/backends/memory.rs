//! An engine in memory for tests and the demo: its content is lost when the process ends.

use std::{
    collections::BTreeMap,
    sync::{PoisonError, RwLock},
};

use async_trait::async_trait;

use crate::store::{Batch, Checkup, Engine, Result};

#[derive(Default)]
/// The engine.
pub struct Memory(RwLock<BTreeMap<String, Vec<u8>>>);

#[async_trait]
impl Engine for Memory {
    fn may_wait(&self) -> bool {
        false
    }

    fn get(&self, key: &str) -> Result<Option<Vec<u8>>> {
        Ok(self
            .0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(key)
            .cloned())
    }

    fn range(&self, from: &str, to: &str) -> Result<Vec<(String, Vec<u8>)>> {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let found = all.range(from.to_owned()..to.to_owned());
        Ok(found
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect())
    }

    fn page(&self, from: &str, to: &str, most: usize) -> Result<Vec<(String, Vec<u8>)>> {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let found = all.range(from.to_owned()..to.to_owned()).take(most);
        Ok(found
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect())
    }

    fn last(&self, from: &str, to: &str) -> Result<Option<(String, Vec<u8>)>> {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let found = all.range(from.to_owned()..to.to_owned()).next_back();
        Ok(found.map(|(key, value)| (key.clone(), value.clone())))
    }

    fn apply(&self, batch: &Batch, _durable: bool) -> Result<()> {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for (key, value) in batch {
            match value {
                Some(value) => all.insert(key.clone(), value.clone()),
                None => all.remove(key),
            };
        }
        Ok(())
    }

    fn checkup(&self) -> Result<Checkup> {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Ok(Checkup {
            records: all.len() as u64,
            live_bytes: all
                .iter()
                .map(|(key, it)| (key.len() + it.len()) as u64)
                .sum(),
            ..Checkup::default()
        })
    }
}
