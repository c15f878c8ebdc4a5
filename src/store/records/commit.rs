//! Commits: checks that the records that the decision was based on are unchanged, then writes everything in one
//! batch.

use serde::Deserialize;

use super::{Records, put};
use crate::{
    model::{
        Alert, TargetState,
        history::Mark,
        record::Record,
        registration::{AuditEntry, Registration},
    },
    store::{
        Batch, Commit, Engine, Pulse, Put, RegistryUpdate, Result, StoreError, Value, codec,
        outbox,
        tables::{self, Durability},
    },
};

impl Commit {
    /// The look of a commit that holds nothing else.
    pub(super) fn only_mark(&self) -> Option<&Mark> {
        let nothing_else = self.target_state.is_none()
            && self.incidents.is_empty()
            && self.alerts.is_empty()
            && self.mask.is_none()
            && self.marker.is_none()
            && self.requests.is_empty()
            && self.registry.is_none()
            && self.plans.is_empty()
            && self.entries.is_empty()
            && self.puts.is_empty();
        self.mark.as_ref().filter(|_| nothing_else)
    }
}

/// The revision of any record.
#[derive(Deserialize)]
struct Revision {
    revision: u64,
}

impl<E: Engine> Records<E> {
    /// Writes a commit. Returns whether it must be on disk before it is acknowledged. The caller must be the only
    /// writer.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] if a record was written since the commit was decided.
    pub(super) fn commit(&self, mut commit: Commit) -> Result<bool> {
        let mut batch = Batch::new();
        let durable = self.stage(&mut commit, &mut batch)?;
        if batch.is_empty() {
            return Ok(false);
        }
        // drop cached states even after an error: a failed write may have been done
        if let Some(target_state) = &commit.target_state {
            self.states.remove(target_state.target.as_str());
        }
        if let Some((target, _)) = &commit.mask {
            self.masks.remove(target.as_str());
        }
        for it in &commit.puts {
            if let Some(cache) = self.cache(it.table) {
                cache.remove(it.id.as_str());
            }
        }
        if let Err(error) = self.engine.apply(&batch, durable) {
            self.open.forget();
            return Err(error);
        }
        self.open.note(&commit.incidents);
        if commit.puts.iter().any(|it| it.table == tables::INCIDENTS) {
            self.open.forget();
        }
        if let Some(target_state) = commit.target_state {
            let id = target_state.target.to_string();
            self.states.insert(id, Value::of(target_state));
        }
        if let Some((target, mask)) = commit.mask {
            self.masks.insert(target.to_string(), Value::of(mask));
        }
        Ok(durable)
    }

    /// Adds the commit's records to the batch. Returns whether the batch must be durable.
    fn stage(&self, commit: &mut Commit, batch: &mut Batch) -> Result<bool> {
        // the durability of a target's state depends on what changed in it
        let mut durable = self.stage_state(commit.target_state.as_mut(), batch)?;
        let staged = batch.len();
        for it in &mut commit.incidents {
            self.stage_record(it, batch)?;
        }
        if let Some(mark) = &commit.mark {
            self.samples.mark(&self.engine, mark, batch)?;
        }
        for alert in &commit.alerts {
            let key = outbox::key(alert);
            let waiting: Option<Alert> = self.get(&key)?;
            put(batch, key, &outbox::joined(waiting, alert))?;
        }
        if let Some((target, mask)) = &commit.mask {
            put(batch, tables::MASKS.key(target.as_str()), mask)?;
        }
        if let Some((name, value)) = &commit.marker {
            put(batch, tables::MARKERS.key(name), value)?;
        }
        for it in &mut commit.requests {
            self.stage_record(it, batch)?;
        }
        if let Some(update) = &mut commit.registry {
            self.stage_registry(update, batch)?;
        }
        for (at, entry) in commit.entries.iter().enumerate() {
            put(batch, self.free_key(entry, at)?, entry)?;
        }
        for it in &mut commit.plans {
            self.stage_record(it, batch)?;
        }
        for it in &commit.puts {
            self.stage_put(it, batch)?;
        }
        durable |= batch[staged..]
            .iter()
            .any(|(key, _)| tables::is_durable(key));
        Ok(durable)
    }

    fn stage_state(&self, state: Option<&mut TargetState>, batch: &mut Batch) -> Result<bool> {
        let Some(state) = state else {
            return Ok(false);
        };
        let table = const { tables::of::<TargetState>() };
        let key = table.key(state.target.as_str());
        let known = match self.states.get(state.target.as_str()) {
            Some(known) => Some(known.get::<TargetState>()?),
            None => match self.value(table, &key)? {
                Some(known) => Some(known.get()?),
                None => None,
            },
        };
        if known.as_ref().map_or(0, |it| it.revision) != state.revision {
            return Err(StoreError::Conflict);
        }
        state.revision += 1;
        put(batch, key, state)?;
        Ok(match table.durability {
            Durability::Journal => true,
            Durability::OnChange => known.is_none_or(|it| state.must_survive(&it)),
            Durability::Engine => false,
        })
    }

    fn stage_record<T: Record>(&self, record: &mut T, batch: &mut Batch) -> Result<()> {
        let key = const { tables::of::<T>() }.key(&record.id());
        if let Some(revision) = record.revision() {
            self.is_current(&key, *revision)?;
            *revision += 1;
        }
        put(batch, key, record)
    }

    fn stage_put(&self, it: &Put, batch: &mut Batch) -> Result<()> {
        let key = it.table.key(&it.id);
        if let Some(revision) = it.revision {
            self.is_current(&key, revision)?;
        }
        put(batch, key, &it.record)
    }

    /// Fails if another revision is stored. A missing record has revision 0.
    fn is_current(&self, key: &str, revision: u64) -> Result<()> {
        let known: Option<Revision> = self.get(key)?;
        match known.map_or(0, |it| it.revision) == revision {
            true => Ok(()),
            false => Err(StoreError::Conflict),
        }
    }

    fn stage_registry(&self, update: &mut RegistryUpdate, batch: &mut Batch) -> Result<()> {
        let key = tables::REGISTRY_REVISION.key("");
        let known: u64 = self.get(&key)?.unwrap_or(0);
        if known != update.revision {
            return Err(StoreError::Conflict);
        }
        put(batch, key, &(known + 1))?;
        let table = const { tables::of::<Registration>() };
        for it in &update.removed {
            batch.push((table.key(it.as_str()), None));
            // what the portal used is no knowledge of the fleet any more
            batch.push((tables::PORTAL_HOSTS.key(it.as_str()), None));
        }
        for it in &mut update.registered {
            self.stage_record(it, batch)?;
        }
        Ok(())
    }

    /// A key that no other line of the registry's history has: one target may have two lines of one moment.
    fn free_key(&self, entry: &AuditEntry, at: usize) -> Result<String> {
        let moment = entry.at.as_millisecond();
        for more in 0u32.. {
            let id = format!("{}/{moment:012x}-{at:04x}-{more:02x}", entry.target);
            let key = tables::AUDIT.key(&id);
            if self.engine.get(&key)?.is_none() {
                return Ok(key);
            }
        }
        Err(StoreError::Conflict)
    }

    /// The next number of a counter that never goes back. The caller must be the only writer.
    pub(super) fn next_number(&self, key: String) -> Result<u64> {
        let number: u64 = self.get(&key)?.unwrap_or(0) + 1;
        let record = codec::encode(&key, &number)?;
        self.apply(&vec![(key, Some(record))])?;
        Ok(number)
    }
}

/// Which counters of [`Pulse`] a commit changes.
pub(super) struct News {
    outbox: bool,
    registry: bool,
    requests: bool,
}

impl News {
    /// The counters that this commit changes.
    pub fn of(commit: &Commit) -> Self {
        let enrols = |it: &RegistryUpdate| !(it.registered.is_empty() && it.removed.is_empty());
        Self {
            outbox: !commit.alerts.is_empty(),
            registry: commit.registry.as_ref().is_some_and(enrols),
            requests: !commit.requests.is_empty(),
        }
    }

    /// Increments the counters. Returns whether there were any.
    pub fn count(&self, pulse: &mut Pulse) -> bool {
        let before = *pulse;
        pulse.outbox += u64::from(self.outbox);
        pulse.registry += u64::from(self.registry);
        pulse.requests += u64::from(self.requests);
        before != *pulse
    }
}
