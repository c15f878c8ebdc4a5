//! Makes an engine durable: a journal in front of it, repair when it opens, operation in memory while the disk fails.
//!
//! - A durable batch is first written to the journal. The engine may lag behind and is brought up to date when it
//!   opens. One flush serves all commits that wait for it.
//! - An engine that does not open, panics, or has lost records is set aside and rebuilt from the journal.
//! - While the disk is full, read-only or broken, the store operates in memory, and writes everything once the disk
//!   works again.

mod compact;
mod fallback;

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use async_trait::async_trait;

use self::fallback::Fallback;
pub use super::engine::Open;
use super::{
    Batch, Checkup, Condition, Engine, Result, StoreError, codec,
    disk::{enough_space, size},
    journal::{self, Journal, SEQUENCE},
    repair::opened,
    replace,
    scan::scan,
    tables::{self, LAST},
};
use crate::blocking;

/// A durable engine over another engine.
pub struct Durable(Arc<Shared>);

struct Shared {
    folder: PathBuf,
    open: Open,
    state: RwLock<State>,
    journal: Mutex<Option<Journal>>,
    /// Number of the last batch that was written to the journal, and of the last that is certainly on disk.
    written: AtomicU64,
    flushed: AtomicU64,
    flushing: tokio::sync::Mutex<()>,
    remarks: Mutex<Vec<String>>,
    /// Whether a new base is being written.
    folding: AtomicBool,
}

struct State {
    /// The engine on disk, or its copy in memory during a fallback.
    engine: Box<dyn Engine>,
    fallback: Option<Fallback>,
}

/// Records of one batch when an engine is copied or rebuilt.
const AT_ONCE: usize = 500;

impl Durable {
    /// Opens the store in `folder` (`store/` and `journal/`) and repairs it if necessary. [`Engine::remarks`] says
    /// what was repaired.
    ///
    /// # Errors
    ///
    /// [`StoreError::Held`] if another process has the store; otherwise if it cannot be repaired from its journal.
    pub fn open(folder: &Path, open: Open) -> Result<Self> {
        let settled = replace::settle(folder)?;
        let mut remarks = Vec::new();
        let (engine, reading) = opened(folder, &open, &mut remarks)?;
        remarks.extend(settled);
        let journal = Journal::open(&folder.join("journal"), &reading)?;
        let it = Shared {
            folder: folder.to_owned(),
            open,
            written: AtomicU64::new(journal.last()),
            flushed: AtomicU64::new(journal.last()),
            state: RwLock::new(State {
                engine,
                fallback: None,
            }),
            journal: Mutex::new(Some(journal)),
            flushing: tokio::sync::Mutex::new(()),
            remarks: Mutex::new(remarks),
            folding: AtomicBool::new(false),
        };
        // without a base, the journal is of an older version, or its base was lost
        if reading.base.is_none() || !reading.damaged.is_empty() {
            it.fold()?;
        }
        Ok(Self(Arc::new(it)))
    }
}

impl Shared {
    /// Writes a new base of the journal and deletes the logs that it replaces.
    fn fold(&self) -> Result<()> {
        if self.folding.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        let result = self.fold_now();
        self.folding.store(false, Ordering::Release);
        result
    }

    fn fold_now(&self) -> Result<()> {
        let folder = self.folder.join("journal");
        // under this lock, no batch is in the journal but not yet in the engine
        let n = {
            let _state = self.state.write().unwrap_or_else(PoisonError::into_inner);
            match self.journal().as_mut() {
                Some(journal) => journal.turn()?,
                None => return Ok(()),
            }
        };
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        if state.fallback.is_some() {
            return Ok(());
        }
        // batches written during this are in the new log, too, which is applied after the base
        journal::write_base(&folder, n, scan(state.engine.as_ref(), "", LAST))?;
        match self.journal().as_mut() {
            Some(journal) => journal.forget(n),
            None => Ok(()),
        }
    }

    fn journal(&self) -> MutexGuard<'_, Option<Journal>> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remark(&self, text: String) {
        tracing::warn!("{text}");
        self.remarks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(text);
    }

    /// Reads from the engine; if it fails, switches to memory and reads there.
    fn reading<T>(&self, read: impl Fn(&dyn Engine) -> Result<T>) -> Result<T> {
        let failure = {
            let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
            match read(state.engine.as_ref()) {
                Err(StoreError::Failed(why)) if state.fallback.is_none() => why,
                other => return other,
            }
        };
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        self.fall_back(&mut state, failure)?;
        read(state.engine.as_ref())
    }

    /// Writes a batch to the engine; a durable batch first to the journal.
    fn write_through(&self, engine: &dyn Engine, batch: &Batch, durable: bool) -> Result<()> {
        if !durable {
            return engine.apply(batch, false);
        }
        let n = match self.journal().as_mut() {
            Some(journal) => journal.append(batch)?,
            None => return Err(StoreError::Failed("the journal is not open".to_owned())),
        };
        self.written.fetch_max(n, Ordering::AcqRel);
        let mut numbered = batch.clone();
        numbered.push((SEQUENCE.to_owned(), Some(codec::encode(SEQUENCE, &n)?)));
        engine.apply(&numbered, true)
    }

    fn apply(&self, batch: &Batch, durable: bool) -> Result<()> {
        let failure = {
            let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
            match &state.fallback {
                None => match self.write_through(state.engine.as_ref(), batch, durable) {
                    Ok(()) => return Ok(()),
                    Err(error) => Some(error.to_string()),
                },
                Some(_) => None,
            }
        };
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(why) = failure {
            self.fall_back(&mut state, why)?;
        }
        state.engine.apply(batch, durable)?;
        if let Some(fallback) = state.fallback.as_mut() {
            for (key, value) in batch {
                let known = fallback.pending.get(key).is_some_and(|it| it.1);
                fallback
                    .pending
                    .insert(key.clone(), (value.clone(), durable || known));
            }
            Ok(())
        } else {
            // the disk recovered between the two locks
            self.write_through(state.engine.as_ref(), batch, durable)
        }
    }

    /// Flushes the journal to disk. If that fails, the store switches to memory: the batches may not be on disk, but
    /// they are in the engine, and memory takes over its content.
    fn flush(&self) -> Result<()> {
        if self.condition() != Condition::Sound {
            return Ok(());
        }
        let upto = self.written.load(Ordering::Acquire);
        let file = match self.journal().as_ref() {
            Some(journal) => journal.file(),
            None => return Ok(()),
        };
        let flushed = file.and_then(|it| {
            it.sync_data()
                .map_err(|error| StoreError::Failed(error.to_string()))
        });
        match flushed {
            Ok(()) => {
                self.flushed.fetch_max(upto, Ordering::AcqRel);
                Ok(())
            }
            Err(why) => {
                let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
                self.fall_back(&mut state, format!("the journal: {why}"))
            }
        }
    }

    fn recall(&self, key: &str) -> Result<Option<Vec<u8>>> {
        let (records, _) = journal::records(&self.folder.join("journal"))?;
        Ok(records.get(key).map(|json| codec::of_json(key, json)))
    }

    fn condition(&self) -> Condition {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        match &state.fallback {
            None => Condition::Sound,
            Some(fallback) => Condition::InMemory {
                since: fallback.since,
                why: fallback.why.clone(),
                waiting: fallback.pending.len(),
            },
        }
    }

    fn upkeep(&self) -> Result<()> {
        if self.condition() != Condition::Sound {
            return self.recover();
        }
        if let Err(error) = enough_space(&self.folder) {
            let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
            return self.fall_back(&mut state, error.to_string());
        }
        let long = self.journal().as_ref().is_some_and(Journal::is_long);
        if long { self.fold() } else { Ok(()) }
    }

    fn remarks(&self) -> Vec<String> {
        std::mem::take(&mut *self.remarks.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl Engine for Durable {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>> {
        self.0.reading(|it| it.get(key))
    }

    fn range(&self, from: &str, to: &str) -> Result<Vec<(String, Vec<u8>)>> {
        self.0.reading(|it| it.range(from, to))
    }

    fn page(&self, from: &str, to: &str, most: usize) -> Result<Vec<(String, Vec<u8>)>> {
        self.0.reading(|it| it.page(from, to, most))
    }

    fn last(&self, from: &str, to: &str) -> Result<Option<(String, Vec<u8>)>> {
        self.0.reading(|it| it.last(from, to))
    }

    fn apply(&self, batch: &Batch, durable: bool) -> Result<()> {
        self.0.apply(batch, durable)
    }

    /// Flushes the journal once for all callers that wait.
    async fn flush(&self) -> Result<()> {
        let wanted = self.0.written.load(Ordering::Acquire);
        let _flushing = self.0.flushing.lock().await;
        if self.0.flushed.load(Ordering::Acquire) >= wanted {
            return Ok(());
        }
        let shared = self.0.clone();
        blocking::run(move || shared.flush()).await
    }

    fn recall(&self, key: &str) -> Result<Option<Vec<u8>>> {
        self.0.recall(key)
    }

    fn condition(&self) -> Condition {
        self.0.condition()
    }

    fn upkeep(&self) -> Result<()> {
        self.0.upkeep()
    }

    fn nightly(&self) -> Result<()> {
        self.0.compact()?;
        self.0.fold()
    }

    fn remarks(&self) -> Vec<String> {
        self.0.remarks()
    }

    fn checkup(&self) -> Result<Checkup> {
        let mut out = Checkup::default();
        for record in scan(self, "", LAST) {
            let (key, value) = record?;
            out.records += 1;
            out.live_bytes += (key.len() + value.len()) as u64;
            if let Some(key) = key.strip_prefix(tables::SET_ASIDE.prefix) {
                out.set_aside.push(key.to_owned());
            } else if !codec::is_whole(&key, &value) {
                out.damaged.push(key);
            }
        }
        let (records, reading) = journal::records(&self.0.folder.join("journal"))?;
        out.journal_lines = reading.lines;
        out.journal_damaged = reading.damaged;
        let mut missing: Vec<String> = records
            .into_keys()
            // a base holds all records of its moment; others than these may be deleted without a line in the journal
            .filter(|key| tables::is_durable(key) && !matches!(self.get(key), Ok(Some(_))))
            .collect();
        if !missing.is_empty() {
            // records that were deleted during the checkup are not missing
            let (now, _) = journal::records(&self.0.folder.join("journal"))?;
            missing.retain(|key| now.contains_key(key));
        }
        out.missing = missing;
        out.disk_bytes = size(&self.0.folder.join("store"));
        out.journal_bytes = size(&self.0.folder.join("journal"));
        if let Condition::InMemory { why, .. } = self.condition() {
            out.in_memory = Some(why);
        }
        Ok(out)
    }
}
