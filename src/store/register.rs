//! The registry's records: registrations, requests, and a history to which lines are only added.

use super::{Batch, Commit, Engine, Result, StoreError, codec, ledger::put};
use crate::model::{
    TargetId,
    registration::{Entry, Request, RequestId},
};

const REVISION: &str = "m/registry";

pub(super) fn request_key(id: &RequestId) -> String {
    format!("q/{id}")
}

/// The keys of a target's history, or of all.
pub(super) fn history_of(target: Option<&TargetId>) -> String {
    match target {
        Some(target) => format!("y/{target}/"),
        None => "y/".to_owned(),
    }
}

pub(super) fn revision<E: Engine>(engine: &E) -> Result<u64> {
    let known = engine.get(REVISION)?;
    let known = known.map(|bytes| codec::decode(REVISION, &bytes));
    Ok(known.transpose()?.unwrap_or(0))
}

/// What a commit changes of the registry; whether that is anything.
pub(super) fn stage<E: Engine>(engine: &E, commit: &mut Commit, batch: &mut Batch) -> Result<bool> {
    for request in &mut commit.requests {
        let key = request_key(&request.id);
        let known = engine.get(&key)?;
        let known: Option<Request> = known.map(|bytes| codec::decode(&key, &bytes)).transpose()?;
        if known.map_or(0, |it| it.revision) != request.revision {
            return Err(StoreError::Conflict);
        }
        request.revision += 1;
        put(batch, key, request)?;
    }
    if let Some(enrolment) = &commit.registry {
        let known = revision(engine)?;
        if known != enrolment.revision {
            return Err(StoreError::Conflict);
        }
        put(batch, REVISION.to_owned(), &(known + 1))?;
        for it in &enrolment.removed {
            batch.push((format!("r/{it}"), None));
        }
        for it in &enrolment.registered {
            put(batch, format!("r/{}", it.target.id), it)?;
        }
    }
    for (at, entry) in commit.entries.iter().enumerate() {
        put(batch, free(engine, entry, at)?, entry)?;
    }
    let any = !commit.requests.is_empty() || !commit.entries.is_empty();
    Ok(any || commit.registry.is_some())
}

/// A key that no line has: two of one target may be of the same moment.
fn free<E: Engine>(engine: &E, entry: &Entry, at: usize) -> Result<String> {
    let (history, moment) = (history_of(Some(&entry.target)), entry.at.as_millisecond());
    for more in 0u32.. {
        let key = format!("{history}{moment:012x}-{at:04x}-{more:02x}");
        if engine.get(&key)?.is_none() {
            return Ok(key);
        }
    }
    Err(StoreError::Conflict)
}
