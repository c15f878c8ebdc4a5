//! Compaction: copies an engine into a fresh directory when its files are much larger than its records.

use std::{collections::BTreeMap, fs, io, path::Path, sync::PoisonError};

use jiff::Timestamp;

use super::{AT_ONCE, Fallback, Shared};
use crate::store::{
    Batch, Engine, Result, StoreError, backends::Memory, disk::size, scan::scan, tables::LAST,
};

/// The engine is compacted when its directory is larger than its live records by this factor.
const BLOAT: u64 = 4;
/// Size in bytes below which a directory is never compacted.
const SMALL: u64 = 64 << 20;

impl Shared {
    /// Copies the engine into a fresh directory if its files have grown out of proportion. All writes wait meanwhile.
    pub(super) fn compact(&self) -> Result<()> {
        let path = self.folder.join("store");
        let on_disk = size(&path);
        if on_disk < SMALL {
            return Ok(());
        }
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if state.fallback.is_some() {
            return Ok(());
        }
        let mut live = 0;
        for record in scan(state.engine.as_ref(), "", LAST) {
            let (key, value) = record?;
            live += (key.len() + value.len()) as u64;
        }
        if on_disk <= BLOAT * live.max(1) {
            return Ok(());
        }
        let fresh = self.folder.join("compacting");
        let _ = fs::remove_dir_all(&fresh);
        self.copy(state.engine.as_ref(), &fresh)?;
        // drop the old engine, so that it releases its directory while the two directories change places; if that
        // fails, the next upkeep opens whichever is there
        state.engine = Box::new(Memory::default());
        state.fallback = Some(Fallback {
            since: Timestamp::now(),
            why: "the store is being compacted".to_owned(),
            pending: BTreeMap::new(),
        });
        state.engine = match self.swap(&path, &fresh) {
            Ok(engine) => engine,
            Err(error) => {
                tracing::error!(%error, "the store could not be compacted");
                (self.open)(&self.folder)?
            }
        };
        state.fallback = None;
        tracing::info!(
            before = on_disk,
            after = size(&path),
            "the store was compacted"
        );
        Ok(())
    }

    fn copy(&self, engine: &dyn Engine, fresh: &Path) -> Result<()> {
        let copy = (self.open)(fresh)?;
        let mut chunk = Batch::new();
        for record in scan(engine, "", LAST) {
            let (key, value) = record?;
            chunk.push((key, Some(value)));
            if chunk.len() >= AT_ONCE {
                copy.apply(&std::mem::take(&mut chunk), false)?;
            }
        }
        copy.apply(&chunk, false)?;
        copy.sync()
    }

    fn swap(&self, path: &Path, fresh: &Path) -> Result<Box<dyn Engine>> {
        let old = self.folder.join("compacted");
        let _ = fs::remove_dir_all(&old);
        let moved = |error: io::Error| StoreError::Failed(format!("compaction: {error}"));
        fs::rename(path, &old).map_err(moved)?;
        fs::rename(fresh.join("store"), path).map_err(moved)?;
        let engine = (self.open)(&self.folder)?;
        let _ = fs::remove_dir_all(&old);
        let _ = fs::remove_dir_all(fresh);
        Ok(engine)
    }
}
