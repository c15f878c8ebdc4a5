//! A decoded record of any kind.

use std::{any::Any, fmt, sync::Arc};

use serde::{Serialize, Serializer};

use super::{Result, StoreError};
use crate::model::record::Stored;

/// A decoded record; its table tells its kind. Cheap to clone.
#[derive(Clone)]
pub struct Value {
    content: Arc<dyn Any + Send + Sync>,
    json: fn(&(dyn Any + Send + Sync)) -> serde_json::Result<Box<serde_json::value::RawValue>>,
}

impl Value {
    /// A record of this kind.
    pub fn of<T: Stored>(content: T) -> Self {
        Self {
            content: Arc::new(content),
            json: json::<T>,
        }
    }

    /// Parses the JSON of a record.
    ///
    /// # Errors
    ///
    /// [`StoreError::Damaged`] if the JSON is no record of kind `T`.
    pub fn parse<T: Stored>(key: &str, json: &[u8]) -> Result<Self> {
        let content: T = serde_json::from_slice(json).map_err(|error| StoreError::Damaged {
            key: key.to_owned(),
            why: error.to_string(),
        })?;
        Ok(Self::of(content))
    }

    /// The record; the caller knows its kind from the table.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`] if the record is of another kind.
    pub fn get<T: Stored>(&self) -> Result<Arc<T>> {
        let content = self.content.clone().downcast();
        content.map_err(|_| StoreError::Failed("the record is of another table".to_owned()))
    }

    /// Like [`Self::get`], as an owned value.
    pub fn into<T: Stored>(self) -> Result<T> {
        Ok(Arc::unwrap_or_clone(self.get()?))
    }
}

fn json<T: Stored>(
    content: &(dyn Any + Send + Sync),
) -> serde_json::Result<Box<serde_json::value::RawValue>> {
    serde_json::value::to_raw_value(&content.downcast_ref::<T>())
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        let json = (self.json)(self.content.as_ref()).map_err(serde::ser::Error::custom)?;
        json.serialize(to)
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a record")
    }
}
