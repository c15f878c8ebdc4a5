//! What the store requires of the data that it keeps.

use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};

/// Data that the store can hold. The table of tables (`store::tables`) has a row for each kind.
pub trait Stored: Clone + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The time from which the retention period counts; `None` while the record is in use.
    fn over_since(&self) -> Option<Timestamp> {
        None
    }
}

/// Data with an id of its own, which can be part of a commit.
pub trait Record: Stored {
    /// The name of its row in `store::tables`. A record without a row does not compile.
    const NAME: &'static str;

    /// Its key, without the prefix of its table.
    fn id(&self) -> String;

    /// The revision that the record was decided from; the store checks it and increments it at every commit. `None`
    /// if the record overwrites whatever is stored.
    fn revision(&mut self) -> Option<&mut u64> {
        None
    }

    /// Whether the change from `before` must survive a power cut. Used only for tables that leave durability to the
    /// record.
    fn must_survive(&self, before: &Self) -> bool {
        let _ = before;
        true
    }
}

/// Counters, such as the registry's revision.
impl Stored for u64 {}

/// Markers. The retention of one that holds a time counts from that time.
impl Stored for String {
    fn over_since(&self) -> Option<Timestamp> {
        self.parse().ok()
    }
}
