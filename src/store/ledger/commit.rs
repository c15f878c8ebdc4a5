//! One commit: what it was decided from is still true, then all of it is written in one batch, or nothing of it.

use std::sync::Arc;

use super::{Ledger, put};
use crate::{
    model::{Alert, Dossier, Incident},
    store::{Batch, Commit, Engine, Enrolment, Pulse, Result, StoreError, outbox, plans, register},
};

impl<E: Engine> Ledger<E> {
    /// Fails with [`StoreError::Conflict`] where a record was written since the commit was decided.
    pub(super) async fn write(&self, mut commit: Commit) -> Result<()> {
        let writing = self.writing.lock().await;
        let mut batch = Batch::new();
        let durable = self.stage(&mut commit, &mut batch)?;
        if batch.is_empty() {
            return Ok(());
        }
        // a write that fails may have been done all the same
        if let Some(dossier) = &commit.dossier {
            self.dossiers.take(&dossier.target);
        }
        if let Some((target, _)) = &commit.mask {
            self.masks.take(target);
        }
        if let Err(error) = self.engine.apply(&batch, durable) {
            *self.open.lock().await = None;
            return Err(error);
        }
        self.note_open(&commit.incidents).await;
        let news = News::of(&commit);
        if let Some(dossier) = commit.dossier {
            self.dossiers.put(dossier.target.clone(), Arc::new(dossier));
        }
        if let Some((target, mask)) = commit.mask {
            self.masks.put(target, Arc::new(mask));
        }
        // others write while this waits for the disk
        drop(writing);
        if durable {
            self.engine.settle().await?;
        }
        self.pulse.send_if_modified(|it| news.count(it));
        Ok(())
    }

    /// Puts the commit's records into the batch; whether they must be on disk before the commit is acknowledged.
    fn stage(&self, commit: &mut Commit, batch: &mut Batch) -> Result<bool> {
        let mut durable =
            !commit.incidents.is_empty() || !commit.alerts.is_empty() || commit.milestone.is_some();
        durable |= self.stage_dossier(commit, batch)?;
        for incident in &mut commit.incidents {
            let key = format!("i/{}", incident.id);
            let known: Option<Incident> = self.read(&key)?;
            if known.map_or(0, |it| it.revision) != incident.revision {
                return Err(StoreError::Conflict);
            }
            incident.revision += 1;
            put(batch, key, incident)?;
        }
        if let Some(mark) = &commit.mark {
            self.recent.mark(&self.engine, mark, batch)?;
        }
        for alert in &commit.alerts {
            let key = outbox::outbox_key(&alert.notifier, &alert.about);
            let waiting: Option<Alert> = self.read(&key)?;
            put(batch, key, &outbox::joined(waiting, alert))?;
        }
        if let Some((target, mask)) = &commit.mask {
            put(batch, format!("k/{target}"), mask)?;
        }
        if let Some((name, value)) = &commit.milestone {
            put(batch, format!("m/milestone/{name}"), value)?;
        }
        durable |= register::stage(&self.engine, commit, batch)?;
        durable |= plans::stage(&self.engine, commit, batch)?;
        Ok(durable)
    }

    fn stage_dossier(&self, commit: &mut Commit, batch: &mut Batch) -> Result<bool> {
        let Some(dossier) = commit.dossier.as_mut() else {
            return Ok(false);
        };
        let key = format!("d/{}", dossier.target);
        let known = match self.dossiers.get(&dossier.target) {
            Some(known) => Some(known.as_ref().clone()),
            None => self.read(&key)?,
        };
        if known.as_ref().map_or(0, |it| it.revision) != dossier.revision {
            return Err(StoreError::Conflict);
        }
        dossier.revision += 1;
        put(batch, key, dossier)?;
        // a look that saw nothing new may be lost to a power cut; the next one says the same
        Ok(is_new(dossier, known.as_ref()))
    }

    async fn note_open(&self, incidents: &[Incident]) {
        if let Some(open) = self.open.lock().await.as_mut() {
            for it in incidents {
                if it.stage.is_open() {
                    open.insert(it.id.clone());
                } else {
                    open.remove(&it.id);
                }
            }
        }
    }
}

/// Which of the store's listeners a commit concerns.
struct News {
    outbox: bool,
    registry: bool,
    requests: bool,
}

impl News {
    fn of(commit: &Commit) -> Self {
        let enrols = |it: &Enrolment| !(it.registered.is_empty() && it.removed.is_empty());
        Self {
            outbox: !commit.alerts.is_empty(),
            registry: commit.registry.as_ref().is_some_and(enrols),
            requests: !commit.requests.is_empty(),
        }
    }

    /// Whether there is any.
    fn count(&self, pulse: &mut Pulse) -> bool {
        let before = *pulse;
        pulse.outbox += u64::from(self.outbox);
        pulse.registry += u64::from(self.registry);
        pulse.requests += u64::from(self.requests);
        before != *pulse
    }
}

/// Whether a dossier changes in more than the time of its last look.
fn is_new(dossier: &Dossier, known: Option<&Dossier>) -> bool {
    known.is_none_or(|known| {
        dossier.baseline != known.baseline
            || dossier.learning != known.learning
            || dossier.open != known.open
            || dossier.sightings != known.sightings
    })
}
