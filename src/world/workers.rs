//! Work for a processor, off the threads that wait for sockets: as many jobs at once as there are processors, none
//! longer than its time. Costly jobs wait for cheap ones.

use std::{
    num::NonZero,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use crate::{
    model::TargetId,
    page::patience::{Patience, SECONDS},
    world::{
        cpu_time,
        turns::{Kind, Turns},
    },
};

/// The most that a job takes by the clock, where others keep it from its processor.
const BY_THE_CLOCK: Duration = Duration::from_secs(10);
/// After patience is lost, the work looks up at the next occasion; one that does not is left to itself.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// The desks: a place for each processor, two at least.
pub struct Desks {
    turns: Turns,
    given_up: AtomicUsize,
}

/// Why there is no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfinished {
    #[error("more than {SECONDS} s of work")]
    Time,
    #[error("a fault of this program")]
    Fault,
    /// Lessons only: a judgement waits until its caller drops it.
    #[error("the service stops")]
    Stopped,
}

impl Default for Desks {
    fn default() -> Self {
        let processors = thread::available_parallelism().map_or(2, NonZero::get);
        Self {
            turns: Turns::new(processors.max(2)),
            given_up: AtomicUsize::new(0),
        }
    }
}

impl Desks {
    /// Cheap judgements that wait for a place: each holds a page in memory. Costly ones are not counted, or a portal
    /// that serves them would hold up the looks at others.
    pub fn waiting(&self) -> usize {
        self.turns.waiting()
    }

    /// Judges a page of `of` within its time, which leaves out the wait for a place. A portal has one job at a time; a
    /// portal that was costly lately comes after cheap ones, and such portals never take all places.
    pub async fn within<T: Send + 'static>(
        &self,
        of: &TargetId,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Unfinished> {
        self.work(of, Kind::Judging, work).await
    }

    /// Like [`Self::within`], for work of use to later looks: it comes after all judgements and never takes the last
    /// place.
    pub async fn learning<T: Send + 'static>(
        &self,
        of: &TargetId,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Unfinished> {
        self.work(of, Kind::Learning, work).await
    }

    async fn work<T: Send + 'static>(
        &self,
        of: &TargetId,
        kind: Kind,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Unfinished> {
        let Some((place, turn)) = self.turns.take(of.portal(), kind).await else {
            return self.stopped(kind).await;
        };
        let patience = turn.patience();
        let lost_with = LoseOnDrop(patience.clone());
        let of = patience.clone();
        let mut task = tokio::task::spawn_blocking(move || {
            // the portal keeps its turn until the work has really ended, even where no caller waits any more
            let (out, cost) = cpu_time::during(&of, work);
            turn.ended(cost);
            out
        });
        let done = tokio::select! {
            done = &mut task => done,
            () = tokio::time::sleep(BY_THE_CLOCK) => {
                patience.lose();
                match tokio::time::timeout(LAST_WORDS, task).await {
                    Ok(done) => done,
                    Err(_) => return Err(Unfinished::Time),
                }
            }
        };
        let lost = patience.is_lost();
        drop(lost_with);
        drop(place);
        match done {
            Ok(_) if lost && self.turns.is_over() => self.stopped(kind).await,
            Ok(_) if lost => Err(Unfinished::Time),
            Ok(out) => Ok(out),
            Err(_) => Err(Unfinished::Fault),
        }
    }

    /// Stops the desks with the service: costly jobs are told to end, and none begins any more. The caller of a
    /// judgement waits until it is dropped, since a page that was not judged is no finding.
    pub fn stop(&self) {
        self.turns.end();
    }

    /// Callers that wait for a judgement that will never come.
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

/// Ends work, at its next check of patience, once its caller is gone.
struct LoseOnDrop(Patience);

impl Drop for LoseOnDrop {
    fn drop(&mut self) {
        self.0.lose();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use crate::{page::patience, world::workers::*};

    fn id(text: &str) -> TargetId {
        text.parse().unwrap()
    }

    /// Work that ends only when patience is lost, and reports its begin and its end.
    fn endless(began: mpsc::Sender<()>, ended: mpsc::Sender<()>) -> impl FnOnce() + Send {
        move || {
            began.send(()).unwrap();
            while !patience::is_lost() {
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
        let desks = Desks::default();
        let (began, ended) = (mpsc::channel(), mpsc::channel());
        let hostile = id("a");
        let work = desks.within(&hostile, endless(began.0, ended.0));
        assert_eq!(work.await, Err(Unfinished::Time));
        heard(ended.1).await;
        assert_eq!(desks.within(&id("a"), || 7).await, Ok(7));
        let fails = || -> u8 { panic!("a fault") };
        let fault = desks.learning(&id("a"), fails).await;
        assert_eq!(fault, Err(Unfinished::Fault));
        assert_eq!(
            desks.within(&id("a"), || 8).await,
            Ok(8),
            "its turn is over"
        );
    }

    #[tokio::test]
    async fn work_that_waits_for_a_processor_has_not_taken_too_long() {
        let desks = Desks::default();
        let kept_from_it = || {
            thread::sleep(Duration::from_secs(SECONDS + 1));
            (0..100_000).all(|_| !patience::step(1))
        };
        assert_eq!(desks.within(&id("a"), kept_from_it).await, Ok(true));
    }

    #[tokio::test]
    async fn work_that_nobody_waits_for_ends() {
        let desks = Desks::default();
        let (began, ended) = (mpsc::channel(), mpsc::channel());
        let hostile = id("a");
        let work = desks.within(&hostile, endless(began.0, ended.0));
        tokio::select! {
            _ = work => panic!("it has no end of its own"),
            _ = heard(began.1) => (),
        }
        heard(ended.1).await;
    }

    #[tokio::test]
    async fn a_service_that_stops_waits_for_no_dear_work() {
        let desks = Desks::default();
        let (began, ended) = (mpsc::channel(), mpsc::channel());
        let hostile = id("a");
        let work = desks.learning(&hostile, endless(began.0, ended.0));
        let stop = async {
            heard(began.1).await;
            desks.stop();
        };
        let (learnt, ()) = tokio::join!(work, stop);
        assert_eq!(learnt, Err(Unfinished::Stopped));
        heard(ended.1).await;
        assert_eq!(desks.within(&hostile, || 7).await, Ok(7), "cheap ones end");
    }
}
