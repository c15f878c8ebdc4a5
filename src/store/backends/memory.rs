//! An engine that forgets when the process ends: tests and the demo.

use std::{
    collections::BTreeMap,
    sync::{PoisonError, RwLock},
};

use async_trait::async_trait;

use crate::store::{Engine, Result};

#[derive(Default)]
pub struct Memory(RwLock<BTreeMap<String, Vec<u8>>>);

#[async_trait]
impl Engine for Memory {
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

    fn last(&self, from: &str, to: &str) -> Result<Option<(String, Vec<u8>)>> {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let found = all.range(from.to_owned()..to.to_owned()).next_back();
        Ok(found.map(|(key, value)| (key.clone(), value.clone())))
    }

    async fn apply(&self, batch: Vec<(String, Option<Vec<u8>>)>, _durable: bool) -> Result<()> {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for (key, value) in batch {
            match value {
                Some(value) => all.insert(key, value),
                None => all.remove(&key),
            };
        }
        Ok(())
    }
}
