//! Queue of the workers' jobs: cheap before costly, judging before learning, one job a portal at a time. Costly jobs and
//! learning jobs never hold all slots, so a portal with costly pages holds up only others like it.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::oneshot;

use crate::page::cancel::Cancel;

/// What a job is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Judging,
    Learning,
}

/// Processor time from which a portal's jobs are costly. A page of 8 MiB takes less on an idle processor.
const COSTLY: Duration = Duration::from_millis(256);
/// Processor time up to which all jobs rank alike. An ordinary page takes some 10 ms.
const CHEAP: Duration = Duration::from_millis(32);
/// A job that has waited this long comes next, costly or not.
const LONG: Duration = Duration::from_secs(20);
/// Portals with a remembered cost, at most. Past this, all count as cheap again: 20,000 costly portals mean a slow machine,
/// not an attack.
const REMEMBERED: usize = 20_000;

/// The slots of the workers, and the jobs that wait for one.
pub(crate) struct JobQueue(Arc<Mutex<State>>);

struct State {
    /// Free slots; `shared` of them are open to costly jobs and learning jobs.
    free: usize,
    shared: usize,
    /// By kind, level of cost and arrival.
    queue: BTreeMap<(Kind, u32, u64), Waiting>,
    arrived: u64,
    /// Portals with a running job: its cancellation flag, and whether it is a costly or a learning job.
    running: HashMap<String, (Cancel, bool)>,
    costs: HashMap<String, Duration>,
    ended: bool,
}

struct Waiting {
    of: String,
    since: Instant,
    go: oneshot::Sender<(Slot, Job)>,
}

/// A slot, until it is dropped.
pub(crate) struct Slot {
    state: Arc<Mutex<State>>,
    shared: bool,
}

/// A portal's running job. The cost of a judgement is remembered when it ends; a learning job says nothing of the next
/// judgement.
pub(crate) struct Job {
    state: Arc<Mutex<State>>,
    of: String,
    cancel: Cancel,
    kind: Kind,
    /// Processor time; `None` until the work has ended.
    cost: Option<Duration>,
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl JobQueue {
    /// A queue before this many `slots`, of which costly jobs and learning jobs never take the last one.
    pub fn new(slots: usize) -> Self {
        Self(Arc::new(Mutex::new(State {
            free: slots,
            shared: slots.saturating_sub(1).max(1),
            queue: BTreeMap::new(),
            arrived: 0,
            running: HashMap::new(),
            costs: HashMap::new(),
            ended: false,
        })))
    }

    /// Waits for a slot, and for the end of any other job of `portal`; `None` where the service ends first.
    pub async fn take(&self, portal: &str, kind: Kind) -> Option<(Slot, Job)> {
        let (go, wait) = oneshot::channel();
        {
            let mut state = locked(&self.0);
            let key = (kind, state.level(portal), state.arrived);
            state.arrived += 1;
            let (of, since) = (portal.to_owned(), Instant::now());
            state.queue.insert(key, Waiting { of, since, go });
        }
        serve(&self.0);
        wait.await.ok()
    }

    /// The number of cheap judgements that wait.
    pub fn waiting(&self) -> usize {
        let state = locked(&self.0);
        let cheap = state.queue.keys().filter(|it| !is_shared(it.0, it.1));
        cheap.count()
    }

    /// Ends the work with the service: no costly job and no learning job begins any more, and running ones are cancelled.
    pub fn end(&self) {
        {
            let mut state = locked(&self.0);
            state.ended = true;
            for (cancel, shared) in state.running.values() {
                if *shared {
                    cancel.cancel();
                }
            }
        }
        serve(&self.0);
    }

    /// Whether the service ends.
    pub fn is_over(&self) -> bool {
        locked(&self.0).ended
    }
}

impl State {
    /// The level of a portal's cost: 0 for cheap, one more for each doubling.
    fn level(&self, portal: &str) -> u32 {
        level_of(self.costs.get(portal).copied().unwrap_or_default())
    }

    /// The next job that may run.
    fn next(&self) -> Option<(Kind, u32, u64)> {
        let may = |it: &(&(Kind, u32, u64), &Waiting)| {
            let is_free = !is_shared(it.0.0, it.0.1) || self.shared > 0;
            is_free && !self.running.contains_key(&it.1.of)
        };
        if self.free == 0 {
            return None;
        }
        let all = || self.queue.iter().filter(may);
        let late = all().filter(|it| it.1.since.elapsed() >= LONG);
        let next = late.min_by_key(|it| it.0.2).or_else(|| all().next());
        next.map(|it| *it.0)
    }
}

fn level_of(cost: Duration) -> u32 {
    let times = cost.as_millis() / CHEAP.as_millis();
    times.checked_ilog2().map_or(0, |it| it + 1)
}

/// Whether a job must leave one slot to others: a learning job, or a costly one.
fn is_shared(kind: Kind, level: u32) -> bool {
    kind == Kind::Learning || level >= level_of(COSTLY)
}

/// Gives free slots to the next jobs. Sends them outside the lock: the slot of a caller that is gone comes back at once.
fn serve(of: &Arc<Mutex<State>>) {
    loop {
        let mut state = locked(of);
        if state.ended {
            let gone: Vec<_> = state.queue.keys().copied().collect();
            let gone = gone.into_iter().filter(|it| is_shared(it.0, it.1));
            let gone: Vec<Waiting> = gone.filter_map(|it| state.queue.remove(&it)).collect();
            drop(state);
            drop(gone);
            state = locked(of);
        }
        let Some(key) = state.next() else {
            return;
        };
        let Some(waiting) = state.queue.remove(&key) else {
            return;
        };
        if waiting.go.is_closed() {
            continue;
        }
        let shared = is_shared(key.0, key.1);
        state.free -= 1;
        state.shared -= usize::from(shared);
        let cancel = Cancel::default();
        state
            .running
            .insert(waiting.of.clone(), (cancel.clone(), shared));
        drop(state);
        let slot = Slot {
            state: of.clone(),
            shared,
        };
        let job = Job {
            state: of.clone(),
            of: waiting.of,
            cancel,
            kind: key.0,
            cost: None,
        };
        // a caller that is gone meanwhile drops both
        let _ = waiting.go.send((slot, job));
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        {
            let mut state = locked(&self.state);
            state.free += 1;
            state.shared += usize::from(self.shared);
        }
        serve(&self.state);
    }
}

impl Job {
    /// The flag that cancels the job.
    pub fn cancel(&self) -> Cancel {
        self.cancel.clone()
    }

    /// Ends the job, which took `cost` of processor time.
    pub fn ended(mut self, cost: Duration) {
        self.cost = Some(cost);
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        {
            let mut state = locked(&self.state);
            state.running.remove(&self.of);
            if let Some(cost) = self.cost
                && self.kind == Kind::Judging
            {
                let before = state.costs.remove(&self.of).unwrap_or_default();
                let cost = cost.max(before * 7 / 8);
                if cost >= CHEAP && state.costs.len() < REMEMBERED {
                    state.costs.insert(std::mem::take(&mut self.of), cost);
                } else if cost >= CHEAP {
                    state.costs.clear();
                }
            }
        }
        serve(&self.state);
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;

    use futures_util::FutureExt;

    use crate::world::job_queue::*;

    type Taken = (Slot, Job);

    /// Asks for a slot, and returns the outcome at once, if there is one.
    fn ask<'a>(
        queue: &'a JobQueue,
        portal: &'a str,
        kind: Kind,
    ) -> std::pin::Pin<Box<dyn Future<Output = Option<Taken>> + 'a>> {
        let mut asked: std::pin::Pin<Box<dyn Future<Output = Option<Taken>>>> =
            Box::pin(queue.take(portal, kind));
        match asked.as_mut().now_or_never() {
            Some(done) => Box::pin(std::future::ready(done)),
            None => asked,
        }
    }

    fn got(asked: &mut (impl Future<Output = Option<Taken>> + Unpin)) -> Option<Taken> {
        asked.now_or_never().flatten()
    }

    fn remember_cost(queue: &JobQueue, portal: &str, cost: Duration) {
        let mut state = locked(&queue.0);
        state.costs.insert(portal.to_owned(), cost);
    }

    #[test]
    fn one_portal_has_one_job_until_it_has_ended() {
        let queue = JobQueue::new(4);
        let (slot, job) = got(&mut ask(&queue, "a", Kind::Judging)).unwrap();
        let mut second = ask(&queue, "a", Kind::Judging);
        assert!(got(&mut second).is_none());
        assert!(got(&mut ask(&queue, "b", Kind::Judging)).is_some());
        drop(slot);
        assert!(got(&mut second).is_none(), "the work goes on");
        drop(job);
        assert!(got(&mut second).is_some());
    }

    #[test]
    fn costly_and_learning_jobs_never_have_all_slots() {
        let queue = JobQueue::new(3);
        for portal in ["x", "y", "z"] {
            remember_cost(&queue, portal, Duration::from_secs(2));
        }
        let _x = got(&mut ask(&queue, "x", Kind::Judging)).unwrap();
        let learning = got(&mut ask(&queue, "a", Kind::Learning)).unwrap();
        let mut y = ask(&queue, "y", Kind::Judging);
        let mut b = ask(&queue, "b", Kind::Learning);
        assert!(got(&mut y).is_none() && got(&mut b).is_none());
        assert_eq!(
            queue.waiting(),
            0,
            "only cheap judgements hold up the looks"
        );
        let cheap = got(&mut ask(&queue, "c", Kind::Judging));
        assert!(cheap.is_some(), "a slot is kept");
        drop(learning);
        assert!(got(&mut y).is_some(), "judging goes before learning");
        assert!(got(&mut b).is_some(), "y is gone again");
    }

    #[test]
    fn cheap_goes_before_costly_and_a_caller_that_left_gets_no_slot() {
        let queue = JobQueue::new(2);
        remember_cost(&queue, "x", Duration::from_millis(100));
        remember_cost(&queue, "y", Duration::from_millis(200));
        let held = [
            got(&mut ask(&queue, "p", Kind::Judging)).unwrap(),
            got(&mut ask(&queue, "q", Kind::Judging)).unwrap(),
        ];
        let mut y = ask(&queue, "y", Kind::Judging);
        let mut x = ask(&queue, "x", Kind::Judging);
        let gone = ask(&queue, "gone", Kind::Judging);
        let mut a = ask(&queue, "a", Kind::Judging);
        assert_eq!(queue.waiting(), 4);
        drop(gone);
        let [one, other] = held;
        drop(one);
        let a = got(&mut a).expect("a is cheap");
        assert!(got(&mut x).is_none() && got(&mut y).is_none());
        drop(other);
        let x = got(&mut x).expect("x costs less than y");
        assert!(got(&mut y).is_none());
        drop((a, x));
        assert!(got(&mut y).is_some());
    }

    #[test]
    fn what_work_cost_is_remembered_for_a_while() {
        let queue = JobQueue::new(2);
        let level = |portal: &str| locked(&queue.0).level(portal);
        let (_slot, job) = got(&mut ask(&queue, "a", Kind::Judging)).unwrap();
        job.ended(Duration::from_secs(3));
        assert!(is_shared(Kind::Judging, level("a")), "{}", level("a"));
        for _ in 0..60 {
            let (_slot, job) = got(&mut ask(&queue, "a", Kind::Judging)).unwrap();
            job.ended(Duration::ZERO);
        }
        assert_eq!(level("a"), 0);
        let (_slot, job) = got(&mut ask(&queue, "a", Kind::Learning)).unwrap();
        job.ended(Duration::from_secs(3));
        assert_eq!(level("a"), 0, "learning makes no page costly");
    }

    #[test]
    fn the_end_stops_costly_jobs_and_lets_cheap_judgements_end() {
        let queue = JobQueue::new(2);
        let learning = got(&mut ask(&queue, "a", Kind::Learning)).unwrap();
        let cheap = got(&mut ask(&queue, "b", Kind::Judging)).unwrap();
        let mut waits = ask(&queue, "c", Kind::Learning);
        let mut judged = ask(&queue, "d", Kind::Judging);
        queue.end();
        assert!(learning.1.cancel().is_cancelled() && !cheap.1.cancel().is_cancelled());
        assert!(matches!(waits.as_mut().now_or_never(), Some(None)));
        drop(cheap);
        assert!(got(&mut judged).is_some());
        let late = ask(&queue, "e", Kind::Learning);
        assert!(matches!(late.now_or_never(), Some(None)));
    }
}
