//! What is older than it need be: answering times by the hour become times by the day, old history and receipts go.
//! Incidents and their evidence stay.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{Batch, Engine, Result, codec};
use crate::model::{
    Incident, Storm,
    history::{Sketch, Span},
};

/// Weekly reports look back two weeks; a month and a bit leaves room for asking again.
const HOURLY_DAYS: i64 = 40;
/// A year's report and some days to write it.
const HISTORY_DAYS: i64 = 400;
/// A message is not edited any more so long after its incident.
const RECEIPT_DAYS: i64 = 60;

/// A storm's message is not edited any more so long after the last incident joined it.
const STORM_DAYS: i64 = 7;

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
    for (key, bytes) in engine.range("s/", "s0")? {
        let old = codec::decode::<Span>(&key, &bytes).is_ok_and(|it| it.to < before(HISTORY_DAYS));
        if old {
            batch.push((key, None));
        }
    }
    let ended: BTreeMap<String, Option<Timestamp>> = engine
        .range("i/", "i0")?
        .into_iter()
        .filter_map(|(key, bytes)| codec::decode::<Incident>(&key, &bytes).ok())
        .map(|it| (it.id.to_string(), it.ended_at))
        .collect();
    for (key, _) in engine.range("t/", "t0")? {
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
    Ok(batch)
}

/// Sketches of an hour become one of the day they are in.
fn roll_up<E: Engine + ?Sized>(
    engine: &E,
    hourly: Timestamp,
    gone: Timestamp,
    batch: &mut Batch,
) -> Result<()> {
    let mut days: BTreeMap<String, (Sketch, usize)> = BTreeMap::new();
    let mut parts = Vec::new();
    for (key, bytes) in engine.range("h/", "h0")? {
        let Ok(sketch) = codec::decode::<Sketch>(&key, &bytes) else {
            continue;
        };
        if sketch.hour < gone {
            batch.push((key, None));
            continue;
        }
        if sketch.hour >= hourly {
            continue;
        }
        let Some((target, _)) = key.rsplit_once('/') else {
            continue;
        };
        let day = sketch.hour.as_second().div_euclid(DAY_S) * DAY_S;
        let Ok(start) = Timestamp::from_second(day) else {
            continue;
        };
        let name = format!("{target}/{:016x}", start.as_millisecond().max(0));
        let (sum, count) = days
            .entry(name.clone())
            .or_insert_with(|| (Sketch::new(start), 0));
        sum.join(&sketch);
        *count += 1;
        parts.push((key, name));
    }
    for (key, name) in parts {
        // a day that is one sketch already stays as it is
        let whole = days.get(&name).is_none_or(|it| it.1 < 2) && key == name;
        if !whole && key != name {
            batch.push((key, None));
        }
    }
    for (name, (sketch, count)) in days {
        let there = engine.get(&name)?.is_some();
        if count > 1 || !there {
            let record = codec::encode(&name, &sketch)?;
            batch.push((name, Some(record)));
        }
    }
    Ok(())
}
