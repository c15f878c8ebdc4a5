//! An engine that outlives its own: a journal in front of it, repair when it opens, memory while the disk fails.
//!
//! - A batch that must survive is a line of the journal first; the engine may lag behind it and is brought up to
//!   date when it opens. One sync serves all who wait for it.
//! - An engine that does not open, panics, or has lost records is set aside and built again from the journal.
//! - While the disk is full, read-only or broken, everything goes on in memory and is written when it works again.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{
        Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use jiff::Timestamp;

use super::{
    Batch, Checkup, Condition, Engine, Result, StoreError,
    backends::Memory,
    codec,
    disk::{enough_space, probe, size},
    journal::{self, Journal, SEQUENCE},
    pages::each,
    repair::{LAST, batch_of, opened},
    replace,
};

/// Opens the engine in a directory; called again after a repair. Must not leave a lock behind when it fails.
pub type Open = Box<dyn Fn(&Path) -> Result<Box<dyn Engine>> + Send + Sync>;

pub struct Enduring {
    folder: PathBuf,
    open: Open,
    state: RwLock<State>,
    journal: Mutex<Option<Journal>>,
    /// Numbers of the last batch that was written to the journal, and of the last that is surely on disk.
    written: AtomicU64,
    synced: AtomicU64,
    syncing: tokio::sync::Mutex<()>,
    remarks: Mutex<Vec<String>>,
    /// A base is being written.
    folding: AtomicBool,
}

struct State {
    /// The engine on disk, or its copy in memory.
    engine: Box<dyn Engine>,
    shelter: Option<Shelter>,
}

/// What happened since the disk failed.
struct Shelter {
    since: Timestamp,
    why: String,
    /// Later values only; `true` where it must survive.
    pending: BTreeMap<String, (Option<Vec<u8>>, bool)>,
}

/// So many records go into one batch when the engine is built anew.
const AT_ONCE: usize = 500;
/// The engine's directory may be so many times as large as what lives in it, and is left alone below a size.
const BLOAT: u64 = 4;
const SMALL: u64 = 64 << 20;

impl Enduring {
    /// Opens the store in `folder`: `store/` and `journal/`, repairing what must be repaired. What was done
    /// is in [`Engine::remarks`].
    pub fn open(folder: &Path, open: Open) -> Result<Self> {
        let settled = replace::settle(folder)?;
        let mut remarks = Vec::new();
        let (engine, reading) = opened(folder, &open, &mut remarks)?;
        remarks.extend(settled);
        let journal = Journal::open(&folder.join("journal"), &reading)?;
        let it = Self {
            folder: folder.to_owned(),
            open,
            written: AtomicU64::new(journal.last()),
            synced: AtomicU64::new(journal.last()),
            state: RwLock::new(State {
                engine,
                shelter: None,
            }),
            journal: Mutex::new(Some(journal)),
            syncing: tokio::sync::Mutex::new(()),
            remarks: Mutex::new(remarks),
            folding: AtomicBool::new(false),
        };
        // a journal without a base is one of an older version, or one that was lost
        if reading.base.is_none() || !reading.damaged.is_empty() {
            it.fold()?;
        }
        Ok(it)
    }

    /// Writes a new base and forgets the logs before it.
    pub fn fold(&self) -> Result<()> {
        if self.folding.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        let result = self.fold_now();
        self.folding.store(false, Ordering::Release);
        result
    }

    fn fold_now(&self) -> Result<()> {
        let folder = self.folder.join("journal");
        // nobody is between journal and engine at this moment
        let n = {
            let _state = self.state.write().unwrap_or_else(PoisonError::into_inner);
            match self.journal().as_mut() {
                Some(journal) => journal.turn()?,
                None => return Ok(()),
            }
        };
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        if state.shelter.is_some() {
            return Ok(());
        }
        // what is written meanwhile is in the new log as well, and is put over the base when it is read
        journal::write_base(&folder, n, each(state.engine.as_ref(), "", LAST))?;
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

    /// Reads; from memory where the engine fails.
    fn reading<T>(&self, read: impl Fn(&dyn Engine) -> Result<T>) -> Result<T> {
        let failure = {
            let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
            match read(state.engine.as_ref()) {
                Err(StoreError::Failed(why)) if state.shelter.is_none() => why,
                other => return other,
            }
        };
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        self.take_shelter(&mut state, failure)?;
        read(state.engine.as_ref())
    }

    /// From now on in memory.
    fn take_shelter(&self, state: &mut State, why: String) -> Result<()> {
        if state.shelter.is_some() {
            return Ok(());
        }
        tracing::error!(
            why,
            "the store cannot be written; the watch goes on in memory"
        );
        let memory = Memory::default();
        // the engine can often still be read; else the journal knows what must not be lost
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
        state.shelter = Some(Shelter {
            since: Timestamp::now(),
            why,
            pending: BTreeMap::new(),
        });
        Ok(())
    }

    /// Writes a batch through journal and engine.
    fn write_through(&self, engine: &dyn Engine, batch: &Batch, keep: bool) -> Result<()> {
        if !keep {
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

    /// Back to the disk, if it works again.
    fn leave_shelter(&self) -> Result<()> {
        probe(&self.folder)?;
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if state.shelter.is_none() {
            return Ok(());
        }
        let mut remarks = Vec::new();
        let (engine, reading) = opened(&self.folder, &self.open, &mut remarks)?;
        *self.journal() = Some(Journal::open(&self.folder.join("journal"), &reading)?);
        let (mut kept, mut others) = (Batch::new(), Batch::new());
        if let Some(shelter) = &state.shelter {
            for (key, (value, keep)) in &shelter.pending {
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
        state.shelter = None;
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

    /// Copies the engine into a fresh directory where it has grown out of proportion.
    fn compact(&self) -> Result<()> {
        let path = self.folder.join("store");
        let on_disk = size(&path);
        if on_disk < SMALL {
            return Ok(());
        }
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if state.shelter.is_some() {
            return Ok(());
        }
        let mut live = 0;
        for record in each(state.engine.as_ref(), "", LAST) {
            let (key, value) = record?;
            live += (key.len() + value.len()) as u64;
        }
        if on_disk <= BLOAT * live.max(1) {
            return Ok(());
        }
        let fresh = self.folder.join("compacting");
        let _ = fs::remove_dir_all(&fresh);
        // nobody writes meanwhile
        {
            let copy = (self.open)(&fresh)?;
            let mut chunk = Batch::new();
            for record in each(state.engine.as_ref(), "", LAST) {
                let (key, value) = record?;
                chunk.push((key, Some(value)));
                if chunk.len() >= AT_ONCE {
                    copy.apply(&std::mem::take(&mut chunk), false)?;
                }
            }
            copy.apply(&chunk, false)?;
            copy.sync()?;
        }
        // the old one lets go of its directory while both change places; where that fails, the next upkeep opens what
        // is there
        state.engine = Box::new(Memory::default());
        state.shelter = Some(Shelter {
            since: Timestamp::now(),
            why: "the store is being compacted".to_owned(),
            pending: BTreeMap::new(),
        });
        let swap = || -> Result<Box<dyn Engine>> {
            let old = self.folder.join("compacted");
            let _ = fs::remove_dir_all(&old);
            let moved = |error: std::io::Error| StoreError::Failed(format!("compaction: {error}"));
            fs::rename(&path, &old).map_err(moved)?;
            fs::rename(fresh.join("store"), &path).map_err(moved)?;
            let engine = (self.open)(&self.folder)?;
            let _ = fs::remove_dir_all(&old);
            let _ = fs::remove_dir_all(&fresh);
            Ok(engine)
        };
        state.engine = match swap() {
            Ok(engine) => engine,
            Err(error) => {
                tracing::error!(%error, "the store could not be compacted");
                (self.open)(&self.folder)?
            }
        };
        state.shelter = None;
        tracing::info!(
            before = on_disk,
            after = size(&path),
            "the store was compacted"
        );
        Ok(())
    }
}

#[async_trait]
impl Engine for Enduring {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>> {
        self.reading(|it| it.get(key))
    }

    fn range(&self, from: &str, to: &str) -> Result<Vec<(String, Vec<u8>)>> {
        self.reading(|it| it.range(from, to))
    }

    fn some(&self, from: &str, to: &str, most: usize) -> Result<Vec<(String, Vec<u8>)>> {
        self.reading(|it| it.some(from, to, most))
    }

    fn last(&self, from: &str, to: &str) -> Result<Option<(String, Vec<u8>)>> {
        self.reading(|it| it.last(from, to))
    }

    fn apply(&self, batch: &Batch, keep: bool) -> Result<()> {
        let failure = {
            let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
            match &state.shelter {
                None => match self.write_through(state.engine.as_ref(), batch, keep) {
                    Ok(()) => return Ok(()),
                    Err(error) => Some(error.to_string()),
                },
                Some(_) => None,
            }
        };
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(why) = failure {
            self.take_shelter(&mut state, why)?;
        }
        state.engine.apply(batch, keep)?;
        if let Some(shelter) = state.shelter.as_mut() {
            for (key, value) in batch {
                let known = shelter.pending.get(key).is_some_and(|it| it.1);
                shelter
                    .pending
                    .insert(key.clone(), (value.clone(), keep || known));
            }
            Ok(())
        } else {
            // the disk came back between the two locks
            self.write_through(state.engine.as_ref(), batch, keep)
        }
    }

    /// One sync of the journal for all who wait.
    async fn settle(&self) -> Result<()> {
        if self.condition() != Condition::Sound {
            return Ok(());
        }
        let wanted = self.written.load(Ordering::Acquire);
        let _syncing = self.syncing.lock().await;
        if self.synced.load(Ordering::Acquire) >= wanted {
            return Ok(());
        }
        let upto = self.written.load(Ordering::Acquire);
        let file = match self.journal().as_ref() {
            Some(journal) => journal.file(),
            None => return Ok(()),
        };
        let synced = match file {
            Ok(file) => tokio::task::spawn_blocking(move || file.sync_data())
                .await
                .map_err(|error| error.to_string())
                .and_then(|it| it.map_err(|error| error.to_string())),
            Err(error) => Err(error.to_string()),
        };
        match synced {
            Ok(()) => {
                self.synced.fetch_max(upto, Ordering::AcqRel);
                Ok(())
            }
            Err(why) => {
                // what was written may not be on disk, but it is in the engine, from which memory is filled
                let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
                self.take_shelter(&mut state, format!("the journal: {why}"))
            }
        }
    }

    fn recall(&self, key: &str) -> Result<Option<Vec<u8>>> {
        let (records, _) = journal::records(&self.folder.join("journal"))?;
        Ok(records.get(key).map(|json| codec::of_json(key, json)))
    }

    fn condition(&self) -> Condition {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        match &state.shelter {
            None => Condition::Sound,
            Some(shelter) => Condition::InMemory {
                since: shelter.since,
                why: shelter.why.clone(),
                waiting: shelter.pending.len(),
            },
        }
    }

    fn upkeep(&self) -> Result<()> {
        if self.condition() != Condition::Sound {
            return self.leave_shelter();
        }
        if let Err(error) = enough_space(&self.folder) {
            let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
            return self.take_shelter(&mut state, error.to_string());
        }
        let long = self.journal().as_ref().is_some_and(Journal::is_long);
        if long { self.fold() } else { Ok(()) }
    }

    fn nightly(&self) -> Result<()> {
        self.compact()?;
        self.fold()
    }

    fn remarks(&self) -> Vec<String> {
        std::mem::take(&mut *self.remarks.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn checkup(&self) -> Result<Checkup> {
        let mut out = Checkup::default();
        for record in each(self, "", LAST) {
            let (key, value) = record?;
            out.records += 1;
            out.live_bytes += (key.len() + value.len()) as u64;
            if let Some(key) = key.strip_prefix("damaged/") {
                out.set_aside.push(key.to_owned());
            } else if !codec::is_whole(&key, &value) {
                out.damaged.push(key);
            }
        }
        let (records, reading) = journal::records(&self.folder.join("journal"))?;
        out.journal_lines = reading.lines;
        out.journal_damaged = reading.damaged;
        let mut missing: Vec<String> = records
            .into_keys()
            .filter(|key| !matches!(self.get(key), Ok(Some(_))))
            .collect();
        if !missing.is_empty() {
            // what was deleted while this ran is not missing
            let (now, _) = journal::records(&self.folder.join("journal"))?;
            missing.retain(|key| now.contains_key(key));
        }
        out.missing = missing;
        out.disk_bytes = size(&self.folder.join("store"));
        out.journal_bytes = size(&self.folder.join("journal"));
        if let Condition::InMemory { why, .. } = self.condition() {
            out.in_memory = Some(why);
        }
        Ok(out)
    }
}
