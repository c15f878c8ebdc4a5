//! The store's promises over any engine: revisions, atomic commits, one outbox entry a subject.

mod commit;
mod history;
mod storms;

use std::{collections::BTreeSet, sync::Arc};

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};
use tokio::sync::{Mutex, watch};

use super::{
    Batch, Checkup, Commit, Condition, Delivery, Engine, Pulse, Result, Store, StoreError, Wanted,
    codec, journal, outbox, pages::each, plans, recent::Recent, register, retention, shelf::Shelf,
};
use crate::model::{
    Alert, Dossier, Glance, Incident, IncidentId, Mask, Receipt, Storm, TargetId,
    history::History,
    plan::{Plan, PlanId},
    registration::{Entry, Registration, Request, RequestId},
};

pub struct Ledger<E: Engine> {
    engine: E,
    recent: Recent,
    /// Dossiers and masks as they are stored: a check reads them, and most write neither.
    dossiers: Shelf<TargetId, Arc<Dossier>>,
    masks: Shelf<TargetId, Arc<Mask>>,
    /// Incidents that are open, once somebody has asked: the duty room asks every few seconds.
    open: Mutex<Option<BTreeSet<IncidentId>>>,
    /// One writer at a time, so that what a commit read is still true when it is written.
    writing: Mutex<()>,
    pulse: watch::Sender<Pulse>,
}

/// Some 4 KB each; twice as many are kept at the most. With more targets than that, most are read anew at each look all
/// the same.
const AT_HAND: usize = 1024;
/// Bytes of masks at hand, and twice as many at the most. One takes some 4 KB; one of a hostile page may take 600.
const MASKS_AT_HAND: usize = 6 << 20;

/// Keys of what a backup holds as of one moment, and those of the rest: answering times, beats, masks, spans.
const FACTS: [(&str, &str); 4] = [("c", "h"), ("i", "k"), ("l", "s"), ("t", "\u{10ffff}")];
const OTHERS: [(&str, &str); 4] = [("", "c"), ("h", "i"), ("k", "l"), ("s", "t")];

impl<E: Engine> Ledger<E> {
    pub fn new(engine: E) -> Self {
        let recent = Recent::open(&engine).unwrap_or_else(|error| {
            tracing::error!(%error, "the last looks before the stop cannot be read and count as not watched");
            Recent::default()
        });
        Self {
            engine,
            recent,
            dossiers: Shelf::new(AT_HAND),
            masks: Shelf::weighing(MASKS_AT_HAND, |it| it.bytes()),
            open: Mutex::default(),
            writing: Mutex::new(()),
            pulse: watch::Sender::new(Pulse::default()),
        }
    }

    fn read<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>> {
        self.engine
            .get(key)?
            .map(|bytes| codec::decode(key, &bytes))
            .transpose()
    }

    /// A damaged record is kept under another key and counts as absent: one bad sector must not silence
    /// a target for ever.
    async fn read_or_set_aside<T: DeserializeOwned>(&self, key: String) -> Result<Option<T>> {
        let found = self.read(&key);
        let Err(StoreError::Damaged { why, .. }) = &found else {
            return found;
        };
        tracing::error!(
            store.key = key,
            why,
            "a record is damaged; it is set aside, and its copy in the journal is used where there is one"
        );
        let _writing = self.writing.lock().await;
        let copy = self
            .engine
            .recall(&key)?
            .filter(|it| codec::is_whole(&key, it));
        if let Some(bytes) = self.engine.get(&key)? {
            let batch = vec![
                (format!("damaged/{key}"), Some(bytes)),
                (key.clone(), copy.clone()),
            ];
            self.engine.apply(&batch, true)?;
        }
        copy.map(|it| codec::decode(&key, &it)).transpose()
    }

    /// Reads no closed one, but for the first time.
    async fn open_ones(&self) -> Result<Vec<Incident>> {
        let mut known = self.open.lock().await;
        if let Some(ids) = known.as_ref() {
            let ids: Vec<IncidentId> = ids.iter().cloned().collect();
            drop(known);
            let found = ids.iter().map(|id| self.read(&format!("i/{id}")));
            // a damaged one is reported by whoever asks for it by its id
            return Ok(found.filter_map(|it| it.ok().flatten()).collect());
        }
        let mut all: Vec<Incident> = self.all("i/")?;
        all.retain(|it| it.stage.is_open());
        *known = Some(all.iter().map(|it| it.id.clone()).collect());
        Ok(all)
    }

    /// The next number of a count that never goes back.
    async fn number(&self, key: String) -> Result<u64> {
        let writing = self.writing.lock().await;
        let number: u64 = self.read(&key)?.unwrap_or(0) + 1;
        let mut batch = Batch::new();
        put(&mut batch, key, &number)?;
        self.engine.apply(&batch, true)?;
        drop(writing);
        self.engine.settle().await?;
        Ok(number)
    }

    /// All records under a prefix. A damaged one is reported and left out: the others are still needed.
    fn all<T: DeserializeOwned>(&self, prefix: &str) -> Result<Vec<T>> {
        let mut out = Vec::new();
        let end = after(prefix);
        for record in each(&self.engine, prefix, &end) {
            let (key, bytes) = record?;
            match codec::decode(&key, &bytes) {
                Ok(record) => out.push(record),
                Err(error) => tracing::error!(store.key = key, %error, "a record is damaged"),
            }
        }
        Ok(out)
    }
}

impl<E: Engine> Drop for Ledger<E> {
    fn drop(&mut self) {
        let last = self.recent.beats();
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

/// The first key after all that begin with `prefix`.
fn after(prefix: &str) -> String {
    let mut out = prefix.to_owned();
    out.push('\u{10ffff}');
    out
}

#[async_trait]
impl<E: Engine> Store for Ledger<E> {
    async fn dossier(&self, target: &TargetId) -> Result<Option<Dossier>> {
        if let Some(known) = self.dossiers.get(target) {
            return Ok(Some(known.as_ref().clone()));
        }
        let key = format!("d/{target}");
        {
            // nobody writes between reading and remembering it
            let _writing = self.writing.lock().await;
            match self.read::<Dossier>(&key) {
                Ok(Some(found)) => {
                    self.dossiers.put(target.clone(), Arc::new(found.clone()));
                    return Ok(Some(found));
                }
                Ok(None) => return Ok(None),
                Err(_) => (),
            }
        }
        self.read_or_set_aside(key).await
    }

    async fn dossiers(&self) -> Result<Vec<Dossier>> {
        self.all("d/")
    }

    async fn mask(&self, target: &TargetId) -> Result<Option<Arc<Mask>>> {
        if let Some(known) = self.masks.get(target) {
            return Ok(Some(known));
        }
        let found: Option<Mask> = self.read_or_set_aside(format!("k/{target}")).await?;
        let found = found.map(Arc::new);
        if let Some(found) = &found {
            self.masks.put(target.clone(), found.clone());
        }
        Ok(found)
    }

    async fn glances(&self) -> Result<Vec<Glance>> {
        let mut all: Vec<Glance> = self.all("d/")?;
        for it in &mut all {
            if let Some((span, _)) = self.recent.of(&self.engine, &it.target)? {
                it.last = Some((span.to, span.class));
            }
        }
        Ok(all)
    }

    async fn commit(&self, commit: Commit) -> Result<()> {
        self.write(commit).await
    }

    async fn incident(&self, id: &IncidentId) -> Result<Option<Incident>> {
        self.read_or_set_aside(format!("i/{id}")).await
    }

    async fn incidents(&self, wanted: &Wanted) -> Result<Vec<Incident>> {
        let mut all = if wanted.open_only {
            self.open_ones().await?
        } else {
            self.all("i/")?
        };
        all.retain(|it| {
            let recent = wanted
                .since
                .is_none_or(|since| it.ended_at.is_none_or(|end| end >= since));
            let open = !wanted.open_only || it.stage.is_open();
            recent
                && open
                && wanted.target.as_ref().is_none_or(|target| {
                    *target == it.target || target.as_str() == it.target.portal()
                })
        });
        all.sort_by_key(|it| it.seen_at);
        Ok(all)
    }

    async fn incident_id(&self, year: i16) -> Result<IncidentId> {
        let number = self.number(format!("m/number/{year}")).await?;
        Ok(IncidentId::new(year, number))
    }

    async fn outbox(&self) -> Result<Vec<Alert>> {
        let mut all: Vec<Alert> = self.all("o/")?;
        all.sort_by_key(|it| it.created);
        Ok(all)
    }

    async fn undelivered(&self, incident: &IncidentId) -> Result<Vec<Alert>> {
        self.all(&format!("x/{incident}/"))
    }

    async fn delivery(&self, delivery: Delivery) -> Result<Option<Alert>> {
        let writing = self.writing.lock().await;
        let mut batch = Batch::new();
        let stored = outbox::stage(&self.engine, delivery, &mut batch)?;
        self.engine.apply(&batch, true)?;
        drop(writing);
        self.engine.settle().await?;
        Ok(stored)
    }

    async fn receipt(&self, notifier: &str, subject: &str) -> Result<Option<Receipt>> {
        self.read(&outbox::receipt_key(notifier, subject))
    }

    async fn history(&self, target: &TargetId, from: Timestamp, to: Timestamp) -> Result<History> {
        self.history_of(target, from, to)
    }

    async fn histories(
        &self,
        targets: &[TargetId],
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<History>> {
        let mut all = Vec::with_capacity(targets.len());
        for target in targets {
            all.push(self.history_of(target, from, to)?);
        }
        Ok(all)
    }

    async fn registry(&self) -> Result<Vec<Registration>> {
        self.all("r/")
    }

    async fn registry_revision(&self) -> Result<u64> {
        register::revision(&self.engine)
    }

    async fn request(&self, id: &RequestId) -> Result<Option<Request>> {
        self.read_or_set_aside(register::request_key(id)).await
    }

    async fn requests(&self) -> Result<Vec<Request>> {
        let mut all: Vec<Request> = self.all("q/")?;
        all.sort_by_key(|it| it.at);
        Ok(all)
    }

    async fn request_id(&self, year: i16) -> Result<RequestId> {
        let number = self.number(format!("m/number/request/{year}")).await?;
        Ok(RequestId::new(year, number))
    }

    async fn plan(&self, id: &PlanId) -> Result<Option<Plan>> {
        self.read_or_set_aside(plans::key(id)).await
    }

    async fn plans(&self) -> Result<Vec<Plan>> {
        let mut all: Vec<Plan> = self.all("p/")?;
        all.sort_by_key(|it| it.from);
        Ok(all)
    }

    async fn plan_id(&self, year: i16) -> Result<PlanId> {
        let number = self.number(format!("m/number/plan/{year}")).await?;
        Ok(PlanId::new(year, number))
    }

    async fn entries(&self, of: Option<&TargetId>) -> Result<Vec<Entry>> {
        let mut all: Vec<Entry> = self.all(&register::history_of(of))?;
        all.sort_by_key(|it| it.at);
        Ok(all)
    }

    async fn milestone(&self, name: &str) -> Result<Option<String>> {
        self.read(&format!("m/milestone/{name}"))
    }

    async fn dead_letters(&self) -> Result<Vec<Alert>> {
        let mut all: Vec<Alert> = self.all("x/")?;
        all.sort_by_key(|it| it.created);
        Ok(all)
    }

    async fn gather(&self, alerts: Vec<Alert>, storm: Storm, told: Alert) -> Result<()> {
        self.gather_alerts(&alerts, storm, told).await
    }

    async fn storms(&self, notifier: &str) -> Result<Vec<Storm>> {
        self.all(&format!("w/{notifier}/"))
    }

    async fn put_storm(&self, storm: Storm) -> Result<()> {
        let _writing = self.writing.lock().await;
        let mut batch = Batch::new();
        put(
            &mut batch,
            outbox::storm_key(&storm.notifier, &storm.id),
            &storm,
        )?;
        self.engine.apply(&batch, true)
    }

    async fn members(&self, storm: &Storm) -> Result<Vec<Incident>> {
        self.members_of(storm)
    }

    async fn condition(&self) -> Result<Condition> {
        Ok(self.engine.condition())
    }

    async fn checkup(&self) -> Result<Checkup> {
        self.engine.checkup()
    }

    async fn backup(&self, to: std::path::PathBuf) -> Result<u64> {
        let mut facts = Vec::new();
        {
            let _writing = self.writing.lock().await;
            self.engine.apply(&self.recent.beats()?, false)?;
            for (from, to) in FACTS {
                facts.extend(self.engine.range(from, to)?);
            }
        }
        // history only grows, and what is learnt is learnt again: they are read while others write
        let others = OTHERS
            .iter()
            .flat_map(|(from, to)| each(&self.engine, from, to));
        journal::write_records(&to, 0, facts.into_iter().map(Ok).chain(others))
    }

    async fn remarks(&self) -> Result<Vec<String>> {
        Ok(self.engine.remarks())
    }

    async fn upkeep(&self) -> Result<()> {
        let batch = self.recent.upkeep(&self.engine)?;
        if !batch.is_empty() {
            self.engine.apply(&batch, false)?;
        }
        self.engine.upkeep()
    }

    async fn nightly(&self, now: Timestamp) -> Result<()> {
        {
            let _writing = self.writing.lock().await;
            self.engine
                .apply(&self.recent.ended(&self.engine, now)?, false)?;
            let batch = retention::due(&self.engine, now)?;
            for chunk in batch.chunks(500) {
                self.engine.apply(&chunk.to_vec(), true)?;
            }
        }
        self.engine.nightly()
    }

    fn pulse(&self) -> watch::Receiver<Pulse> {
        self.pulse.subscribe()
    }
}
