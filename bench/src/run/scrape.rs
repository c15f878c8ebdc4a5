//! The service's metrics at one moment, as Prometheus would read them.

use std::collections::BTreeMap;

/// Value by name and labels, as written.
#[derive(Debug, Default)]
pub struct Scrape(BTreeMap<String, f64>);

impl Scrape {
    pub fn read(text: &str) -> Self {
        let lines = text.lines().filter(|it| !it.starts_with('#'));
        let values = lines.filter_map(|it| {
            let (name, value) = it.rsplit_once(' ')?;
            Some((name.to_owned(), value.parse().ok()?))
        });
        Self(values.collect())
    }

    /// Of all labels together; nothing where the metric is unknown.
    pub fn sum(&self, name: &str) -> f64 {
        self.of(name).map(|(_, value)| value).sum()
    }

    /// Value by the value of one label.
    pub fn by(&self, name: &str, label: &str) -> BTreeMap<String, f64> {
        let opening = format!("{label}=\"");
        let values = self.of(name).filter_map(|(key, value)| {
            let (_, rest) = key.split_once(&opening)?;
            Some((rest.split('"').next()?.to_owned(), value))
        });
        values.collect()
    }

    /// What was added since.
    pub fn since(&self, before: &Self) -> Self {
        let grown = self.0.iter().map(|(key, value)| {
            let old = before.0.get(key).copied().unwrap_or(0.0);
            (key.clone(), value - old)
        });
        Self(grown.collect())
    }

    /// Looks that were made.
    pub fn looks(&self) -> f64 {
        self.sum("gaccong_looks_total")
    }

    /// The value below which the share `of` of a histogram lies, taken as even within a bucket. None where it lies
    /// above the last bound, or nothing was counted.
    pub fn quantile(&self, name: &str, of: f64) -> Option<f64> {
        let mut buckets: Vec<(f64, f64)> = self
            .by(&format!("{name}_bucket"), "le")
            .into_iter()
            .filter_map(|(bound, count)| Some((bound.parse().ok()?, count)))
            .collect();
        buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
        let wanted = of * buckets.last().filter(|it| it.1 > 0.0)?.1;
        let (mut below, mut counted) = (0.0, 0.0);
        for (bound, count) in buckets {
            if count >= wanted {
                let share = if count > counted {
                    (wanted - counted) / (count - counted)
                } else {
                    1.0
                };
                return bound.is_finite().then_some(below + (bound - below) * share);
            }
            (below, counted) = (bound, count);
        }
        None
    }

    fn of<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (&'a str, f64)> {
        let values = self.0.iter().filter(move |(key, _)| {
            let rest = key.strip_prefix(name);
            rest.is_some_and(|it| it.is_empty() || it.starts_with('{'))
        });
        values.map(|(key, value)| (key.as_str(), *value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# TYPE gaccong_looks counter\n\
        gaccong_looks_total{class=\"up: unchanged\"} 90\n\
        gaccong_looks_total{class=\"up: normal change\"} 10\n\
        gaccong_lateness_seconds_bucket{le=\"0.005\"} 50\n\
        gaccong_lateness_seconds_bucket{le=\"0.02\"} 90\n\
        gaccong_lateness_seconds_bucket{le=\"+Inf\"} 100\n\
        gaccong_open_incidents 2\n";

    #[test]
    fn metrics_are_read() {
        let it = Scrape::read(TEXT);
        assert_eq!(it.looks(), 100.0);
        assert_eq!(
            it.by("gaccong_looks_total", "class")["up: normal change"],
            10.0
        );
        assert_eq!(it.sum("gaccong_open_incidents"), 2.0);
        assert_eq!(it.sum("gaccong_paths_total"), 0.0);
        assert_eq!(it.since(&it).looks(), 0.0);
    }

    #[test]
    fn quantiles_lie_within_their_bucket() {
        let it = Scrape::read(TEXT);
        assert_eq!(it.quantile("gaccong_lateness_seconds", 0.25), Some(0.0025));
        let middle = it
            .quantile("gaccong_lateness_seconds", 0.7)
            .expect("a bound");
        assert!((0.0124..0.0126).contains(&middle), "{middle}");
        assert_eq!(it.quantile("gaccong_lateness_seconds", 0.99), None);
        assert_eq!(it.quantile("gaccong_nothing", 0.5), None);
    }
}
