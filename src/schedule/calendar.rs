//! Jobs of the calendar: the weekly report on Monday morning, the sweep of evidence at night.

use std::time::Duration;

use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};
use tokio_util::sync::CancellationToken;

use super::aside::aside;
use crate::{
    actions::reports,
    store::{Wanted, size},
    world::{Live, World, cache_files, evicted},
};

/// Second, minute, hour, day, month, weekday: Monday 07:30, before the working day.
const WEEKLY: &str = "0 30 7 * * Mon";
/// Every night, when portals are quiet.
const SWEEP: &str = "0 40 3 * * *";
/// Evidence that nothing refers to is kept so long all the same.
const UNREFERRED: Duration = Duration::from_secs(2 * 86_400);
/// Between two deletions of page bodies that fell out of a baseline.
const CLEAR_EVERY: Duration = Duration::from_secs(30);
/// Portals that stand still so long, and those that are watched no more.
const UNTOUCHED: Duration = Duration::from_secs(90 * 86_400);

/// Runs the jobs until told to stop. A report that was missed while the service was down is sent at the start.
pub async fn run(worlds: Live, stop: CancellationToken) -> Result<(), JobSchedulerError> {
    let mut scheduler = JobScheduler::new().await?;
    let world = worlds.borrow().clone();
    let zone: chrono_tz::Tz = world
        .config
        .service
        .timezone
        .iana_name()
        .and_then(|it| it.parse().ok())
        .unwrap_or(chrono_tz::Asia::Ho_Chi_Minh);
    let of = worlds.clone();
    let weekly_job = scheduler
        .add(Job::new_async_tz(WEEKLY, zone, move |_, _| {
            let world = of.borrow().clone();
            Box::pin(async move { weekly(&world).await })
        })?)
        .await?;
    let of = worlds.clone();
    scheduler
        .add(Job::new_async_tz(SWEEP, zone, move |_, _| {
            let world = of.borrow().clone();
            Box::pin(async move { night(&world).await })
        })?)
        .await?;
    scheduler.start().await?;
    if let Some(next) = scheduler.next_tick_for_job(weekly_job).await? {
        let next = next
            .with_timezone(&zone)
            .format("%Y-%m-%d %H:%M %Z")
            .to_string();
        tracing::info!(next, "the weekly report is planned");
    }
    if missed(&world) {
        weekly(&world).await;
    }
    let mut tick = tokio::time::interval(Duration::from_secs(60));
    let mut clear = tokio::time::interval(CLEAR_EVERY);
    clear.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            _ = clear.tick() => {
                let world = worlds.borrow().clone();
                aside(world.evicted.clear(world.store.as_ref(), &world.evidence)).await;
            }
            _ = tick.tick() => {
                let world = worlds.borrow().clone();
                measure(&world).await;
            }
        }
    }
    scheduler.shutdown().await
}

/// It is Monday after 07:30 or later in the week: last week's report is due, if it was not sent.
fn missed(world: &World) -> bool {
    let now = world
        .clock
        .now()
        .to_zoned(world.config.service.timezone.clone());
    let monday = now.weekday() == jiff::civil::Weekday::Monday;
    !monday || now.time() >= jiff::civil::time(7, 30, 0, 0)
}

async fn weekly(world: &World) {
    if let Err(error) = aside(reports::send_weekly(world)).await {
        tracing::error!(error, "the weekly report could not be made");
    }
}

/// The store's own upkeep, then the evidence's.
async fn night(world: &World) {
    match aside(world.store.nightly(world.clock.now())).await {
        Ok(()) => tracing::info!("the store is tidy"),
        Err(error) => tracing::error!(%error, "the store's nightly upkeep failed"),
    }
    sweep(world).await;
}

/// Deletes page bodies that no baseline and no incident refers to.
async fn sweep(world: &World) {
    let referred = match evicted::all_referenced(world.store.as_ref()).await {
        Ok(referred) => referred,
        Err(error) => {
            tracing::error!(%error, "evidence is not swept: what refers to it cannot be read");
            return;
        }
    };
    let (evidence, files) = (world.evidence.clone(), cache_files(&world.config));
    let config = world.config.clone();
    let swept = tokio::task::spawn_blocking(move || {
        files.sweep(UNTOUCHED);
        reports::sweep(&config, UNTOUCHED);
        evidence.sweep(&referred, UNREFERRED)
    })
    .await;
    match swept {
        Ok(Ok(gone)) => tracing::info!(gone, "evidence swept"),
        Ok(Err(error)) => tracing::error!(%error, "evidence could not be swept"),
        Err(error) => tracing::error!(%error, "evidence could not be swept"),
    }
}

async fn measure(world: &World) {
    let wanted = Wanted {
        open_only: true,
        ..Wanted::default()
    };
    if let Ok(open) = world.store.incidents(&wanted).await {
        world.metrics.open_incidents.set(open.len() as i64);
    }
    let folder = world.config.service.data_dir.clone();
    let bytes = tokio::task::spawn_blocking(move || size(&folder))
        .await
        .unwrap_or(0);
    world
        .metrics
        .store_bytes
        .set(i64::try_from(bytes).unwrap_or(i64::MAX));
}
