//! Availability as spans of one class, and response times as hourly histograms: a look adds a few bytes instead of a
//! record.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Class, TargetId, record::Stored};

/// A period in which every look had one class, without a gap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    pub class: Class,
    pub from: Timestamp,
    pub to: Timestamp,
    pub looks: u64,
}

/// One look, as input of the history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    pub target: TargetId,
    pub at: Timestamp,
    pub class: Class,
    /// Response time; `None` if the portal did not answer.
    pub elapsed_ms: Option<u32>,
    /// Longest time since the look before, in seconds: after a longer gap, the time between the two counts as not
    /// watched.
    pub max_gap_s: u32,
}

/// Response times of one clock hour in logarithmic buckets, 10 % wide, so that a quantile is accurate to 5 %.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LatencyHistogram {
    /// The first second of the hour.
    pub hour: Timestamp,
    /// Pairs of bucket and count, ascending.
    pub buckets: Vec<(u16, u32)>,
}

const GROWTH: f64 = 1.1;

impl LatencyHistogram {
    /// An empty histogram; `hour` is its first second.
    pub fn new(hour: Timestamp) -> Self {
        Self {
            hour,
            buckets: Vec::new(),
        }
    }

    /// The first second of the hour that contains `at`.
    pub fn hour_of(at: Timestamp) -> Timestamp {
        let second = at.as_second();
        Timestamp::from_second(second - second.rem_euclid(3600)).unwrap_or(at)
    }

    /// Adds the counts of another histogram.
    pub fn join(&mut self, other: &Self) {
        for (bucket, count) in &other.buckets {
            match self.buckets.binary_search_by_key(bucket, |it| it.0) {
                Ok(at) => self.buckets[at].1 = self.buckets[at].1.saturating_add(*count),
                Err(at) => self.buckets.insert(at, (*bucket, *count)),
            }
        }
    }

    /// The bucket of a response time.
    pub fn bucket_of(ms: u32) -> u16 {
        (f64::from(ms.max(1)).ln() / GROWTH.ln()).floor() as u16
    }

    /// Counts one answer that took `ms` milliseconds.
    pub fn add(&mut self, ms: u32) {
        self.count(Self::bucket_of(ms));
    }

    /// Counts one answer in a bucket.
    pub fn count(&mut self, bucket: u16) {
        match self.buckets.binary_search_by_key(&bucket, |it| it.0) {
            Ok(at) => self.buckets[at].1 = self.buckets[at].1.saturating_add(1),
            Err(at) => self.buckets.insert(at, (bucket, 1)),
        }
    }
}

/// The histograms of one UTC day as text, by hour: `7` → `48*12 49*1` means twelve answers in bucket 48 and one in
/// bucket 49 from 7:00 to 8:00.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day(pub BTreeMap<u8, String>);

const DAY_S: i64 = 86_400;

impl Day {
    /// The first second of the day that contains `at`.
    pub fn of(at: Timestamp) -> Timestamp {
        let second = at.as_second();
        Timestamp::from_second(second - second.rem_euclid(DAY_S)).unwrap_or(at)
    }

    /// Sets an hour, replacing its earlier counts.
    pub fn put(&mut self, histogram: &LatencyHistogram) {
        let hour = histogram.hour.as_second().rem_euclid(DAY_S) / 3600;
        let text: Vec<String> = histogram
            .buckets
            .iter()
            .map(|(bucket, count)| format!("{bucket}*{count}"))
            .collect();
        self.0
            .insert(u8::try_from(hour).unwrap_or_default(), text.join(" "));
    }

    /// The histograms of the day; `start` is its first second. Unreadable entries are skipped.
    pub fn histograms(&self, start: Timestamp) -> impl Iterator<Item = LatencyHistogram> {
        self.0.iter().filter_map(move |(hour, text)| {
            let hour = Timestamp::from_second(start.as_second() + i64::from(*hour) * 3600).ok()?;
            let buckets = text.split(' ').filter_map(|it| {
                let (bucket, count) = it.split_once('*')?;
                Some((bucket.parse().ok()?, count.parse().ok()?))
            });
            Some(LatencyHistogram {
                hour,
                buckets: buckets.collect(),
            })
        })
    }
}

/// The `q` quantile (0..1) in milliseconds over any number of histograms.
pub fn quantile<'a>(
    histograms: impl IntoIterator<Item = &'a LatencyHistogram>,
    q: f64,
) -> Option<f64> {
    let mut all = BTreeMap::<u16, u64>::new();
    for histogram in histograms {
        for (bucket, count) in &histogram.buckets {
            *all.entry(*bucket).or_default() += u64::from(*count);
        }
    }
    let total: u64 = all.values().sum();
    let mut rank = (q * total.saturating_sub(1) as f64).round() as u64;
    for (bucket, count) in all {
        if rank < count {
            return Some(GROWTH.powf(f64::from(bucket) + 0.5));
        }
        rank -= count;
    }
    None
}

/// The stored history of one target in one period.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct History {
    pub spans: Vec<Span>,
    pub histograms: Vec<LatencyHistogram>,
}

/// Adds one look to the spans: either the last span grows, or it ends where a new one begins. Returns what has to be
/// written: the grown or closed last span, and the new one.
pub fn extend(last: Option<Span>, mark: &Mark) -> (Option<Span>, Option<Span>) {
    let fresh = Span {
        class: mark.class,
        from: mark.at,
        to: mark.at,
        looks: 1,
    };
    let Some(mut last) = last else {
        return (None, Some(fresh));
    };
    let gap = mark.at.as_second() - last.to.as_second();
    if gap > i64::from(mark.max_gap_s) || gap < 0 {
        return (None, Some(fresh));
    }
    last.to = last.to.max(mark.at);
    let both = [last.class, mark.class];
    let as_ever = |it: &Class| matches!(it, Class::Unchanged | Class::NormalChange);
    if last.class == mark.class || both.iter().all(as_ever) {
        // unchanged and normal change are one state: the page's own changes do not begin a span
        last.class = mark.class;
        last.looks += 1;
        return (Some(last), None);
    }
    (Some(last), Some(fresh))
}

impl Stored for Span {
    fn over_since(&self) -> Option<Timestamp> {
        Some(self.to)
    }
}

impl Stored for LatencyHistogram {
    fn over_since(&self) -> Option<Timestamp> {
        Some(self.hour)
    }
}

impl Stored for Day {}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(at: i64, class: Class) -> Mark {
        Mark {
            target: "a".parse().unwrap(),
            at: Timestamp::from_second(at).unwrap(),
            class,
            elapsed_ms: None,
            max_gap_s: 100,
        }
    }

    #[test]
    fn a_state_holds_until_the_next_look_and_a_gap_is_nobodys() {
        let (_, first) = extend(None, &mark(0, Class::Unchanged));
        let (grown, none) = extend(first, &mark(60, Class::Unchanged));
        assert!(none.is_none());
        let (closed, down) = extend(grown, &mark(120, Class::Timeout));
        let closed = closed.unwrap();
        assert_eq!((closed.to.as_second(), closed.looks), (120, 2));
        let (kept, late) = extend(down.clone(), &mark(900, Class::Unchanged));
        assert!(kept.is_none(), "the time not watched belongs to no span");
        assert_eq!(late.unwrap().from.as_second(), 900);
    }

    #[test]
    fn a_day_tells_its_hours() {
        let mut histogram = LatencyHistogram::new(Timestamp::from_second(7 * 3600).unwrap());
        [12, 12, 900].into_iter().for_each(|ms| histogram.add(ms));
        let mut day = Day::default();
        day.put(&histogram);
        day.put(&histogram);
        let start = Day::of(histogram.hour);
        assert_eq!(day.histograms(start).collect::<Vec<_>>(), [histogram]);
    }

    #[test]
    fn quantiles_are_right_to_a_tenth() {
        let mut histogram = LatencyHistogram::new(Timestamp::UNIX_EPOCH);
        (1..=1000).for_each(|ms| histogram.add(ms));
        let median = quantile([&histogram], 0.5).unwrap();
        let p95 = quantile([&histogram], 0.95).unwrap();
        assert!((median / 500.0 - 1.0).abs() < 0.1, "{median}");
        assert!((p95 / 950.0 - 1.0).abs() < 0.1, "{p95}");
        assert_eq!(quantile([], 0.5), None);
    }
}
