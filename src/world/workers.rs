//! CPU-bound work on blocking threads: one job a processor, with a time limit. Costly jobs wait for cheap ones.

use std::{
    num::NonZero,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use crate::{
    model::TargetId,
    page::cancel::{Cancel, SECONDS},
    world::{
        cpu_time,
        job_queue::{JobQueue, Kind},
    },
};

/// The longest a job takes by the clock, where other work keeps it from its processor.
const BY_THE_CLOCK: Duration = Duration::from_secs(10);
/// The time that a cancelled job has to notice it. After this the caller goes on without the job.
const GRACE: Duration = Duration::from_secs(10);

/// Runs jobs: one for each processor at once, two at least.
pub struct Workers {
    queue: JobQueue,
    given_up: AtomicUsize,
}

/// Why there is no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfinished {
    #[error("more than {SECONDS} s of work")]
    Time,
    #[error("a fault of this program")]
    Panicked,
    /// Learning jobs only: a judgement waits until its caller drops it.
    #[error("the service stops")]
    Stopped,
}

impl Default for Workers {
    fn default() -> Self {
        let processors = thread::available_parallelism().map_or(2, NonZero::get);
        Self {
            queue: JobQueue::new(processors.max(2)),
            given_up: AtomicUsize::new(0),
        }
    }
}

impl Workers {
    /// The number of cheap judgements that wait: each holds a page in memory. Costly ones are not counted, or a portal
    /// that causes them would hold up the looks at others.
    pub fn waiting(&self) -> usize {
        self.queue.waiting()
    }

    /// Runs a job that judges a page of `of`, with a time limit that leaves out the wait for a worker. A portal has one job
    /// at a time; a portal that was costly lately comes after cheap ones, and such portals never take all workers.
    ///
    /// # Errors
    ///
    /// The reason for which the job did not end.
    pub async fn run_limited<T: Send + 'static>(
        &self,
        of: &TargetId,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Unfinished> {
        self.run(of, Kind::Judging, work).await
    }

    /// Like [`Self::run_limited`], for work of use to later looks: it comes after all judgements and never takes the last
    /// worker.
    ///
    /// # Errors
    ///
    /// The reason for which the job did not end, [`Unfinished::Stopped`] where the service stops.
    pub async fn run_learning<T: Send + 'static>(
        &self,
        of: &TargetId,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Unfinished> {
        self.run(of, Kind::Learning, work).await
    }

    async fn run<T: Send + 'static>(
        &self,
        of: &TargetId,
        kind: Kind,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Unfinished> {
        let Some((slot, job)) = self.queue.take(of.portal(), kind).await else {
            return self.stopped(kind).await;
        };
        let cancel = job.cancel();
        let lost_with = CancelOnDrop(cancel.clone());
        let of = cancel.clone();
        let mut task = tokio::task::spawn_blocking(move || {
            // the portal's next job waits until this one has really ended, even if its caller waits no more
            let (out, cost) = cpu_time::run(&of, work);
            job.ended(cost);
            out
        });
        let done = tokio::select! {
            done = &mut task => done,
            () = tokio::time::sleep(BY_THE_CLOCK) => {
                cancel.cancel();
                match tokio::time::timeout(GRACE, task).await {
                    Ok(done) => done,
                    Err(_) => return Err(Unfinished::Time),
                }
            }
        };
        let lost = cancel.is_cancelled();
        drop(lost_with);
        drop(slot);
        match done {
            Ok(_) if lost && self.queue.is_over() => self.stopped(kind).await,
            Ok(_) if lost => Err(Unfinished::Time),
            Ok(out) => Ok(out),
            Err(_) => Err(Unfinished::Panicked),
        }
    }

    /// Stops the workers with the service: costly jobs are cancelled, and no other one begins. The caller of a judgement
    /// waits until it is dropped, since a page that was not judged is no finding.
    pub fn stop(&self) {
        self.queue.end();
    }

    /// The number of callers that wait for a judgement that will never come.
    pub fn given_up(&self) -> usize {
        self.given_up.load(Ordering::Relaxed)
    }

    async fn stopped<T>(&self, kind: Kind) -> Result<T, Unfinished> {
        match kind {
            Kind::Judging => self.give_up().await,
            Kind::Learning => Err(Unfinished::Stopped),
        }
    }

    async fn give_up<T>(&self) -> T {
        struct Counted<'a>(&'a AtomicUsize);
        impl Drop for Counted<'_> {
            fn drop(&mut self) {
                self.0.fetch_sub(1, Ordering::Relaxed);
            }
        }
        self.given_up.fetch_add(1, Ordering::Relaxed);
        let _counted = Counted(&self.given_up);
        std::future::pending().await
    }
}

/// Cancels a job once its caller is gone.
struct CancelOnDrop(Cancel);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use crate::{page::cancel, world::workers::*};

    fn id(text: &str) -> TargetId {
        text.parse().unwrap()
    }

    /// Work that ends only when it is cancelled, and reports its begin and its end.
    fn endless(began: mpsc::Sender<()>, ended: mpsc::Sender<()>) -> impl FnOnce() + Send {
        move || {
            began.send(()).unwrap();
            while !cancel::is_cancelled() {
                thread::yield_now();
            }
            let _ = ended.send(());
        }
    }

    async fn heard(of: mpsc::Receiver<()>) -> mpsc::Receiver<()> {
        tokio::task::spawn_blocking(move || {
            of.recv().unwrap();
            of
        })
        .await
        .unwrap()
    }

    #[tokio::test]
    async fn work_that_takes_too_long_is_told_to_end_and_comes_to_nothing() {
        let workers = Workers::default();
        let (began, ended) = (mpsc::channel(), mpsc::channel());
        let hostile = id("a");
        let work = workers.run_limited(&hostile, endless(began.0, ended.0));
        assert_eq!(work.await, Err(Unfinished::Time));
        heard(ended.1).await;
        assert_eq!(workers.run_limited(&id("a"), || 7).await, Ok(7));
        let fails = || -> u8 { panic!("a fault") };
        let fault = workers.run_learning(&id("a"), fails).await;
        assert_eq!(fault, Err(Unfinished::Panicked));
        assert_eq!(
            workers.run_limited(&id("a"), || 8).await,
            Ok(8),
            "the portal's job is over"
        );
    }

    #[tokio::test]
    async fn work_that_waits_for_a_processor_has_not_taken_too_long() {
        let workers = Workers::default();
        let kept_from_it = || {
            thread::sleep(Duration::from_secs(SECONDS + 1));
            (0..100_000).all(|_| !cancel::step(1))
        };
        assert_eq!(workers.run_limited(&id("a"), kept_from_it).await, Ok(true));
    }

    #[tokio::test]
    async fn work_without_a_caller_ends() {
        let workers = Workers::default();
        let (began, ended) = (mpsc::channel(), mpsc::channel());
        let hostile = id("a");
        let work = workers.run_limited(&hostile, endless(began.0, ended.0));
        tokio::select! {
            _ = work => panic!("it has no end of its own"),
            _ = heard(began.1) => (),
        }
        heard(ended.1).await;
    }

    #[tokio::test]
    async fn a_service_that_stops_waits_for_no_costly_work() {
        let workers = Workers::default();
        let (began, ended) = (mpsc::channel(), mpsc::channel());
        let hostile = id("a");
        let work = workers.run_learning(&hostile, endless(began.0, ended.0));
        let stop = async {
            heard(began.1).await;
            workers.stop();
        };
        let (learnt, ()) = tokio::join!(work, stop);
        assert_eq!(learnt, Err(Unfinished::Stopped));
        heard(ended.1).await;
        assert_eq!(
            workers.run_limited(&hostile, || 7).await,
            Ok(7),
            "cheap ones end"
        );
    }
}
