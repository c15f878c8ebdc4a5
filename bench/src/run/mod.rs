//! One measurement from start to end: farm, service, learning, the bare loop, a quiet window, the bare loop again,
//! an attack, and what came of it.

mod attack;
mod children;
mod figures;
mod registry;
mod scrape;
mod settle;

use std::{fs, path::PathBuf, time::Duration};

use tokio::time::{Instant, sleep_until};

pub use self::figures::Figures;
use self::{
    children::{Farm, Service},
    figures::Moment,
};
use crate::{
    farm::{self, Gaps, Profile},
    trouble::{Because, Result},
};

#[derive(clap::Args, Clone)]
pub struct Args {
    /// The program to measure
    #[arg(long, default_value = "target/release/gaccong")]
    pub gaccong: PathBuf,
    /// Number of portals
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub n: u32,
    /// Interval of looks, such as 10s
    #[arg(long, default_value = "10s", value_parser = length)]
    pub every: Duration,
    /// Length of the window that is measured
    #[arg(long, default_value_t = 60)]
    pub seconds: u64,
    /// Look over HTTPS
    #[arg(long)]
    pub tls: bool,
    /// Let sessions be resumed, which the bare loop never does. All portals over HTTPS are one host, so one session
    /// serves them all: the least that HTTPS can cost, not what a registry of many hosts costs
    #[arg(long)]
    pub resume: bool,
    /// Give every portal an address of its own in 127.1.0.0/16 instead of a path on one; not over HTTPS, where the
    /// certificate names one
    #[arg(long)]
    pub by_address: bool,
    /// Interval of the five looks that are learnt first
    #[arg(long, default_value = "2s", value_parser = length)]
    pub learn_every: Duration,
    /// Habits of the farm's portals
    #[arg(long, value_enum, default_value_t = Profile::Clean)]
    pub profile: Profile,
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Most seconds of learning before the window begins
    #[arg(long, default_value_t = 400)]
    pub settle: u64,
    /// Pages of each of the two bare loops; made whole passes
    #[arg(long, default_value_t = 5000)]
    pub bare_pages: u32,
    /// Portals to be defaced at the end; 0 leaves that out
    #[arg(long, default_value_t = 20)]
    pub deface: u32,
    /// Fail if a look costs more than this many turns of the bare loop
    #[arg(long, default_value_t = 10.0)]
    pub at_most: f64,
    /// Profile hostile only: fail if the p99 lateness of looks at honest portals is more than this many seconds
    #[arg(long, default_value_t = 5.0)]
    pub late_at_most: f64,
    /// A farm that runs already, by its control URL, such as http://127.0.0.1:8900
    #[arg(long)]
    pub farm_url: Option<String>,
    /// Where the portals of that farm are, if not at its control URL, such as https://localhost:8943
    #[arg(long, requires = "farm_url")]
    pub portals_at: Option<String>,
    /// PEM file of the authority of that farm
    #[arg(long, requires = "farm_url")]
    pub ca: Option<PathBuf>,
    /// Write the figures as JSON
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// Leave the working directory behind
    #[arg(long)]
    pub keep: bool,
}

impl Args {
    /// How many portals are honest.
    pub fn honest(&self) -> u32 {
        match self.profile {
            Profile::Hostile => farm::honest(self.n),
            _ => self.n,
        }
    }
}

/// Prints a table. Whether all limits were kept.
pub async fn run(args: Args) -> Result<bool> {
    let figures = measure(&args).await?;
    print!("{}", figures.table());
    if let Some(path) = &args.out {
        write(path, &figures)?;
    }
    let missed = figures.missed(args.at_most, args.late_at_most);
    for sentence in &missed {
        eprintln!("gaccong-bench: {sentence}");
    }
    Ok(missed.is_empty())
}

pub fn write(path: &PathBuf, figures: &impl serde::Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(figures).because(|| "no JSON".to_owned())?;
    if let Some(folder) = path.parent() {
        // a folder that cannot be made is said by the write
        let _ = fs::create_dir_all(folder);
    }
    fs::write(path, text + "\n").because(|| format!("{} cannot be written", path.display()))
}

pub async fn measure(args: &Args) -> Result<Figures> {
    let mut folder = tempfile::Builder::new()
        .prefix("gaccong-bench-")
        .tempdir()
        .because(|| "no temporary directory".to_owned())?;
    if args.keep {
        folder.disable_cleanup(true);
        say(&format!("working in {}", folder.path().display()));
    }
    // after the folder, so that they end before it is removed
    let farm = Farm::start(args, folder.path()).await?;
    let service = Service::start(args, &farm, folder.path()).await?;

    say(&format!("{} portals are being learnt", args.n));
    let settled = settle::wait(args, &service).await?;
    say("the bare loop, before");
    let mut bare = children::bare(args, &farm).await?;
    say(&format!("measuring for {} s", args.seconds));
    let begin = Moment::now(&service, &farm, folder.path()).await?;
    let of_honest = args.profile == Profile::Hostile;
    if of_honest {
        farm.ask("/ctl/gaps/begin").await?;
    }
    sleep_until(Instant::now() + Duration::from_secs(args.seconds)).await;
    let gaps = match of_honest {
        true => {
            let text = farm.ask("/ctl/gaps").await?;
            Some(
                serde_json::from_str::<Gaps>(&text)
                    .because(|| format!("not understood: {text}"))?,
            )
        }
        false => None,
    };
    let end = Moment::now(&service, &farm, folder.path()).await?;
    say("the bare loop, after");
    bare.extend(children::bare(args, &farm).await?);

    let mut figures = Figures::between(args, &farm, &begin, &end, &bare, settled)?;
    figures.honest_late_s = gaps.map(|it| late(&it, args.every));
    if args.deface > 0 {
        say(&format!("{} portals are defaced", args.deface));
        figures.attack = Some(attack::attack(args, &farm).await?);
        // also what was said wrongly meanwhile counts
        figures.false_alarms = figures.false_alarms.max(farm.false_alarms().await?);
    }
    service.stop().await;
    Ok(figures)
}

/// Lateness of looks at honest portals in seconds (p50, p99, most): the gap beyond the interval and the 5 % by which
/// the service spreads its looks.
fn late(gaps: &Gaps, every: Duration) -> [f64; 3] {
    let due = every.as_secs_f64() * 1.05;
    [gaps.p50_ms, gaps.p99_ms, gaps.most_ms].map(|it| (it / 1e3 - due).max(0.0))
}

fn say(what: &str) {
    eprintln!("gaccong-bench: {what}");
}

/// A length of time with one unit: `500ms`, `10s`, `5m`.
fn length(text: &str) -> std::result::Result<Duration, String> {
    let digits = text
        .find(|it: char| !it.is_ascii_digit())
        .unwrap_or(text.len());
    let unit = match &text[digits..] {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        _ => 0,
    };
    let count: u64 = text[..digits].parse().unwrap_or(0);
    match count.checked_mul(unit) {
        Some(ms) if ms > 0 => Ok(Duration::from_millis(ms)),
        _ => Err(format!("{text:?} is not a length of time: write 10s or 5m")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read() {
        assert_eq!(length("10s"), Ok(Duration::from_secs(10)));
        assert_eq!(length("5m"), Ok(Duration::from_secs(300)));
        assert!(length("10").is_err() && length("0s").is_err() && length("s").is_err());
    }
}
