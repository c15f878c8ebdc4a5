//! History as it goes on. A look that saw nothing new adds some bytes to a list of beats that is written every few
//! seconds; spans and sketches are written when a state ends or an hour is over. What a crash interrupts is made whole
//! again from the beats.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use base64::{Engine as _, prelude::BASE64_STANDARD_NO_PAD};
use jiff::Timestamp;

use super::{Batch, Engine, Result, codec, pages::each};
use crate::model::{
    TargetId,
    digest::key,
    history::{Day, Mark, Sketch, Span, extend},
};

/// Beats are written when they are so many bytes, and at every upkeep.
const MANY: usize = 48 << 10;
/// Target, second, bucket.
const BEAT: usize = 8 + 4 + 1;
/// No answering time.
const NO_TIME: u8 = u8::MAX;
/// What was not written for so long is, though its hour goes on: the target may be gone.
const STALE_S: i64 = 75 * 60;
/// Beats older than this are in spans and sketches. Twice the other, and some.
const SPENT_S: i64 = 3 * 3600;
const DAY_S: i64 = 86_400;
/// Records written at once.
const AT_ONCE: usize = 500;

#[derive(Default)]
pub(super) struct Recent(Mutex<State>);

#[derive(Default)]
struct State {
    going: HashMap<u64, Going>,
    beats: Vec<u8>,
    /// Of an earlier run, until their target is looked at again: second and bucket.
    earlier: HashMap<u64, Vec<(u32, u8)>>,
    /// The latest mark.
    now: i64,
    swept: i64,
}

/// The state of one target that goes on.
struct Going {
    target: TargetId,
    span: Span,
    sketch: Option<Sketch>,
    /// The first mark that is in beats only.
    unwritten: Option<i64>,
}

impl Going {
    fn write<E: Engine + ?Sized>(&self, engine: &E, batch: &mut Batch) -> Result<()> {
        let (span, sketch) = (Some(&self.span), self.sketch.as_ref());
        write(engine, &self.target, span, sketch, batch)
    }
}

impl Recent {
    /// Takes in the beats that an earlier run left.
    pub fn open<E: Engine + ?Sized>(engine: &E) -> Result<Self> {
        let mut state = State::default();
        for record in each(engine, "b/", "b0") {
            let (key, bytes) = record?;
            let beats =
                codec::decode::<String>(&key, &bytes).and_then(|text| unpacked(&key, &text));
            match beats {
                Ok(beats) => {
                    for beat in beats.chunks_exact(BEAT) {
                        let (target, at, bucket) = read(beat);
                        state.earlier.entry(target).or_default().push((at, bucket));
                    }
                }
                Err(error) => {
                    tracing::error!(store.key = key, %error, "some looks are lost and count as not watched");
                }
            }
        }
        Ok(Self(Mutex::new(state)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in a look; what must be written at once is put into `batch`.
    pub fn mark<E: Engine + ?Sized>(
        &self,
        engine: &E,
        mark: &Mark,
        batch: &mut Batch,
    ) -> Result<()> {
        let id = key(mark.target.as_str());
        let mut state = self.state();
        state.now = state.now.max(mark.at.as_second());
        let known = state.take(engine, id, &mark.target, Some(mark.at))?;
        let (mut unwritten, mut sketch) = (None, None);
        let mut last = None;
        if let Some(known) = known {
            (unwritten, sketch) = (known.unwritten, known.sketch);
            last = Some(known.span);
        }
        let hour = Sketch::hour_of(mark.at);
        let turned = sketch.as_ref().is_some_and(|it| it.hour != hour);
        let (grown, fresh) = extend(last.clone(), mark);
        let closes = fresh.is_some() || turned;
        if closes {
            // a span that a gap ended is as long as it was
            let old = grown.as_ref().or(last.as_ref());
            write(engine, &mark.target, old, sketch.as_ref(), batch)?;
            unwritten = None;
        }
        if turned {
            sketch = None;
        }
        let bucket = mark.elapsed_ms.map(Sketch::bucket_of);
        if let Some(bucket) = bucket {
            if sketch.is_none() {
                sketch = Some(hour_of(engine, &mark.target, hour)?);
            }
            if let Some(sketch) = &mut sketch {
                sketch.count(bucket);
            }
        }
        let Some(span) = fresh.clone().or(grown) else {
            return Ok(());
        };
        if fresh.is_some() {
            write(engine, &mark.target, Some(&span), sketch.as_ref(), batch)?;
        } else if !turned {
            unwritten = unwritten.or(Some(mark.at.as_second()));
            let bucket = bucket.map_or(NO_TIME, |it| u8::try_from(it).unwrap_or(NO_TIME - 1));
            state.beat(id, mark.at, bucket);
        } else {
            write(engine, &mark.target, None, sketch.as_ref(), batch)?;
        }
        let going = Going {
            target: mark.target.clone(),
            span,
            sketch,
            unwritten,
        };
        state.going.insert(id, going);
        if state.beats.len() >= MANY {
            state.write_beats(batch)?;
        }
        Ok(())
    }

    /// What goes on of a target: the span that is newer than the written one, and the hour.
    pub fn of<E: Engine + ?Sized>(
        &self,
        engine: &E,
        target: &TargetId,
    ) -> Result<Option<(Span, Option<Sketch>)>> {
        let id = key(target.as_str());
        let mut state = self.state();
        let known = state.take(engine, id, target, None)?;
        let out = known
            .as_ref()
            .map(|it| (it.span.clone(), it.sketch.clone()));
        if let Some(known) = known {
            state.going.insert(id, known);
        }
        Ok(out)
    }

    /// Forgets targets that nobody looked at for a day, written or not: what is not written yet is a batch.
    pub fn ended<E: Engine + ?Sized>(&self, engine: &E, now: Timestamp) -> Result<Batch> {
        let mut batch = Batch::new();
        let mut state = self.state();
        let before = now.as_second() - DAY_S;
        for it in state
            .going
            .values()
            .filter(|it| it.span.to.as_second() < before)
        {
            it.write(engine, &mut batch)?;
        }
        state.going.retain(|_, it| it.span.to.as_second() >= before);
        Ok(batch)
    }

    /// Beats that wait, as a batch.
    pub fn beats(&self) -> Result<Batch> {
        let mut batch = Batch::new();
        self.state().write_beats(&mut batch)?;
        Ok(batch)
    }

    /// Every few seconds: beats that wait; once a minute, what has not been written for long, and beats that are spent.
    pub fn upkeep<E: Engine + ?Sized>(&self, engine: &E) -> Result<Batch> {
        let mut batch = Batch::new();
        let mut state = self.state();
        state.write_beats(&mut batch)?;
        if state.now - state.swept < 60 {
            return Ok(batch);
        }
        state.swept = state.now;
        let now = state.now;
        let stale = state
            .going
            .values_mut()
            .filter(|it| it.unwritten.is_some_and(|at| at + STALE_S < now))
            .take(AT_ONCE);
        for it in stale {
            it.write(engine, &mut batch)?;
            it.unwritten = None;
        }
        let before = Timestamp::from_second(now - SPENT_S).unwrap_or(Timestamp::UNIX_EPOCH);
        for (key, _) in engine.range("b/", &format!("b/{}", sortable(before)))? {
            batch.push((key, None));
        }
        Ok(batch)
    }
}

impl State {
    /// The state of a target as it goes on, loaded where it is not known yet.
    fn take<E: Engine + ?Sized>(
        &mut self,
        engine: &E,
        id: u64,
        target: &TargetId,
        until: Option<Timestamp>,
    ) -> Result<Option<Going>> {
        if let Some(known) = self.going.remove(&id) {
            return Ok(Some(known));
        }
        let Some(span) = last_span(engine, target, until)? else {
            return Ok(None);
        };
        let mut going = Going {
            target: target.clone(),
            span,
            sketch: None,
            unwritten: None,
        };
        let mut beats = self.earlier.remove(&id).unwrap_or_default();
        beats.sort_unstable();
        for (second, bucket) in beats {
            let Ok(at) = Timestamp::from_second(i64::from(second)) else {
                continue;
            };
            // what was written since is known
            if at.as_second() <= going.span.to.as_second() {
                continue;
            }
            going.span.to = at;
            going.span.looks += 1;
            going.unwritten = going.unwritten.or(Some(at.as_second()));
            if bucket == NO_TIME {
                continue;
            }
            let hour = Sketch::hour_of(at);
            let mut sketch = match going.sketch.take() {
                Some(known) if known.hour == hour => known,
                Some(over) => {
                    let mut batch = Batch::new();
                    write(engine, target, None, Some(&over), &mut batch)?;
                    engine.apply(&batch, false)?;
                    hour_of(engine, target, hour)?
                }
                None => hour_of(engine, target, hour)?,
            };
            sketch.count(u16::from(bucket));
            going.sketch = Some(sketch);
        }
        Ok(Some(going))
    }

    fn beat(&mut self, id: u64, at: Timestamp, bucket: u8) {
        let second = u32::try_from(at.as_second()).unwrap_or_default();
        self.beats.extend(id.to_le_bytes());
        self.beats.extend(second.to_le_bytes());
        self.beats.push(bucket);
    }

    fn write_beats(&mut self, batch: &mut Batch) -> Result<()> {
        if self.beats.is_empty() {
            return Ok(());
        }
        let at = Timestamp::from_second(self.now).unwrap_or(Timestamp::UNIX_EPOCH);
        // two of one second are two records
        let key = format!("b/{}-{:08x}", sortable(at), fastrand::u32(..));
        let text = BASE64_STANDARD_NO_PAD.encode(&self.beats);
        self.beats.clear();
        let record = codec::encode(&key, &text)?;
        batch.push((key, Some(record)));
        Ok(())
    }
}

fn unpacked(key: &str, text: &str) -> Result<Vec<u8>> {
    BASE64_STANDARD_NO_PAD
        .decode(text)
        .map_err(|error| super::StoreError::Damaged {
            key: key.to_owned(),
            why: error.to_string(),
        })
}

fn read(beat: &[u8]) -> (u64, u32, u8) {
    let (mut target, mut at) = ([0; 8], [0; 4]);
    target.copy_from_slice(&beat[..8]);
    at.copy_from_slice(&beat[8..12]);
    (u64::from_le_bytes(target), u32::from_le_bytes(at), beat[12])
}

/// Keys in the order of time.
pub(super) fn sortable(at: Timestamp) -> String {
    format!("{:016x}", at.as_millisecond().max(0))
}

fn last_span<E: Engine + ?Sized>(
    engine: &E,
    target: &TargetId,
    until: Option<Timestamp>,
) -> Result<Option<Span>> {
    let prefix = format!("s/{target}/");
    // a clock that was ahead once leaves spans in the future: they are not the last one
    let until = until.map_or_else(String::new, sortable);
    let Some((key, bytes)) = engine.last(&prefix, &format!("{prefix}{until}\u{10ffff}"))? else {
        return Ok(None);
    };
    match codec::decode::<Span>(&key, &bytes) {
        Ok(span) => Ok(Some(span)),
        Err(error) => {
            tracing::error!(store.key = key, %error, "a span is damaged; history goes on after it");
            Ok(None)
        }
    }
}

/// What is written of a day, and its key.
fn day<E: Engine + ?Sized>(engine: &E, target: &TargetId, at: Timestamp) -> Result<(String, Day)> {
    let key = format!("a/{target}/{}", sortable(Day::of(at)));
    let known = match engine.get(&key)? {
        Some(bytes) => codec::decode(&key, &bytes).unwrap_or_else(|error| {
            tracing::error!(store.key = key, %error, "answering times are damaged; the day begins anew");
            Day::default()
        }),
        None => Day::default(),
    };
    Ok((key, known))
}

fn hour_of<E: Engine + ?Sized>(engine: &E, target: &TargetId, hour: Timestamp) -> Result<Sketch> {
    let (_, day) = day(engine, target, hour)?;
    let mut hours = day.sketches(Day::of(hour));
    Ok(hours
        .find(|it| it.hour == hour)
        .unwrap_or_else(|| Sketch::new(hour)))
}

fn write<E: Engine + ?Sized>(
    engine: &E,
    target: &TargetId,
    span: Option<&Span>,
    sketch: Option<&Sketch>,
    batch: &mut Batch,
) -> Result<()> {
    if let Some(span) = span {
        let key = format!("s/{target}/{}", sortable(span.from));
        let record = codec::encode(&key, span)?;
        batch.push((key, Some(record)));
    }
    if let Some(sketch) = sketch {
        let (key, known) = day(engine, target, sketch.hour)?;
        // an earlier hour may wait in the same batch
        let waiting = batch.iter().rev().find(|it| it.0 == key);
        let mut day = match waiting.and_then(|it| it.1.as_deref()) {
            Some(bytes) => codec::decode(&key, bytes)?,
            None => known,
        };
        day.put(sketch);
        let record = codec::encode(&key, &day)?;
        batch.push((key, Some(record)));
    }
    Ok(())
}
