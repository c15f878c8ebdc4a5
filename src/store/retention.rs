//! Retention: deletes what each table no longer keeps, as the table of tables defines.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{
    Batch, Engine, Result, StoreError, codec,
    samples::{moment_of, sortable},
    scan::scan,
    tables::{self, Kept, Table},
};
use crate::model::history::{Day, LatencyHistogram};

/// Tables with records that have messages, which are edited while the record is in use.
const SUBJECTS: [&Table; 3] = [tables::INCIDENTS, tables::REQUESTS, tables::PLANS];

/// The batch of deletions that are due.
pub(super) fn due<E: Engine + ?Sized>(engine: &E, now: Timestamp) -> Result<Batch> {
    let mut batch = Batch::new();
    for table in tables::ALL {
        match table.kept {
            // samples are deleted in the upkeep once a minute
            Kept::Forever | Kept::Hours(_) => (),
            Kept::Days(_) | Kept::DaysByName(_) => aged(engine, table, now, &mut batch)?,
            Kept::DaysAfterSubject(days) => unedited(engine, table, days, now, &mut batch)?,
            Kept::RolledUp(days) => {
                let before = now
                    .checked_sub(SignedDuration::from_hours(24 * days))
                    .unwrap_or(Timestamp::MIN);
                roll_up(engine, table, before, &mut batch)?;
            }
        }
    }
    Ok(batch)
}

fn aged<E: Engine + ?Sized>(
    engine: &E,
    table: &Table,
    now: Timestamp,
    batch: &mut Batch,
) -> Result<()> {
    let (from, to) = table.range("");
    for record in scan(engine, &from, &to) {
        let (key, bytes) = record?;
        // damaged records stay, for the checkup to report
        if let Ok(Some(at)) = table.goes_at(&key, &bytes)
            && at < now
        {
            batch.push((key, None));
        }
    }
    Ok(())
}

/// Adds the receipts of subjects that ended long ago. Their ids are NOTIFIER/SUBJECT.
fn unedited<E: Engine + ?Sized>(
    engine: &E,
    table: &Table,
    days: i64,
    now: Timestamp,
    batch: &mut Batch,
) -> Result<()> {
    let mut subjects = BTreeMap::new();
    for subject in SUBJECTS {
        let (from, to) = subject.range("");
        for record in scan(engine, &from, &to) {
            let (key, bytes) = record?;
            let over = subject.over_since(&key, &bytes).unwrap_or(None);
            subjects.insert(subject.id(&key).to_owned(), over);
        }
    }
    let (from, to) = table.range("");
    for record in scan(engine, &from, &to) {
        let (key, _) = record?;
        let subject = key.rsplit('/').next().unwrap_or_default();
        let over = match subjects.get(subject) {
            Some(over) => *over,
            None => Some(of_itself(subject).unwrap_or(Timestamp::MIN)),
        };
        if over.is_some_and(|it| tables::later(it, days) < now) {
            batch.push((key, None));
        }
    }
    Ok(())
}

/// The begin of a common message about requests, from its subject `requests-SECOND`.
fn of_itself(subject: &str) -> Option<Timestamp> {
    let (_, second) = subject.rsplit_once('-')?;
    subject
        .starts_with("requests-")
        .then(|| Timestamp::from_second(second.parse().ok()?).ok())?
}

/// Merges the hourly histograms of each old day into one for the day.
fn roll_up<E: Engine + ?Sized>(
    engine: &E,
    table: &Table,
    before: Timestamp,
    batch: &mut Batch,
) -> Result<()> {
    let (from, to) = table.range("");
    for record in scan(engine, &from, &to) {
        let (key, bytes) = record?;
        let Some(start) = moment_of(&key).filter(|it| *it < Day::of(before)) else {
            continue;
        };
        match codec::decode::<Day>(&key, &bytes) {
            Ok(day) => {
                let mut whole = LatencyHistogram::new(start);
                day.histograms(start).for_each(|it| whole.join(&it));
                let (target, _) = table.id(&key).rsplit_once('/').unwrap_or_default();
                let name = tables::LATENCY.key(&format!("{target}/{}", sortable(start)));
                let record = codec::encode(&name, &whole)?;
                batch.push((name, Some(record)));
            }
            Err(StoreError::Damaged { why, .. }) => {
                tracing::error!(store.key = key, why, "a day's answering times are damaged");
            }
            Err(error) => return Err(error),
        }
        batch.push((key, None));
    }
    Ok(())
}
