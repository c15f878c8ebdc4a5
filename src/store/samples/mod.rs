//! Recent history. A look that saw nothing new adds 13 bytes to the samples, which are written every few seconds.
//! Spans and latency histograms are written when a state ends or an hour is over. After a crash they are completed
//! from the samples.

mod open_span;

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use base64::{Engine as _, prelude::BASE64_STANDARD_NO_PAD};
use jiff::Timestamp;

use self::open_span::{OpenSpan, caught_up, grown, last_span};
use super::{
    Batch, Engine, Result, StoreError, codec,
    scan::scan,
    tables::{self, Kept},
};
use crate::model::{
    TargetId,
    digest::key,
    history::{LatencyHistogram, Mark, Span, extend},
};

/// Bytes of samples from which they are written before the next upkeep.
const MANY: usize = 48 << 10;
/// Bytes of a sample: hash of the target, second, bucket of the response time.
const SAMPLE: usize = 8 + 4 + 1;
/// The bucket of a look without a response time.
const NO_TIME: u8 = u8::MAX;
/// Seconds after which an open span is written even if its hour continues, because the target may have been removed.
const STALE_S: i64 = 75 * 60;
const DAY_S: i64 = 86_400;
/// Open spans that one upkeep writes at most.
const AT_ONCE: usize = 500;

#[derive(Default)]
pub(super) struct SampleLog {
    /// Locked only for moments, and never during a call of the engine, so that looks at other targets are not
    /// delayed.
    state: Mutex<State>,
    /// Locked while the engine is read for open spans.
    asking: Mutex<()>,
}

#[derive(Default)]
struct State {
    /// Open spans by the hash of their target.
    open: HashMap<u64, OpenSpan>,
    samples: Vec<u8>,
    /// Samples of an earlier run (second and bucket) by target, kept until the target is looked at again.
    earlier: HashMap<u64, Vec<(u32, u8)>>,
    /// The time of the latest look, in seconds.
    now: i64,
    swept: i64,
}

impl SampleLog {
    /// Reads the samples that an earlier run left.
    pub fn open<E: Engine + ?Sized>(engine: &E) -> Result<Self> {
        let mut state = State::default();
        let (from, to) = tables::SAMPLES.range("");
        for record in scan(engine, &from, &to) {
            let (key, bytes) = record?;
            let samples =
                codec::decode::<String>(&key, &bytes).and_then(|text| unpacked(&key, &text));
            match samples {
                Ok(samples) => {
                    for sample in samples.chunks_exact(SAMPLE) {
                        let (target, at, bucket) = read(sample);
                        state.earlier.entry(target).or_default().push((at, bucket));
                    }
                }
                Err(error) => {
                    tracing::error!(store.key = key, %error, "some looks are lost and count as not watched");
                }
            }
        }
        Ok(Self {
            state: Mutex::new(state),
            asking: Mutex::default(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn asking(&self) -> MutexGuard<'_, ()> {
        self.asking.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a look that only extends the open span, without calling the engine. Returns false if that is not
    /// possible: then the caller must use [`Self::mark`].
    pub fn extend(&self, mark: &Mark) -> bool {
        let id = key(mark.target.as_str());
        let mut state = self.state();
        if state.samples.len() >= MANY {
            return false;
        }
        let Some(open) = state.open.get_mut(&id) else {
            return false;
        };
        let (Some(span), None) = extend(Some(open.span.clone()), mark) else {
            return false;
        };
        let hour = LatencyHistogram::hour_of(mark.at);
        let bucket = mark.elapsed_ms.map(LatencyHistogram::bucket_of);
        match (&mut open.latency, bucket) {
            (Some(latency), _) if latency.hour != hour => return false,
            (Some(latency), Some(bucket)) => latency.count(bucket),
            (None, Some(_)) => return false,
            (_, None) => (),
        }
        open.span = span;
        open.unwritten = open.unwritten.or(Some(mark.at.as_second()));
        state.now = state.now.max(mark.at.as_second());
        state.sample(id, mark.at, bucket);
        true
    }

    /// Adds a look; what must be written at once goes into `batch`.
    pub fn mark<E: Engine + ?Sized>(
        &self,
        engine: &E,
        mark: &Mark,
        batch: &mut Batch,
    ) -> Result<()> {
        let _asking = self.asking();
        let id = key(mark.target.as_str());
        let known = self.taken(engine, id, &mark.target, Some(mark.at))?;
        let grown = grown(engine, known.clone(), mark, batch);
        let mut state = self.state();
        state.now = state.now.max(mark.at.as_second());
        let (open, in_samples) = match grown {
            Ok(grown) => grown,
            Err(error) => {
                state.open.extend(known.map(|it| (id, it)));
                return Err(error);
            }
        };
        if in_samples {
            state.sample(
                id,
                mark.at,
                mark.elapsed_ms.map(LatencyHistogram::bucket_of),
            );
        }
        state.open.insert(id, open);
        if state.samples.len() >= MANY {
            state.write_samples(batch)?;
        }
        Ok(())
    }

    /// The open span of a target, which is newer than the stored one, and the histogram of the present hour.
    pub fn of<E: Engine + ?Sized>(
        &self,
        engine: &E,
        target: &TargetId,
    ) -> Result<Option<(Span, Option<LatencyHistogram>)>> {
        let id = key(target.as_str());
        let shown = |it: &OpenSpan| (it.span.clone(), it.latency.clone());
        if let Some(known) = self.state().open.get(&id) {
            return Ok(Some(shown(known)));
        }
        let _asking = self.asking();
        let known = self.taken(engine, id, target, None)?;
        let out = known.as_ref().map(shown);
        self.state().open.extend(known.map(|it| (id, it)));
        Ok(out)
    }

    /// Drops the open spans of targets without a look for a day. Returns the batch that writes them.
    pub fn ended<E: Engine + ?Sized>(&self, engine: &E, now: Timestamp) -> Result<Batch> {
        let _asking = self.asking();
        let before = now.as_second() - DAY_S;
        let is_over = |it: &OpenSpan| it.span.to.as_second() < before;
        let gone: Vec<(u64, OpenSpan)> = {
            let mut state = self.state();
            state.open.extract_if(|_, it| is_over(it)).collect()
        };
        let mut batch = Batch::new();
        let written = gone
            .iter()
            .try_for_each(|(_, it)| it.write(engine, &mut batch));
        if let Err(error) = written {
            self.state().open.extend(gone);
            return Err(error);
        }
        Ok(batch)
    }

    /// The pending samples, as a batch.
    pub fn waiting(&self) -> Result<Batch> {
        let mut batch = Batch::new();
        self.state().write_samples(&mut batch)?;
        Ok(batch)
    }

    /// The batch of the upkeep every few seconds: pending samples; once a minute also open spans that have not been
    /// written for long, and the deletion of old samples.
    pub fn upkeep<E: Engine + ?Sized>(&self, engine: &E) -> Result<Batch> {
        let _asking = self.asking();
        let mut batch = Batch::new();
        let (now, stale) = {
            let mut state = self.state();
            state.write_samples(&mut batch)?;
            if state.now - state.swept < 60 {
                return Ok(batch);
            }
            state.swept = state.now;
            (state.now, state.stale())
        };
        for (id, it) in &stale {
            it.write(engine, &mut batch)?;
            if let Some(open) = self.state().open.get_mut(id) {
                // a look may have come in between
                let newer = open.span.to > it.span.to;
                open.unwritten = newer.then(|| open.span.to.as_second());
            }
        }
        if let Kept::Hours(hours) = tables::SAMPLES.kept {
            let before = Timestamp::from_second(now - hours * 3600);
            let to = tables::SAMPLES.key(&sortable(before.unwrap_or(Timestamp::UNIX_EPOCH)));
            for (key, _) in engine.range(&tables::SAMPLES.key(""), &to)? {
                batch.push((key, None));
            }
        }
        Ok(batch)
    }

    /// Takes the open span of a target out of memory, or loads it from the engine. The caller holds `asking`.
    fn taken<E: Engine + ?Sized>(
        &self,
        engine: &E,
        id: u64,
        target: &TargetId,
        until: Option<Timestamp>,
    ) -> Result<Option<OpenSpan>> {
        if let Some(known) = self.state().open.remove(&id) {
            return Ok(Some(known));
        }
        let Some(span) = last_span(engine, target, until)? else {
            return Ok(None);
        };
        let open = OpenSpan {
            target: target.clone(),
            span,
            latency: None,
            unwritten: None,
        };
        let samples = self.state().earlier.remove(&id).unwrap_or_default();
        caught_up(engine, open, samples).map(Some)
    }
}

impl State {
    fn sample(&mut self, id: u64, at: Timestamp, bucket: Option<u16>) {
        let second = u32::try_from(at.as_second()).unwrap_or_default();
        let bucket = bucket.map_or(NO_TIME, |it| u8::try_from(it).unwrap_or(NO_TIME - 1));
        self.samples.extend(id.to_le_bytes());
        self.samples.extend(second.to_le_bytes());
        self.samples.push(bucket);
    }

    fn write_samples(&mut self, batch: &mut Batch) -> Result<()> {
        if self.samples.is_empty() {
            return Ok(());
        }
        let at = Timestamp::from_second(self.now).unwrap_or(Timestamp::UNIX_EPOCH);
        // a random part, because two batches may fall into one second
        let id = format!("{}-{:08x}", sortable(at), fastrand::u32(..));
        let key = tables::SAMPLES.key(&id);
        let text = BASE64_STANDARD_NO_PAD.encode(&self.samples);
        self.samples.clear();
        let record = codec::encode(&key, &text)?;
        batch.push((key, Some(record)));
        Ok(())
    }

    /// Copies of open spans that have not been written for long.
    fn stale(&self) -> Vec<(u64, OpenSpan)> {
        let is_stale = |it: &OpenSpan| it.unwritten.is_some_and(|at| at + STALE_S < self.now);
        let stale = self.open.iter().filter(|(_, it)| is_stale(it));
        stale
            .take(AT_ONCE)
            .map(|(id, it)| (*id, it.clone()))
            .collect()
    }
}

fn unpacked(key: &str, text: &str) -> Result<Vec<u8>> {
    BASE64_STANDARD_NO_PAD
        .decode(text)
        .map_err(|error| StoreError::Damaged {
            key: key.to_owned(),
            why: error.to_string(),
        })
}

fn read(sample: &[u8]) -> (u64, u32, u8) {
    let (mut target, mut at) = ([0; 8], [0; 4]);
    target.copy_from_slice(&sample[..8]);
    at.copy_from_slice(&sample[8..12]);
    (
        u64::from_le_bytes(target),
        u32::from_le_bytes(at),
        sample[12],
    )
}

/// A time as text that sorts in the order of time, for keys.
pub(super) fn sortable(at: Timestamp) -> String {
    format!("{:016x}", at.as_millisecond().max(0))
}

/// The time at the end of a key.
pub(super) fn moment_of(key: &str) -> Option<Timestamp> {
    let (_, last) = key.rsplit_once('/')?;
    Timestamp::from_millisecond(i64::from_str_radix(last, 16).ok()?).ok()
}
