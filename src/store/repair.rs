//! Opens an engine: brings it up to date with its journal, replaces damaged records, and rebuilds it if it does not
//! open.

use std::{
    fs,
    path::{Path, PathBuf},
};

use jiff::Timestamp;

use super::{
    Batch, Engine, Result, StoreError, codec,
    engine::Open,
    journal::{self, Reading, SEQUENCE},
    tables::{self, LAST},
};

pub(super) fn batch_of(records: journal::Records) -> Batch {
    records
        .into_iter()
        .map(|(key, json)| {
            let record = codec::of_json(&key, &json);
            (key, Some(record))
        })
        .collect()
}

/// The engine, up to date with the journal, or rebuilt from it if necessary. Adds what was repaired to `remarks`.
pub(super) fn opened(
    folder: &Path,
    open: &Open,
    remarks: &mut Vec<String>,
) -> Result<(Box<dyn Engine>, Reading)> {
    let journal = folder.join("journal");
    let found = open(folder).and_then(|engine| {
        mend(engine.as_ref(), &journal, remarks)?;
        let known: Option<u64> = engine
            .get(SEQUENCE)?
            .and_then(|it| codec::decode(SEQUENCE, &it).ok());
        Ok((engine, known))
    });
    let engine = match found {
        Ok((engine, Some(known))) => {
            // apply acknowledged batches that did not reach the engine before the process ended
            let mut behind = 0_u64;
            let reading = journal::read(&journal, known, |n, put| {
                behind += 1;
                replay(engine.as_ref(), n, put)
            })?;
            if behind > 0 {
                tracing::info!(batches = behind, "the store was brought up to its journal");
            }
            // the engine may be ahead of the journal if the last log is lost: a new log begins after both
            let last = reading.last.max(known);
            return Ok((engine, told(Reading { last, ..reading }, remarks)));
        }
        Ok((engine, None)) => engine,
        Err(error @ StoreError::Held(_)) => return Err(error),
        Err(error) => {
            let path = folder.join("store");
            let (records, _) = journal::records(&journal)?;
            if records.is_empty() {
                return Err(error);
            }
            let aside = aside(folder);
            if path.exists() {
                fs::rename(&path, &aside).map_err(|moving| {
                    StoreError::Failed(format!("{error}; and it cannot be set aside: {moving}"))
                })?;
            }
            remarks.push(format!(
                "{error}; it was set aside as {} and built again from the journal ({} records). What only the damaged store knew is lost: availability since the last night, at the most",
                aside.display(),
                records.len()
            ));
            open(folder)?
        }
    };
    // an engine without a number is new, or of a version that had no journal
    let reading = journal::read(&journal, 0, |n, put| replay(engine.as_ref(), n, put))?;
    let engine_is_empty = reading.last == 0;
    if !engine_is_empty && remarks.is_empty() {
        remarks.push(format!(
            "the store in {} was gone or empty; it was built again from the journal ({} lines)",
            folder.display(),
            reading.lines
        ));
    }
    number(engine.as_ref(), reading.last)?;
    Ok((engine, told(reading, remarks)))
}

fn told(reading: Reading, remarks: &mut Vec<String>) -> Reading {
    if !reading.damaged.is_empty() {
        remarks.push(format!(
            "the journal has damaged lines ({}); a new one is written from the store",
            reading.damaged.join(", ")
        ));
    }
    reading
}

/// A free name for the damaged engine's directory.
fn aside(folder: &Path) -> PathBuf {
    let at = Timestamp::now().as_second();
    (0..)
        .map(|n| folder.join(format!("store.damaged-{at}-{n}")))
        .find(|it| !it.exists())
        .unwrap_or_else(|| folder.join("store.damaged"))
}

fn replay(engine: &dyn Engine, n: u64, put: Vec<(String, Option<Box<str>>)>) -> Result<()> {
    let mut batch: Batch = put
        .into_iter()
        .map(|(key, value)| {
            let record = value.map(|json| codec::of_json(&key, &json));
            (key, record)
        })
        .collect();
    batch.push((SEQUENCE.to_owned(), Some(codec::encode(SEQUENCE, &n)?)));
    engine.apply(&batch, false)
}

fn number(engine: &dyn Engine, n: u64) -> Result<()> {
    let record = codec::encode(SEQUENCE, &n)?;
    engine.apply(&vec![(SEQUENCE.to_owned(), Some(record))], true)
}

/// Checks every record. A damaged record is moved to another key, and replaced by its copy in the journal if there is
/// one.
fn mend(engine: &dyn Engine, journal: &Path, remarks: &mut Vec<String>) -> Result<()> {
    let damaged: Vec<(String, Vec<u8>)> = engine
        .range("", LAST)?
        .into_iter()
        .filter(|(key, value)| !tables::SET_ASIDE.holds(key) && !codec::is_whole(key, value))
        .collect();
    if damaged.is_empty() {
        return Ok(());
    }
    let (records, _) = journal::records(journal)?;
    for (key, value) in damaged {
        let copy = records.get(&key).map(|json| codec::of_json(&key, json));
        remarks.push(match &copy {
            Some(_) => format!("the record {key} was damaged and was taken from the journal"),
            None => {
                let aside = tables::SET_ASIDE.key(&key);
                format!("the record {key} was damaged; it is kept as {aside} and begins anew")
            }
        });
        engine.apply(
            &vec![(tables::SET_ASIDE.key(&key), Some(value)), (key, copy)],
            true,
        )?;
    }
    Ok(())
}
