//! When all is learnt: the first looks are made, and the pages teach nothing new.

use std::time::Duration;

use serde::Serialize;
use tokio::time::{Instant, sleep};

use super::{Args, children::Service};
use crate::{farm::Profile, process, trouble::Result};

/// Five looks are learnt, one more shows that they were.
const LOOKS_EACH: f64 = 6.0;
/// Looks come up to a twentieth of the interval late, and one takes its time.
const INTERVAL: f64 = 1.15;

/// How learning went.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Settled {
    /// False where the time given was not enough.
    pub wholly: bool,
    pub seconds: f64,
    pub looks: f64,
    /// Processor time of learning, the start of the service included.
    pub cpu_seconds: f64,
}

/// Waits until every portal was looked at six times and then a whole interval went by without a page that was new.
pub async fn wait(args: &Args, service: &Service) -> Result<Settled> {
    let begun = Instant::now();
    let whole = args.every.mul_f64(INTERVAL);
    let step = (whole / 8).clamp(Duration::from_millis(200), Duration::from_secs(5));
    let mut new = f64::NAN;
    let mut quiet_since = begun;
    loop {
        let now = service.scrape().await?;
        let looks = now.looks();
        let seen = now.by("gaccong_looks_total", "class");
        let seen = seen.get("up: normal change").copied().unwrap_or(0.0);
        // hostile pages stay new for ever, and some are never answered
        let hostile = args.profile == Profile::Hostile;
        let enough = LOOKS_EACH * f64::from(args.honest());
        if looks < enough || seen != new && !hostile {
            (new, quiet_since) = (seen, Instant::now());
        }
        let wholly = quiet_since.elapsed() >= whole;
        if wholly || begun.elapsed() >= Duration::from_secs(args.settle) {
            return Ok(Settled {
                wholly,
                seconds: begun.elapsed().as_secs_f64(),
                looks,
                cpu_seconds: process::cpu_seconds(service.of()?)?,
            });
        }
        sleep(step).await;
    }
}
