//! The history of a target between two times, from stored spans, latency histograms and the open span.

use jiff::Timestamp;

use super::Records;
use crate::{
    model::{
        TargetId,
        history::{Day, History, LatencyHistogram, Span},
    },
    store::{
        Engine, Result, codec,
        samples::{moment_of, sortable},
        tables::{self, Table},
    },
};

/// Seconds to look back for spans that began before the period: longer than any span that matters for a report.
const LOOK_BACK_S: i64 = 400 * 86_400;

impl<E: Engine> Records<E> {
    pub(super) fn history(
        &self,
        target: &TargetId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<History> {
        let now = self.samples.of(&self.engine, target)?;
        let earliest = Timestamp::from_second(from.as_second() - LOOK_BACK_S).unwrap_or(from);
        let mut spans = self.spans(target, earliest, to)?;
        let mut histograms = self.histograms(target, from, to)?;
        if let Some((going, hour)) = now {
            // the stored copy of the open span is older
            for span in spans.iter_mut().filter(|it| it.from == going.from) {
                span.clone_from(&going);
            }
            if let Some(hour) = hour {
                histograms.retain(|it| it.hour != hour.hour);
                histograms.push(hour);
            }
        }
        spans.retain(|it| it.to > from);
        histograms.retain(|it| it.hour >= from && it.hour < to);
        Ok(History { spans, histograms })
    }

    fn spans(&self, target: &TargetId, from: Timestamp, to: Timestamp) -> Result<Vec<Span>> {
        let mut out = Vec::new();
        let (first, last) = keys(tables::SPANS, target, from, to);
        for (key, bytes) in self.engine.range(&first, &last)? {
            match codec::decode(&key, &bytes) {
                Ok(span) => out.push(span),
                Err(error) => {
                    tracing::error!(store.key = key, %error, "a span is damaged and counts as not watched")
                }
            }
        }
        Ok(out)
    }

    /// The hourly histograms of a period; older ones have been merged into one for each day.
    fn histograms(
        &self,
        target: &TargetId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<LatencyHistogram>> {
        let mut out = Vec::new();
        let (first, last) = keys(tables::LATENCY, target, from, to);
        for (key, bytes) in self.engine.range(&first, &last)? {
            match codec::decode(&key, &bytes) {
                Ok(histogram) => out.push(histogram),
                Err(error) => {
                    tracing::error!(store.key = key, %error, "a histogram is damaged and left out")
                }
            }
        }
        let (first, last) = keys(tables::LATENCY_BY_DAY, target, Day::of(from), to);
        for (key, bytes) in self.engine.range(&first, &last)? {
            match (codec::decode::<Day>(&key, &bytes), moment_of(&key)) {
                (Ok(day), Some(start)) => out.extend(day.histograms(start)),
                (Err(error), _) => {
                    tracing::error!(store.key = key, %error, "a day's answering times are damaged and left out")
                }
                _ => (),
            }
        }
        Ok(out)
    }
}

fn keys(table: &Table, target: &TargetId, from: Timestamp, to: Timestamp) -> (String, String) {
    let key = |at| table.key(&format!("{target}/{}", sortable(at)));
    (key(from), key(to))
}
