//! Operation in memory while the disk fails.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{AT_ONCE, Shared, State};
use crate::store::{
    Batch, Engine, Result, StoreError,
    backends::Memory,
    disk::probe,
    journal::{self, Journal},
    repair::{batch_of, opened},
    tables::LAST,
};

/// What happened since the disk failed.
pub(super) struct Fallback {
    pub since: Timestamp,
    pub why: String,
    /// The last value of each key that was written since; `true` if it must also go into the journal.
    pub pending: BTreeMap<String, (Option<Vec<u8>>, bool)>,
}

impl Shared {
    /// Switches to operation in memory.
    pub(super) fn fall_back(&self, state: &mut State, why: String) -> Result<()> {
        if state.fallback.is_some() {
            return Ok(());
        }
        tracing::error!(
            why,
            "the store cannot be written; the watch goes on in memory"
        );
        let memory = Memory::default();
        // the engine can often still be read; if not, the journal has everything that must not be lost
        match state.engine.range("", LAST) {
            Ok(all) => memory.apply(
                &all.into_iter()
                    .map(|(key, value)| (key, Some(value)))
                    .collect(),
                false,
            )?,
            Err(error) => {
                tracing::error!(%error, "the store cannot be read either; what the journal holds is used");
                let (records, _) = journal::records(&self.folder.join("journal"))?;
                memory.apply(&batch_of(records), false)?;
            }
        }
        state.engine = Box::new(memory);
        state.fallback = Some(Fallback {
            since: Timestamp::now(),
            why,
            pending: BTreeMap::new(),
        });
        Ok(())
    }

    /// Switches back to the disk and writes what is pending. Fails if the disk still does not work.
    pub(super) fn recover(&self) -> Result<()> {
        probe(&self.folder)?;
        let mut state = self
            .state
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if state.fallback.is_none() {
            return Ok(());
        }
        let mut remarks = Vec::new();
        let (engine, reading) = opened(&self.folder, &self.open, &mut remarks)?;
        *self.journal() = Some(Journal::open(&self.folder.join("journal"), &reading)?);
        let (mut kept, mut others) = (Batch::new(), Batch::new());
        if let Some(fallback) = &state.fallback {
            for (key, (value, keep)) in &fallback.pending {
                if *keep { &mut kept } else { &mut others }.push((key.clone(), value.clone()));
            }
        }
        for chunk in kept.chunks(AT_ONCE) {
            self.write_through(engine.as_ref(), &chunk.to_vec(), true)?;
        }
        for chunk in others.chunks(AT_ONCE) {
            self.write_through(engine.as_ref(), &chunk.to_vec(), false)?;
        }
        if let Some(journal) = self.journal().as_ref() {
            journal
                .file()?
                .sync_data()
                .map_err(|error| StoreError::Failed(format!("the journal: {error}")))?;
        }
        state.engine = engine;
        state.fallback = None;
        drop(state);
        for remark in remarks {
            self.remark(remark);
        }
        tracing::info!(
            records = kept.len() + others.len(),
            "the store is written again"
        );
        Ok(())
    }
}
