//! The open span of one target: how a look changes it, and what is written.

use jiff::Timestamp;

use super::{NO_TIME, sortable};
use crate::{
    model::{
        TargetId,
        history::{Day, LatencyHistogram, Mark, Span, extend},
    },
    store::{
        Batch, Engine, Result, StoreError, codec,
        tables::{self, LAST},
    },
};

/// The present state of one target: its end is not known yet.
#[derive(Clone)]
pub(super) struct OpenSpan {
    pub target: TargetId,
    pub span: Span,
    pub latency: Option<LatencyHistogram>,
    /// Time, in seconds, of the first look that is only in the samples; `None` if all are written.
    pub unwritten: Option<i64>,
}

impl OpenSpan {
    /// Adds the span and its hour's histogram to the batch.
    pub fn write<E: Engine + ?Sized>(&self, engine: &E, batch: &mut Batch) -> Result<()> {
        let (span, latency) = (Some(&self.span), self.latency.as_ref());
        write(engine, &self.target, span, latency, batch)
    }
}

/// The open span after a look, and whether the look still has to be added to the samples because it is not in the
/// batch.
pub(super) fn grown<E: Engine + ?Sized>(
    engine: &E,
    known: Option<OpenSpan>,
    mark: &Mark,
    batch: &mut Batch,
) -> Result<(OpenSpan, bool)> {
    let (mut unwritten, mut latency, mut last) = (None, None, None);
    if let Some(known) = known {
        (unwritten, latency) = (known.unwritten, known.latency);
        last = Some(known.span);
    }
    let hour = LatencyHistogram::hour_of(mark.at);
    let turned = latency.as_ref().is_some_and(|it| it.hour != hour);
    let (longer, fresh) = extend(last.clone(), mark);
    if fresh.is_some() || turned {
        // a span that ended with a gap keeps its length
        let old = longer.as_ref().or(last.as_ref());
        write(engine, &mark.target, old, latency.as_ref(), batch)?;
        unwritten = None;
    }
    if turned {
        latency = None;
    }
    if let Some(bucket) = mark.elapsed_ms.map(LatencyHistogram::bucket_of) {
        let mut counted = match latency {
            Some(latency) => latency,
            None => hour_of(engine, &mark.target, hour)?,
        };
        counted.count(bucket);
        latency = Some(counted);
    }
    let in_samples = fresh.is_none() && !turned;
    if in_samples {
        unwritten = unwritten.or(Some(mark.at.as_second()));
    } else {
        write(
            engine,
            &mark.target,
            fresh.as_ref(),
            latency.as_ref(),
            batch,
        )?;
    }
    let (Some(span), target) = (fresh.or(longer).or(last), mark.target.clone()) else {
        return Err(StoreError::Failed("a look has no span".to_owned()));
    };
    Ok((
        OpenSpan {
            target,
            span,
            latency,
            unwritten,
        },
        in_samples,
    ))
}

/// The open span extended by the samples of an earlier run; samples that the span already contains are skipped.
pub(super) fn caught_up<E: Engine + ?Sized>(
    engine: &E,
    mut open: OpenSpan,
    mut samples: Vec<(u32, u8)>,
) -> Result<OpenSpan> {
    samples.sort_unstable();
    for (second, bucket) in samples {
        let Ok(at) = Timestamp::from_second(i64::from(second)) else {
            continue;
        };
        if at.as_second() <= open.span.to.as_second() {
            continue;
        }
        open.span.to = at;
        open.span.looks += 1;
        open.unwritten = open.unwritten.or(Some(at.as_second()));
        if bucket == NO_TIME {
            continue;
        }
        let hour = LatencyHistogram::hour_of(at);
        let mut latency = match open.latency.take() {
            Some(known) if known.hour == hour => known,
            Some(over) => {
                let mut batch = Batch::new();
                write(engine, &open.target, None, Some(&over), &mut batch)?;
                engine.apply(&batch, false)?;
                hour_of(engine, &open.target, hour)?
            }
            None => hour_of(engine, &open.target, hour)?,
        };
        latency.count(u16::from(bucket));
        open.latency = Some(latency);
    }
    Ok(open)
}

pub(super) fn last_span<E: Engine + ?Sized>(
    engine: &E,
    target: &TargetId,
    until: Option<Timestamp>,
) -> Result<Option<Span>> {
    let prefix = tables::SPANS.key(&format!("{target}/"));
    // ignore spans in the future, which a clock that ran ahead has left
    let until = until.map_or_else(String::new, sortable);
    let Some((key, bytes)) = engine.last(&prefix, &format!("{prefix}{until}{LAST}"))? else {
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

/// The key and the stored histograms of a day.
fn day<E: Engine + ?Sized>(engine: &E, target: &TargetId, at: Timestamp) -> Result<(String, Day)> {
    let key = tables::LATENCY_BY_DAY.key(&format!("{target}/{}", sortable(Day::of(at))));
    let known = match engine.get(&key)? {
        Some(bytes) => codec::decode(&key, &bytes).unwrap_or_else(|error| {
            tracing::error!(store.key = key, %error, "answering times are damaged; the day begins anew");
            Day::default()
        }),
        None => Day::default(),
    };
    Ok((key, known))
}

fn hour_of<E: Engine + ?Sized>(
    engine: &E,
    target: &TargetId,
    hour: Timestamp,
) -> Result<LatencyHistogram> {
    let (_, day) = day(engine, target, hour)?;
    let mut hours = day.histograms(Day::of(hour));
    Ok(hours
        .find(|it| it.hour == hour)
        .unwrap_or_else(|| LatencyHistogram::new(hour)))
}

fn write<E: Engine + ?Sized>(
    engine: &E,
    target: &TargetId,
    span: Option<&Span>,
    latency: Option<&LatencyHistogram>,
    batch: &mut Batch,
) -> Result<()> {
    if let Some(span) = span {
        let key = tables::SPANS.key(&format!("{target}/{}", sortable(span.from)));
        let record = codec::encode(&key, span)?;
        batch.push((key, Some(record)));
    }
    if let Some(latency) = latency {
        let (key, known) = day(engine, target, latency.hour)?;
        // an earlier hour of the day may be in this batch
        let waiting = batch.iter().rev().find(|it| it.0 == key);
        let mut day = match waiting.and_then(|it| it.1.as_deref()) {
            Some(bytes) => codec::decode(&key, bytes)?,
            None => known,
        };
        day.put(latency);
        let record = codec::encode(&key, &day)?;
        batch.push((key, Some(record)));
    }
    Ok(())
}
