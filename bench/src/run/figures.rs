//! What was measured, as figures, as a table, and against the limits.

use std::{collections::BTreeMap, fmt::Write, path::Path};

use serde::Serialize;
use tokio::time::Instant;

use super::{
    Args,
    attack::Attack,
    children::{Farm, Service},
    scrape::Scrape,
    settle::Settled,
};
use crate::{
    bare::Pass,
    farm::Profile,
    process::{self, Memory},
    trouble::{Result, Trouble},
};

/// Everything that is read at the beginning and at the end of the window.
pub struct Moment {
    at: Instant,
    scrape: Scrape,
    cpu: f64,
    farm_cpu: Option<f64>,
    memory: Memory,
    written: u64,
    data: u64,
    snapshots: u64,
    false_alarms: u64,
}

impl Moment {
    pub async fn now(service: &Service, farm: &Farm, folder: &Path) -> Result<Self> {
        let false_alarms = farm.false_alarms().await?;
        let scrape = service.scrape().await?;
        let of = service.of()?;
        Ok(Self {
            at: Instant::now(),
            cpu: process::cpu_seconds(of)?,
            scrape,
            farm_cpu: farm.of().map(process::cpu_seconds).transpose()?,
            memory: process::memory(of)?,
            written: process::written(of)?,
            data: process::disk_bytes(&folder.join("data")),
            snapshots: process::disk_bytes(&folder.join("snapshots")),
            false_alarms,
        })
    }
}

/// All that one measurement yields. Memory and sizes in MB; CPU is user and system time of the whole process.
#[derive(Debug, Serialize)]
pub struct Figures {
    pub portals: u32,
    pub over: &'static str,
    pub profile: Profile,
    pub every_s: f64,
    pub mean_page_bytes: Option<u64>,
    pub settled: Settled,
    pub window_s: f64,
    pub looks: f64,
    pub looks_per_second: f64,
    pub cpu_ms_a_look: f64,
    pub bare_cpu_ms_a_page: f64,
    /// CPU time of a look, divided by that of a turn of the bare loop measured in these minutes.
    pub ratio: f64,
    /// Of every pass.
    pub bare: Vec<f64>,
    pub farm_cpu_ms_a_look: Option<f64>,
    /// Shares, by what the service says of its looks; empty where it does not say it.
    pub paths: BTreeMap<String, f64>,
    pub classes: BTreeMap<String, f64>,
    /// Seconds at p50, p95, p99; none where beyond the last bucket.
    pub lateness_s: [Option<f64>; 3],
    /// Seconds of lateness of looks at honest portals, by the farm's clock: p50, p99, most. Only in the profile
    /// hostile.
    pub honest_late_s: Option<[f64; 3]>,
    pub memory: Memory,
    pub written_bytes_a_look: f64,
    pub data_mb: f64,
    pub snapshots_mb: f64,
    pub open_incidents: f64,
    /// Alerts about portals without harm.
    pub false_alarms: u64,
    pub attack: Option<Attack>,
}

impl Figures {
    pub fn between(
        args: &Args,
        farm: &Farm,
        begin: &Moment,
        end: &Moment,
        bare: &[Pass],
        settled: Settled,
    ) -> Result<Self> {
        let window = end.at.duration_since(begin.at).as_secs_f64();
        let grown = end.scrape.since(&begin.scrape);
        let looks = grown.looks();
        if looks < 1.0 {
            return Err(Trouble::new(
                "no look was made in the window that is measured",
            ));
        }
        let each = |cpu: f64| cpu * 1000.0 / looks;
        let (cpu, farm_cpu) = (end.cpu - begin.cpu, end.farm_cpu.zip(begin.farm_cpu));
        let bare: Vec<f64> = bare.iter().map(|it| it.cpu_ms_per_page).collect();
        let bare_mean = middle_mean(&bare);
        let late = |of| grown.quantile("gaccong_lateness_seconds", of);
        Ok(Self {
            portals: args.n,
            over: if farm.template.starts_with("https") {
                "HTTPS"
            } else {
                "HTTP"
            },
            profile: args.profile,
            every_s: args.every.as_secs_f64(),
            mean_page_bytes: farm.mean_bytes,
            settled,
            window_s: window,
            looks,
            looks_per_second: looks / window,
            cpu_ms_a_look: each(cpu),
            bare_cpu_ms_a_page: bare_mean,
            ratio: each(cpu) / bare_mean,
            bare,
            farm_cpu_ms_a_look: farm_cpu.map(|(end, begin)| each(end - begin)),
            paths: shares(&grown, "gaccong_paths_total", "path"),
            classes: shares(&grown, "gaccong_looks_total", "class"),
            lateness_s: [late(0.5), late(0.95), late(0.99)],
            honest_late_s: None,
            memory: end.memory,
            written_bytes_a_look: (end.written - begin.written) as f64 / looks,
            data_mb: end.data as f64 / 1e6,
            snapshots_mb: end.snapshots as f64 / 1e6,
            open_incidents: end.scrape.sum("gaccong_open_incidents"),
            false_alarms: end.false_alarms,
            attack: None,
        })
    }

    /// Sentences about limits that were not kept.
    pub fn missed(&self, at_most: f64, late_at_most: f64) -> Vec<String> {
        let mut out = Vec::new();
        let hostile = self.profile == Profile::Hostile;
        if let Some([_, late, most]) = self.honest_late_s
            && late > late_at_most
        {
            out.push(format!(
                "honest portals were looked at {late:.1} s late (p99; the most {most:.1} s) beside hostile ones; {late_at_most} s is the most"
            ));
        }
        // hostile pages say nothing of an ordinary look's cost, and portals that do not answer are down indeed
        if self.ratio > at_most && !hostile {
            out.push(format!(
                "a look costs {:.1} times a turn of the bare loop ({:.3} against {:.3} CPU ms); {at_most} is the most",
                self.ratio, self.cpu_ms_a_look, self.bare_cpu_ms_a_page
            ));
        }
        if self.open_incidents > 0.0 && !hostile || self.false_alarms > 0 {
            out.push(format!(
                "false alarms: {} incidents are open and {} alerts were sent about portals that nobody harmed",
                self.open_incidents, self.false_alarms
            ));
        }
        if let Some(it) = self
            .attack
            .as_ref()
            .filter(|it| it.within_60_s < it.defaced)
        {
            out.push(format!(
                "of {} defacements {} were told, {} within 60 s",
                it.defaced, it.told, it.within_60_s
            ));
        }
        let of = format!("profile {} over {}", self.profile.name(), self.over);
        out.iter().map(|it| format!("{of}: {it}")).collect()
    }

    pub fn table(&self) -> String {
        let mut out = format!(
            "{} portals over {}, profile {}, every {} s{}\n",
            self.portals,
            self.over,
            self.profile.name(),
            self.every_s,
            self.mean_page_bytes
                .map_or(String::new(), |it| format!(", pages of {} KB", it / 1000)),
        );
        let mut row = |name: &str, text: String| {
            // writing into a String cannot fail
            let _ = writeln!(out, "  {name:<14}{text}");
        };
        let it = &self.settled;
        let hurried = if it.wholly {
            ""
        } else {
            "; NOT ENDED, the figures below hold learning"
        };
        row(
            "learning",
            format!(
                "{:.0} s, {:.0} looks, {:.1} CPU s{hurried}",
                it.seconds, it.looks, it.cpu_seconds
            ),
        );
        row(
            "looks",
            format!(
                "{:.0} in {:.0} s, {:.1} a second",
                self.looks, self.window_s, self.looks_per_second
            ),
        );
        let farm = self.farm_cpu_ms_a_look;
        let farm = farm.map_or(String::new(), |it| format!(", the farm {it:.3}"));
        row(
            "CPU",
            format!(
                "{:.3} ms a look, {:.1} times the bare loop ({:.3}{farm})",
                self.cpu_ms_a_look, self.ratio, self.bare_cpu_ms_a_page
            ),
        );
        row("paths", percent(&self.paths));
        row("classes", percent(&self.classes));
        let [half, most, nearly] = self
            .lateness_s
            .map(|it| it.map_or("over 30".to_owned(), |it| format!("{it:.3}")));
        row(
            "lateness",
            format!("p50 {half}, p95 {most}, p99 {nearly} s"),
        );
        if let Some([half, nearly, most]) = self.honest_late_s {
            row(
                "honest looks",
                format!(
                    "late by p50 {half:.3}, p99 {nearly:.3}, at most {most:.3} s, as the portals saw it"
                ),
            );
        }
        let it = &self.memory;
        row(
            "memory",
            format!(
                "RSS {:.0} MB, anonymous {:.0}, peak {:.0}",
                it.resident, it.anonymous, it.peak
            ),
        );
        row(
            "disk",
            format!(
                "{:.0} bytes written a look; data {:.1} MB, snapshots {:.1} MB",
                self.written_bytes_a_look, self.data_mb, self.snapshots_mb
            ),
        );
        row(
            "false alarms",
            format!(
                "{} incidents, {} alerts",
                self.open_incidents, self.false_alarms
            ),
        );
        if let Some(it) = &self.attack {
            let seconds = |it: Option<f64>| it.map_or("never".to_owned(), |it| format!("{it:.1}"));
            row(
                "defacements",
                format!(
                    "{} of {} told within 60 s; after {} / {} / {} s (least, median, most)",
                    it.within_60_s,
                    it.defaced,
                    seconds(it.least),
                    seconds(it.median),
                    seconds(it.most)
                ),
            );
            for (kind, delays) in &it.by_kind {
                let delays: Vec<String> = delays.iter().map(|it| seconds(*it)).collect();
                row("", format!("{kind:<8} {}", delays.join("  ")));
            }
        }
        out
    }
}

/// The mean without the lowest and the highest quarter: passes are counted in steps of 10 ms, and other programs on the
/// machine disturb one now and then.
fn middle_mean(of: &[f64]) -> f64 {
    let mut sorted = of.to_vec();
    sorted.sort_by(f64::total_cmp);
    let quarter = sorted.len() / 4;
    let middle = &sorted[quarter..sorted.len() - quarter];
    middle.iter().sum::<f64>() / middle.len() as f64
}

/// Shares of a whole, by one label.
fn shares(of: &Scrape, name: &str, label: &str) -> BTreeMap<String, f64> {
    let whole = of.sum(name);
    let mut shares = of.by(name, label);
    shares.retain(|_, value| *value > 0.0);
    shares.values_mut().for_each(|it| *it /= whole);
    shares
}

pub fn percent(shares: &BTreeMap<String, f64>) -> String {
    if shares.is_empty() {
        return "not counted by this version".to_owned();
    }
    let all = shares
        .iter()
        .map(|(name, it)| format!("{name} {:.1} %", it * 100.0));
    all.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_disturbed_pass_changes_nothing() {
        assert_eq!(middle_mean(&[0.2, 0.2, 9.0, 0.2]), 0.2);
        assert_eq!(middle_mean(&[0.2, 0.4]), 0.30000000000000004);
    }
}
