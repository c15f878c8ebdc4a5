//! Work on all records: backup, upkeep, retention.

use std::path::Path;

use jiff::Timestamp;

use super::Records;
use crate::store::{Engine, Result, journal, retention, scan::scan, tables};

/// Records of one batch.
const AT_ONCE: usize = 500;

type Facts = Vec<(String, Vec<u8>)>;

impl<E: Engine> Records<E> {
    /// The records that a backup reads at one moment. The caller must be the only writer.
    pub(super) fn of_one_moment(&self) -> Result<Facts> {
        self.apply(&self.samples.waiting()?)?;
        let mut facts = Vec::new();
        for (from, to) in tables::of_one_moment() {
            facts.extend(self.engine.range(&from, &to)?);
        }
        Ok(facts)
    }

    /// Writes `facts` to a file, together with the records that may be read while others write.
    pub(super) fn backup(&self, to: &Path, facts: Facts) -> Result<u64> {
        let running: Vec<(String, String)> = tables::running().collect();
        let running = running
            .iter()
            .flat_map(|(from, to)| scan(&self.engine, from, to));
        journal::write_records(to, 0, facts.into_iter().map(Ok).chain(running))
    }

    pub(super) fn upkeep(&self) -> Result<()> {
        let batch = self.samples.upkeep(&self.engine)?;
        if !batch.is_empty() {
            self.apply(&batch)?;
        }
        self.engine.upkeep()
    }

    /// Deletes what the tables no longer keep. The caller must be the only writer.
    pub(super) fn retain(&self, now: Timestamp) -> Result<()> {
        self.apply(&self.samples.ended(&self.engine, now)?)?;
        for chunk in retention::due(&self.engine, now)?.chunks(AT_ONCE) {
            // through the journal in any case: its base may hold records of tables that the engine alone keeps
            self.engine.apply(&chunk.to_vec(), true)?;
        }
        Ok(())
    }
}
