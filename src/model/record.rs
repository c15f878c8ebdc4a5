//! What the store asks of the data it keeps.

use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};

/// Data that the store can hold. The store's table of tables (`store::tables`) has a row for each kind.
pub trait Stored: Clone + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The moment from which the retention of its row counts; `None` while the record is in use.
    fn over_since(&self) -> Option<Timestamp> {
        None
    }
}

/// A record that knows its own id, and so can be part of a commit.
pub trait Record: Stored {
    /// The name of its row. A record without a row does not compile.
    const NAME: &'static str;

    /// Its key without the prefix of the table.
    fn id(&self) -> String;

    /// The revision that the record was decided from, which the store counts up at every commit. `None`: it is written
    /// over whatever is there.
    fn revision(&mut self) -> Option<&mut u64> {
        None
    }

    /// Whether a power cut may not take back the change from `before`. Asked only of tables that leave it to the record.
    fn must_survive(&self, before: &Self) -> bool {
        let _ = before;
        true
    }
}

/// Counts, such as the registry's revision.
impl Stored for u64 {}

/// Markers. One that holds a moment is over since then.
impl Stored for String {
    fn over_since(&self) -> Option<Timestamp> {
        self.parse().ok()
    }
}
