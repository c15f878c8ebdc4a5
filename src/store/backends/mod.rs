//! The kinds of engines. A new kind is a file, a `mod` line and a line in [`KINDS`].

mod memory;
mod sled;

use std::{path::Path, sync::Arc};

pub use self::{memory::Memory, sled::Sled};
use super::{
    RecordStore, Result, Store, StoreError,
    durable::{self, Durable},
};

/// Opens a store in a directory.
pub type Open = fn(&Path) -> Result<Arc<dyn Store>>;

/// The name of each kind in targets.yaml, and how to open it.
pub const KINDS: &[(&str, Open)] = &[
    ("sled", |folder| {
        let open: durable::Open = Box::new(|folder| Ok(Box::new(Sled::open(folder)?)));
        Ok(Arc::new(RecordStore::new(Durable::open(folder, open)?)))
    }),
    ("memory", |_| {
        Ok(Arc::new(RecordStore::new(Memory::default())))
    }),
];

/// Opens the store of the kind with this name.
///
/// # Errors
///
/// [`StoreError::Failed`] if the kind is unknown, or if the store cannot be opened.
pub fn open(kind: &str, folder: &Path) -> Result<Arc<dyn Store>> {
    match KINDS.iter().find(|(name, _)| *name == kind) {
        Some((_, open)) => open(folder),
        None => Err(StoreError::Failed(unknown(kind))),
    }
}

/// The error text for an unknown kind.
pub fn unknown(kind: &str) -> String {
    let known: Vec<&str> = KINDS.iter().map(|(name, _)| *name).collect();
    format!(
        "service.store.kind: this version has no store called {kind:?}; there are: {}",
        known.join(", ")
    )
}
