//! What is older than it need be: answering times by the hour become times by the day, old history and receipts go.
//! Incidents and their evidence stay.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{Batch, Engine, Result, codec, pages::each, recent::sortable};
use crate::model::{
    Incident, Storm,
    history::{Day, Sketch, Span},
    plan::Plan,
    registration::Request,
};

/// Weekly reports look back two weeks, and may be asked for again for some days.
const HOURLY_DAYS: i64 = 18;
/// A year's report and some days to write it.
const HISTORY_DAYS: i64 = 400;
/// A message is not edited any more so long after its incident.
const RECEIPT_DAYS: i64 = 60;

/// A storm's message is not edited any more so long after the last incident joined it.
const STORM_DAYS: i64 = 7;

/// The registry's history tells the rest.
const REQUEST_DAYS: i64 = 400;

const DAY_S: i64 = 86_400;

/// The batch that takes away what is due.
pub(super) fn due<E: Engine + ?Sized>(engine: &E, now: Timestamp) -> Result<Batch> {
    let before = |days: i64| {
        now.checked_sub(SignedDuration::from_secs(days * DAY_S))
            .unwrap_or(Timestamp::MIN)
    };
    let mut batch = Batch::new();
    roll_up(
        engine,
        before(HOURLY_DAYS),
        before(HISTORY_DAYS),
        &mut batch,
    )?;
    for record in each(engine, "s/", "s0") {
        let (key, bytes) = record?;
        let old = codec::decode::<Span>(&key, &bytes).is_ok_and(|it| it.to < before(HISTORY_DAYS));
        if old {
            batch.push((key, None));
        }
    }
    let ended: BTreeMap<String, Option<Timestamp>> = each(engine, "i/", "i0")
        .filter_map(Result::ok)
        .filter_map(|(key, bytes)| codec::decode::<Incident>(&key, &bytes).ok())
        .map(|it| (it.id.to_string(), it.ended_at))
        .collect();
    for record in each(engine, "t/", "t0") {
        let (key, _) = record?;
        let incident = key.rsplit('/').next().unwrap_or_default();
        let over = ended
            .get(incident)
            .is_some_and(|it| it.is_some_and(|end| end < before(RECEIPT_DAYS)));
        if over {
            batch.push((key, None));
        }
    }
    for (key, bytes) in engine.range("w/", "w0")? {
        let calm =
            codec::decode::<Storm>(&key, &bytes).is_ok_and(|it| it.joined < before(STORM_DAYS));
        if calm {
            batch.push((key, None));
        }
    }
    for record in each(engine, "q/", "q0") {
        let (key, bytes) = record?;
        let old = codec::decode::<Request>(&key, &bytes)
            .is_ok_and(|it| !it.stage.is_open() && it.at < before(REQUEST_DAYS));
        if old {
            batch.push((key, None));
        }
    }
    for record in each(engine, "p/", "p0") {
        let (key, bytes) = record?;
        if codec::decode::<Plan>(&key, &bytes).is_ok_and(|it| it.to < before(REQUEST_DAYS)) {
            batch.push((key, None));
        }
    }
    Ok(batch)
}

/// Days told by the hour become one sketch each; those that are too old go.
fn roll_up<E: Engine + ?Sized>(
    engine: &E,
    hourly: Timestamp,
    gone: Timestamp,
    batch: &mut Batch,
) -> Result<()> {
    for record in each(engine, "h/", "h0") {
        let (key, bytes) = record?;
        if codec::decode::<Sketch>(&key, &bytes).is_ok_and(|it| it.hour < gone) {
            batch.push((key, None));
        }
    }
    for record in each(engine, "a/", "a0") {
        let (key, bytes) = record?;
        let Some((start, target)) = day_of(&key).filter(|it| it.0 < Day::of(hourly)) else {
            continue;
        };
        if let Ok(day) = codec::decode::<Day>(&key, &bytes) {
            let mut whole = Sketch::new(start);
            day.sketches(start).for_each(|it| whole.join(&it));
            let name = format!("h/{target}/{}", sortable(start));
            let record = codec::encode(&name, &whole)?;
            batch.push((name, Some(record)));
        }
        batch.push((key, None));
    }
    Ok(())
}

/// The day and the target of a key `a/TARGET/MOMENT`.
fn day_of(key: &str) -> Option<(Timestamp, &str)> {
    let (target, moment) = key.strip_prefix("a/")?.rsplit_once('/')?;
    let start = Timestamp::from_millisecond(i64::from_str_radix(moment, 16).ok()?).ok()?;
    Some((start, target))
}
