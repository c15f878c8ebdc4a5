//! The order of jobs at the desks: cheap before dear, judging before learning, one job a portal at a time. Dear jobs
//! and lessons never hold all places, so a portal with costly pages holds up only others like it.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::oneshot;

use crate::page::patience::Patience;

/// What a job is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Judging,
    Learning,
}

/// A portal with a longer job lately is dear. A page of 8 MiB takes less on an idle processor.
const DEAR: Duration = Duration::from_millis(256);
/// Shorter jobs all rank alike: an ordinary page takes some 10 ms.
const CHEAP: Duration = Duration::from_millis(32);
/// A job that has waited this long comes next, dear or not.
const LONG: Duration = Duration::from_secs(20);
/// The most portals with a remembered cost. Past this, all count as cheap again: that many costly portals mean a slow
/// machine, not an attack.
const REMEMBERED: usize = 20_000;

/// The places at the desks, and the queue before them.
pub(crate) struct Turns(Arc<Mutex<Room>>);

struct Room {
    /// Free places; `shared` of them are open to dear jobs and lessons.
    free: usize,
    shared: usize,
    /// By kind, level of cost and arrival.
    queue: BTreeMap<(Kind, u32, u64), Waiting>,
    arrived: u64,
    /// Portals with a job at work: its patience, and whether it is a dear job or a lesson.
    at_work: HashMap<String, (Patience, bool)>,
    costs: HashMap<String, Duration>,
    over: bool,
}

struct Waiting {
    of: String,
    since: Instant,
    go: oneshot::Sender<(Place, Turn)>,
}

/// A place at the desks, until it is dropped.
pub(crate) struct Place {
    room: Arc<Mutex<Room>>,
    shared: bool,
}

/// A portal's turn. The cost of a judgement is remembered when it ends; a lesson says nothing of the next judgement.
pub(crate) struct Turn {
    room: Arc<Mutex<Room>>,
    of: String,
    patience: Patience,
    kind: Kind,
    /// Of the processor's time; `None` until the work has ended.
    cost: Option<Duration>,
}

fn locked(room: &Mutex<Room>) -> MutexGuard<'_, Room> {
    room.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Turns {
    /// Desks with this many `places`, of which dear jobs and lessons never take the last one.
    pub fn new(places: usize) -> Self {
        Self(Arc::new(Mutex::new(Room {
            free: places,
            shared: places.saturating_sub(1).max(1),
            queue: BTreeMap::new(),
            arrived: 0,
            at_work: HashMap::new(),
            costs: HashMap::new(),
            over: false,
        })))
    }

    /// Waits for a place and the turn of `portal`; `None` where the service ends first.
    pub async fn take(&self, portal: &str, kind: Kind) -> Option<(Place, Turn)> {
        let (go, wait) = oneshot::channel();
        {
            let mut room = locked(&self.0);
            let key = (kind, room.level(portal), room.arrived);
            room.arrived += 1;
            let (of, since) = (portal.to_owned(), Instant::now());
            room.queue.insert(key, Waiting { of, since, go });
        }
        serve(&self.0);
        wait.await.ok()
    }

    /// Cheap judgements that wait.
    pub fn waiting(&self) -> usize {
        let room = locked(&self.0);
        let cheap = room.queue.keys().filter(|it| !is_shared(it.0, it.1));
        cheap.count()
    }

    /// Ends the work with the service: dear jobs and lessons begin no more, and those at work are told to stop.
    pub fn end(&self) {
        {
            let mut room = locked(&self.0);
            room.over = true;
            for (patience, shared) in room.at_work.values() {
                if *shared {
                    patience.lose();
                }
            }
        }
        serve(&self.0);
    }

    pub fn is_over(&self) -> bool {
        locked(&self.0).over
    }
}

impl Room {
    /// The level of a portal's cost: 0 for cheap, one more for each doubling.
    fn level(&self, portal: &str) -> u32 {
        level_of(self.costs.get(portal).copied().unwrap_or_default())
    }

    /// The next job that may have a place.
    fn next(&self) -> Option<(Kind, u32, u64)> {
        let may = |it: &(&(Kind, u32, u64), &Waiting)| {
            let room = if is_shared(it.0.0, it.0.1) {
                self.shared > 0
            } else {
                true
            };
            room && !self.at_work.contains_key(&it.1.of)
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

/// Whether a job must leave one place to others: a lesson, or a dear job.
fn is_shared(kind: Kind, level: u32) -> bool {
    kind == Kind::Learning || level >= level_of(DEAR)
}

/// Gives free places to the next jobs. Sends them outside the lock: a caller that is gone gives its place back at once.
fn serve(of: &Arc<Mutex<Room>>) {
    loop {
        let mut room = locked(of);
        if room.over {
            let gone: Vec<_> = room.queue.keys().copied().collect();
            let gone = gone.into_iter().filter(|it| is_shared(it.0, it.1));
            let gone: Vec<Waiting> = gone.filter_map(|it| room.queue.remove(&it)).collect();
            drop(room);
            drop(gone);
            room = locked(of);
        }
        let Some(key) = room.next() else {
            return;
        };
        let Some(waiting) = room.queue.remove(&key) else {
            return;
        };
        if waiting.go.is_closed() {
            continue;
        }
        let shared = is_shared(key.0, key.1);
        room.free -= 1;
        room.shared -= usize::from(shared);
        let patience = Patience::default();
        room.at_work
            .insert(waiting.of.clone(), (patience.clone(), shared));
        drop(room);
        let place = Place {
            room: of.clone(),
            shared,
        };
        let turn = Turn {
            room: of.clone(),
            of: waiting.of,
            patience,
            kind: key.0,
            cost: None,
        };
        // a caller that is gone meanwhile drops both
        let _ = waiting.go.send((place, turn));
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        {
            let mut room = locked(&self.room);
            room.free += 1;
            room.shared += usize::from(self.shared);
        }
        serve(&self.room);
    }
}

impl Turn {
    pub fn patience(&self) -> Patience {
        self.patience.clone()
    }

    /// Ends the turn. `cost`: the processor time that the work took.
    pub fn ended(mut self, cost: Duration) {
        self.cost = Some(cost);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        {
            let mut room = locked(&self.room);
            room.at_work.remove(&self.of);
            if let Some(cost) = self.cost
                && self.kind == Kind::Judging
            {
                let before = room.costs.remove(&self.of).unwrap_or_default();
                let cost = cost.max(before * 7 / 8);
                if cost >= CHEAP && room.costs.len() < REMEMBERED {
                    room.costs.insert(std::mem::take(&mut self.of), cost);
                } else if cost >= CHEAP {
                    room.costs.clear();
                }
            }
        }
        serve(&self.room);
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;

    use futures_util::FutureExt;

    use crate::world::turns::*;

    type Taken = (Place, Turn);

    /// Asks for a place, and returns the outcome at once.
    fn ask<'a>(
        turns: &'a Turns,
        portal: &'a str,
        kind: Kind,
    ) -> std::pin::Pin<Box<dyn Future<Output = Option<Taken>> + 'a>> {
        let mut asked: std::pin::Pin<Box<dyn Future<Output = Option<Taken>>>> =
            Box::pin(turns.take(portal, kind));
        match asked.as_mut().now_or_never() {
            Some(done) => Box::pin(std::future::ready(done)),
            None => asked,
        }
    }

    fn got(asked: &mut (impl Future<Output = Option<Taken>> + Unpin)) -> Option<Taken> {
        asked.now_or_never().flatten()
    }

    fn dear(turns: &Turns, portal: &str, cost: Duration) {
        let mut room = locked(&turns.0);
        room.costs.insert(portal.to_owned(), cost);
    }

    #[test]
    fn one_portal_has_one_job_until_it_has_ended() {
        let turns = Turns::new(4);
        let (place, turn) = got(&mut ask(&turns, "a", Kind::Judging)).unwrap();
        let mut second = ask(&turns, "a", Kind::Judging);
        assert!(got(&mut second).is_none());
        assert!(got(&mut ask(&turns, "b", Kind::Judging)).is_some());
        drop(place);
        assert!(got(&mut second).is_none(), "the work goes on");
        drop(turn);
        assert!(got(&mut second).is_some());
    }

    #[test]
    fn what_is_dear_or_learnt_never_has_all_places() {
        let turns = Turns::new(3);
        for portal in ["x", "y", "z"] {
            dear(&turns, portal, Duration::from_secs(2));
        }
        let _x = got(&mut ask(&turns, "x", Kind::Judging)).unwrap();
        let learning = got(&mut ask(&turns, "a", Kind::Learning)).unwrap();
        let mut y = ask(&turns, "y", Kind::Judging);
        let mut b = ask(&turns, "b", Kind::Learning);
        assert!(got(&mut y).is_none() && got(&mut b).is_none());
        assert_eq!(
            turns.waiting(),
            0,
            "only cheap judgements hold up the looks"
        );
        let cheap = got(&mut ask(&turns, "c", Kind::Judging));
        assert!(cheap.is_some(), "a place is kept");
        drop(learning);
        assert!(got(&mut y).is_some(), "judging goes before learning");
        assert!(got(&mut b).is_some(), "y is gone again");
    }

    #[test]
    fn cheap_goes_before_dear_and_nobody_who_left_is_served() {
        let turns = Turns::new(2);
        dear(&turns, "x", Duration::from_millis(100));
        dear(&turns, "y", Duration::from_millis(200));
        let held = [
            got(&mut ask(&turns, "p", Kind::Judging)).unwrap(),
            got(&mut ask(&turns, "q", Kind::Judging)).unwrap(),
        ];
        let mut y = ask(&turns, "y", Kind::Judging);
        let mut x = ask(&turns, "x", Kind::Judging);
        let gone = ask(&turns, "gone", Kind::Judging);
        let mut a = ask(&turns, "a", Kind::Judging);
        assert_eq!(turns.waiting(), 4);
        drop(gone);
        let [one, other] = held;
        drop(one);
        let a = got(&mut a).expect("a is cheap");
        assert!(got(&mut x).is_none() && got(&mut y).is_none());
        drop(other);
        let x = got(&mut x).expect("x is less dear than y");
        assert!(got(&mut y).is_none());
        drop((a, x));
        assert!(got(&mut y).is_some());
    }

    #[test]
    fn what_work_cost_is_remembered_for_a_while() {
        let turns = Turns::new(2);
        let level = |portal: &str| locked(&turns.0).level(portal);
        let (_place, turn) = got(&mut ask(&turns, "a", Kind::Judging)).unwrap();
        turn.ended(Duration::from_secs(3));
        assert!(is_shared(Kind::Judging, level("a")), "{}", level("a"));
        for _ in 0..60 {
            let (_place, turn) = got(&mut ask(&turns, "a", Kind::Judging)).unwrap();
            turn.ended(Duration::ZERO);
        }
        assert_eq!(level("a"), 0);
        let (_place, turn) = got(&mut ask(&turns, "a", Kind::Learning)).unwrap();
        turn.ended(Duration::from_secs(3));
        assert_eq!(level("a"), 0, "a lesson makes no page dear");
    }

    #[test]
    fn the_end_stops_what_is_dear_and_lets_cheap_judgements_end() {
        let turns = Turns::new(2);
        let learning = got(&mut ask(&turns, "a", Kind::Learning)).unwrap();
        let cheap = got(&mut ask(&turns, "b", Kind::Judging)).unwrap();
        let mut waits = ask(&turns, "c", Kind::Learning);
        let mut judged = ask(&turns, "d", Kind::Judging);
        turns.end();
        assert!(learning.1.patience().is_lost() && !cheap.1.patience().is_lost());
        assert!(matches!(waits.as_mut().now_or_never(), Some(None)));
        drop(cheap);
        assert!(got(&mut judged).is_some());
        let late = ask(&turns, "e", Kind::Learning);
        assert!(matches!(late.now_or_never(), Some(None)));
    }
}
