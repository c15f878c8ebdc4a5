//! The guarantees of the store over any engine: revisions, atomic commits, one outbox entry for each subject, and no
//! blocking disk access on the runtime's threads.

mod commit;
mod delivery;
mod history;
mod maintenance;
mod open;
mod read;

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};
use tokio::sync::watch;

use self::{commit::News, open::OpenIncidents};
use super::{
    Batch, Commit, Condition, Delivery, Done, Engine, Numbered, Page, Pulse, Range, Result,
    Sequence, Store, StoreError, Task, Value,
    cache::Cache,
    codec,
    samples::SampleLog,
    tables::{self, Table},
};
use crate::{
    blocking::{self, Limit},
    model::{Alert, Mask, Storm, TargetId, TargetSummary, history::History},
};

/// A store over an engine.
pub struct RecordStore<E: Engine + 'static> {
    records: Arc<Records<E>>,
    /// Held by the one writer, so that what a commit read is still true when it is written. It is locked before a
    /// blocking thread is taken.
    writing: Arc<tokio::sync::Mutex<()>>,
    readers: Limit,
    pulse: watch::Sender<Pulse>,
}

/// The part of the store that runs on threads for blocking calls.
struct Records<E: Engine> {
    engine: E,
    samples: SampleLog,
    /// Caches of target states and masks as they are stored: every check reads both, and most checks write neither.
    states: Cache<String, Value>,
    masks: Cache<String, Value>,
    open: OpenIncidents,
}

/// Target states in each of the cache's two generations, about 4 KB each. With more targets than that, most states
/// are read from disk at each look.
const AT_HAND: usize = 1024;
/// Bytes of masks in each of the cache's two generations. A mask has about 4 KB; that of a hostile page may have 600.
const MASKS_AT_HAND: usize = 6 << 20;
/// Number of reads that may block on a disk at once.
const READERS: usize = 4;

impl<E: Engine + 'static> RecordStore<E> {
    /// A store over this engine. It reads the samples of the last run.
    pub fn new(engine: E) -> Self {
        let samples = SampleLog::open(&engine).unwrap_or_else(|error| {
            tracing::error!(%error, "the last looks before the stop cannot be read and count as not watched");
            SampleLog::default()
        });
        let weight = |it: &Value| it.get::<Mask>().map_or(0, |it| it.bytes());
        Self {
            records: Arc::new(Records {
                engine,
                samples,
                states: Cache::new(AT_HAND),
                masks: Cache::weighing(MASKS_AT_HAND, weight),
                open: OpenIncidents::default(),
            }),
            writing: Arc::default(),
            readers: Limit::new(READERS),
            pulse: watch::Sender::new(Pulse::default()),
        }
    }

    /// Runs a read, on a thread for blocking calls if the engine needs one.
    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Records<E>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        if !self.records.engine.may_wait() {
            return work(&self.records);
        }
        let records = self.records.clone();
        self.readers.run(move || work(&records)).await
    }

    /// Runs a write, as the only writer. It runs to its end even if the caller stops waiting.
    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Records<E>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let turn = self.writing.clone().lock_owned().await;
        if !self.records.engine.may_wait() {
            return work(&self.records);
        }
        let records = self.records.clone();
        blocking::run(move || {
            let _turn = turn;
            work(&records)
        })
        .await
    }

    /// Runs work that may overlap with readers and writers.
    async fn beside<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Records<E>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        if !self.records.engine.may_wait() {
            return work(&self.records);
        }
        let records = self.records.clone();
        blocking::run(move || work(&records)).await
    }

    /// Reads one record. A damaged record is moved to another key and replaced by its copy in the journal. Without a
    /// copy it counts as absent: one bad sector must not end the watch of a target forever.
    async fn found(&self, table: &'static Table, id: String) -> Result<Option<Value>> {
        let key = table.key(&id);
        let found = if self.records.cache(table).is_some() {
            // as a write, so that no writer comes between reading and caching
            self.write(move |it| it.remembered(table, &id)).await
        } else {
            self.read(move |it| it.value(table, &table.key(&id))).await
        };
        let Err(StoreError::Damaged { why, .. }) = &found else {
            return found;
        };
        tracing::error!(
            store.key = key,
            why,
            "a record is damaged; it is set aside, and its copy in the journal is used where there is one"
        );
        self.write(move |it| it.set_aside(table, &key)).await
    }
}

impl<E: Engine> Records<E> {
    fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>> {
        self.engine
            .get(key)?
            .map(|bytes| codec::decode(key, &bytes))
            .transpose()
    }

    /// Writes a batch, through the journal if the table of one of its keys requires it.
    fn apply(&self, batch: &Batch) -> Result<()> {
        let durable = batch.iter().any(|(key, _)| tables::is_durable(key));
        self.engine.apply(batch, durable)
    }

    fn cache(&self, table: &Table) -> Option<&Cache<String, Value>> {
        match table {
            it if it == tables::TARGET_STATES => Some(&self.states),
            it if it == tables::MASKS => Some(&self.masks),
            _ => None,
        }
    }
}

impl<E: Engine> Drop for Records<E> {
    fn drop(&mut self) {
        let last = self.samples.waiting();
        let written = last.and_then(|batch| self.engine.apply(&batch, false));
        if let Err(error) = written {
            tracing::warn!(%error, "the last looks are not written and count as not watched");
        }
    }
}

pub(super) fn put<T: Serialize>(batch: &mut Batch, key: String, value: &T) -> Result<()> {
    let bytes = codec::encode(&key, value)?;
    batch.push((key, Some(bytes)));
    Ok(())
}

#[async_trait]
impl<E: Engine + 'static> Store for RecordStore<E> {
    async fn get(&self, table: &'static Table, ids: &[String]) -> Result<Vec<Option<Value>>> {
        let mut out = Vec::with_capacity(ids.len());
        for id in ids {
            let at_hand = self.records.cache(table).and_then(|it| it.get(id));
            match at_hand {
                Some(known) => out.push(Some(known)),
                None => out.push(self.found(table, id.clone()).await?),
            }
        }
        Ok(out)
    }

    async fn list(&self, range: &Range) -> Result<Page<Value>> {
        let range = range.clone();
        self.read(move |it| it.page(&range)).await
    }

    async fn summaries(&self, after: Option<String>, limit: usize) -> Result<Page<TargetSummary>> {
        self.read(move |it| it.summaries(after, limit)).await
    }

    async fn commit(&self, commit: Commit) -> Result<()> {
        // most looks see nothing new: they only add some bytes in memory
        if let Some(mark) = commit.only_mark()
            && self.records.samples.extend(mark)
        {
            return Ok(());
        }
        let news = News::of(&commit);
        let durable = self.write(move |it| it.commit(commit)).await?;
        // flush without holding the writer's lock, so that others can write
        if durable {
            self.records.engine.flush().await?;
        }
        self.pulse.send_if_modified(|it| news.count(it));
        Ok(())
    }

    async fn delivery(&self, delivery: Delivery) -> Result<Option<Alert>> {
        let stored = self.write(move |it| it.deliver(delivery)).await?;
        self.records.engine.flush().await?;
        Ok(stored)
    }

    async fn gather(&self, alerts: Vec<Alert>, storm: Storm, told: Alert) -> Result<()> {
        self.write(move |it| it.gather(&alerts, storm, &told))
            .await?;
        self.records.engine.flush().await?;
        self.pulse.send_modify(|it| it.outbox += 1);
        Ok(())
    }

    async fn next_number(&self, of: Sequence) -> Result<u64> {
        let key = tables::NUMBERS.key(&match of.of {
            Numbered::Incident => of.year.to_string(),
            Numbered::Request => format!("request/{}", of.year),
            Numbered::Plan => format!("plan/{}", of.year),
        });
        let number = self.write(move |it| it.next_number(key)).await?;
        self.records.engine.flush().await?;
        Ok(number)
    }

    async fn histories(
        &self,
        targets: &[TargetId],
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<History>> {
        let targets = targets.to_vec();
        self.read(move |it| {
            let all = targets.iter();
            all.map(|target| it.history(target, from, to)).collect()
        })
        .await
    }

    async fn condition(&self) -> Result<Condition> {
        self.beside(|it| Ok(it.engine.condition())).await
    }

    async fn maintenance(&self, task: Task) -> Result<Done> {
        match task {
            Task::Checkup => {
                let found = self.beside(|it| it.engine.checkup()).await?;
                Ok(Done::Checkup(found))
            }
            Task::Backup(to) => {
                let facts = self.write(|it| it.of_one_moment()).await?;
                let count = self.beside(move |it| it.backup(&to, facts)).await?;
                Ok(Done::Backup(count))
            }
            Task::Remarks => {
                let remarks = self.beside(|it| Ok(it.engine.remarks())).await?;
                Ok(Done::Remarks(remarks))
            }
            Task::Upkeep => {
                self.beside(Records::upkeep).await?;
                Ok(Done::Upkeep)
            }
            Task::Nightly(now) => {
                self.write(move |it| it.retain(now)).await?;
                self.beside(|it| it.engine.nightly()).await?;
                Ok(Done::Upkeep)
            }
        }
    }

    fn pulse(&self) -> watch::Receiver<Pulse> {
        self.pulse.subscribe()
    }
}
