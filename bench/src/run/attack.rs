//! Defaces portals, and measures the time until an alert arrives.

use std::{collections::BTreeMap, time::Duration};

use serde::Serialize;
use tokio::time::{Instant, sleep};

use super::{Args, children::Farm};
use crate::{
    farm::Defaced,
    trouble::{Because, Result, Trouble},
};

/// A defacement is to be told within this time after it was first seen.
const WITHIN: f64 = 60.0;
/// Alerts that come later are waited for a while longer: late and never are different faults.
const PATIENCE: Duration = Duration::from_secs(30);

/// What came of it. Delays are seconds from the first time a defaced page was served to the alert.
#[derive(Debug, Serialize)]
pub struct Attack {
    pub defaced: usize,
    pub told: usize,
    pub within_60_s: usize,
    pub least: Option<f64>,
    pub median: Option<f64>,
    pub most: Option<f64>,
    /// Delays in seconds by kind of defacement; `None` where no alert came.
    pub by_kind: BTreeMap<String, Vec<Option<f64>>>,
}

pub async fn attack(args: &Args, farm: &Farm) -> Result<Attack> {
    let honest = args.honest();
    let count = args.deface.min(honest);
    let mut wanted: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut all = Vec::new();
    for at in 0..count {
        let kind = farm.kinds[at as usize % farm.kinds.len()].name();
        // evenly over the registry: its order says nothing of the portals' behaviour
        let id = u64::from(at) * u64::from(honest) / u64::from(count);
        wanted.entry(kind).or_default().push(id.to_string());
        all.push(id.to_string());
    }
    for (kind, ids) in &wanted {
        let path = format!("/ctl/deface?ids={}&kind={kind}", ids.join(","));
        farm.ask(&path).await?;
    }
    let begun = Instant::now();
    let patience = args.every.mul_f64(1.1) + Duration::from_secs_f64(WITHIN) + PATIENCE;
    loop {
        let mut records = read(&farm.ask("/ctl/defaced").await?)?;
        // a farm that ran before may remember other attacks
        records.retain(|it| all.contains(&it.id.to_string()));
        let told = records
            .iter()
            .filter(|it| it.alerted_at_us.is_some())
            .count();
        if told >= count as usize || begun.elapsed() > patience {
            // a farm that goes on is left as it was found
            farm.ask(&format!("/ctl/restore?ids={}", all.join(",")))
                .await?;
            return Ok(summary(&records));
        }
        sleep(Duration::from_millis(500)).await;
    }
}

fn summary(records: &[Defaced]) -> Attack {
    let mut by_kind: BTreeMap<String, Vec<Option<f64>>> = BTreeMap::new();
    for it in records {
        let delay = it.first_served_us.zip(it.alerted_at_us);
        let delay = delay.map(|(served, told)| (told - served) as f64 / 1e6);
        by_kind.entry(it.kind.clone()).or_default().push(delay);
    }
    let mut delays: Vec<f64> = by_kind.values().flatten().flatten().copied().collect();
    delays.sort_by(f64::total_cmp);
    Attack {
        defaced: records.len(),
        told: delays.len(),
        within_60_s: delays.iter().filter(|it| **it <= WITHIN).count(),
        least: delays.first().copied(),
        median: delays.get(delays.len() / 2).copied(),
        most: delays.last().copied(),
        by_kind,
    }
}

/// Lines of JSON, or a table with tabs of a farm of others: id, kind, defaced, first served, first alert.
fn read(text: &str) -> Result<Vec<Defaced>> {
    let lines = text
        .lines()
        .filter(|it| !it.is_empty() && !it.starts_with("id\t"));
    let read = lines.map(|line| match line.starts_with('{') {
        true => serde_json::from_str(line).because(|| format!("not understood: {line}")),
        false => row(line).ok_or_else(|| Trouble::new(format!("not understood: {line}"))),
    });
    read.collect()
}

fn row(line: &str) -> Option<Defaced> {
    let mut fields = line.split('\t');
    let id = fields.next()?.parse().ok()?;
    let kind = fields.next()?.to_lowercase();
    // what has not happened yet is empty, a stroke or nought
    let mut moment = || {
        fields
            .next()
            .and_then(|it| it.parse().ok())
            .filter(|it| *it > 0)
    };
    Some(Defaced {
        id,
        kind,
        defaced_at_us: moment()?,
        first_served_us: moment(),
        alerted_at_us: moment(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_of_record_are_read() {
        let text = "id\tkind\tdefaced_us\nx\n";
        assert!(read(text).is_err());
        let text = "{\"id\":7,\"kind\":\"full\",\"defaced_at_us\":5,\"first_served_us\":6000000,\"alerted_at_us\":9000000}\n\
            00008\tTitle\t5\t6000000\t67000000\n00009\tTitle\t5\t\t\n";
        let it = summary(&read(text).expect("records"));
        assert_eq!((it.defaced, it.told, it.within_60_s), (3, 2, 1));
        assert_eq!((it.least, it.most), (Some(3.0), Some(61.0)));
        assert_eq!(it.by_kind["title"], [Some(61.0), None]);
    }
}
