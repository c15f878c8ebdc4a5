//! Runs the jobs of `jobs::ALL`: one task for each, with a timer for periods, and tokio-cron-scheduler for calendar
//! times.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::FutureExt;
use tokio::{
    sync::Notify,
    task::JoinSet,
    time::{Interval, MissedTickBehavior, interval, timeout},
};
use tokio_cron_scheduler::{Job as CronJob, JobScheduler, JobSchedulerError};
use tokio_util::sync::CancellationToken;

use crate::{
    jobs::{ALL, Job, When},
    world::Live,
};

/// Time for runs in progress once the service is asked to stop: commits that belong together are mostly done then.
const LAST_RUN: Duration = Duration::from_millis(500);

/// Runs all jobs until `stop` is cancelled.
pub async fn run(worlds: Live, stop: CancellationToken) {
    let mut running = JoinSet::new();
    let mut calendar = Vec::new();
    for begin in ALL {
        let job = begin();
        match job.when() {
            When::Every(_) => {
                running.spawn(repeat(job, worlds.clone(), stop.clone()));
            }
            When::At(times) => calendar.push((job, times)),
        }
    }
    let calendar = AssertUnwindSafe(by_calendar(calendar, worlds, stop, &mut running));
    let why = match calendar.catch_unwind().await {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(error.to_string()),
        Err(_) => Some("a fault of this program".to_owned()),
    };
    if let Some(why) = why {
        tracing::error!(
            why,
            "the calendar ended: no weekly report will be sent, and the store is not tidied at night"
        );
    }
    while running.join_next().await.is_some() {}
}

/// Runs a periodic job until `stop` is cancelled; returns at once for a calendar job.
pub async fn repeat(job: Box<dyn Job>, worlds: Live, stop: CancellationToken) {
    let When::Every(period) = job.when() else {
        return;
    };
    let mut tick = interval(period);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    each(job, Due::Period(tick), worlds, stop).await;
}

/// Runs the calendar jobs until `stop` is cancelled. Overdue jobs run at the start.
async fn by_calendar(
    jobs: Vec<(Box<dyn Job>, &'static str)>,
    worlds: Live,
    stop: CancellationToken,
    running: &mut JoinSet<()>,
) -> Result<(), JobSchedulerError> {
    let mut scheduler = JobScheduler::new().await?;
    let world = worlds.borrow().clone();
    let zone = world.config.service.timezone.iana_name();
    let zone: chrono_tz::Tz = zone
        .and_then(|it| it.parse().ok())
        .unwrap_or(chrono_tz::Asia::Ho_Chi_Minh);
    let mut planned = Vec::new();
    for (job, times) in jobs {
        let due = Arc::new(Notify::new());
        if job.is_overdue(&world) {
            due.notify_one();
        }
        let ring = due.clone();
        let entry = CronJob::new_async_tz(times, zone, move |_, _| {
            ring.notify_one();
            Box::pin(async {})
        })?;
        planned.push((job.name(), scheduler.add(entry).await?));
        running.spawn(each(job, Due::Calendar(due), worlds.clone(), stop.clone()));
    }
    scheduler.start().await?;
    for (job, entry) in planned {
        if let Some(next) = scheduler.next_tick_for_job(entry).await? {
            let next = next.with_timezone(&zone).format("%Y-%m-%d %H:%M %Z");
            tracing::info!(
                job,
                next = next.to_string(),
                "a job of the calendar is planned"
            );
        }
    }
    stop.cancelled().await;
    scheduler.shutdown().await
}

/// What signals that a job is due.
enum Due {
    Period(Interval),
    Calendar(Arc<Notify>),
}

impl Due {
    async fn next(&mut self) {
        match self {
            Self::Period(tick) => {
                tick.tick().await;
            }
            Self::Calendar(due) => due.notified().await,
        }
    }
}

async fn each(mut job: Box<dyn Job>, mut due: Due, mut worlds: Live, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = due.next() => (),
            () = job.woken(&mut worlds) => (),
        }
        let world = worlds.borrow_and_update().clone();
        let name = job.name();
        let run = AssertUnwindSafe(job.run(&world)).catch_unwind();
        tokio::pin!(run);
        tokio::select! {
            () = stop.cancelled() => {
                let _ = timeout(LAST_RUN, run).await;
                return;
            }
            ended = &mut run => if ended.is_err() {
                tracing::error!(job = name, "a job failed by a fault of this program; it runs again at its next time");
            },
        }
    }
}
