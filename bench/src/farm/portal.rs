//! One portal: its page, what was done to it, and when that was served and told.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicI64, AtomicU64, Ordering},
};

use fastrand::Rng;
use serde::{Deserialize, Serialize};

use super::{
    Profile,
    compose::{self, Variety},
    deface::{self, Kind},
    hostile::{Habit, honest},
    page::Page,
};

pub struct Portal {
    pub id: u32,
    honest: Arc<Page>,
    visits: AtomicU64,
    /// What the portal does at each request; `None` for honest ones.
    pub habit: Option<Habit>,
    /// The time of the last request in microseconds since 1970; 0 before the first.
    asked: AtomicI64,
    state: Mutex<State>,
}

struct State {
    page: Arc<Page>,
    harm: Option<Harm>,
}

/// Moments are microseconds since 1970.
#[derive(Clone, Debug)]
struct Harm {
    kind: Kind,
    defaced_at: i64,
    first_served: Option<i64>,
    alerted_at: Option<i64>,
    over: bool,
}

/// A line of /ctl/defaced.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Defaced {
    pub id: u32,
    pub kind: String,
    pub defaced_at_us: i64,
    pub first_served_us: Option<i64>,
    pub alerted_at_us: Option<i64>,
}

/// What an alert about a portal means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// It was attacked.
    Rightly,
    /// It was not, ever.
    Wrongly,
}

/// Bytes of pages: log-normal, half of them below this.
const MEDIAN: f64 = 83_000.0;
/// Of the logarithm. With the bounds it makes a mean of about 100 KB.
const SPREAD: f64 = 0.62;
const BOUNDS: (f64, f64) = (20_000.0, 400_000.0);

impl Portal {
    pub fn new(id: u32, variety: Variety, seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed ^ u64::from(id + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let size = (MEDIAN * (SPREAD * normal(&mut rng)).exp()).clamp(BOUNDS.0, BOUNDS.1);
        let page = Arc::new(compose::page(id, size as usize, variety, &mut rng));
        Self {
            id,
            honest: page.clone(),
            visits: AtomicU64::new(rng.u64(10_000..2_000_000)),
            habit: (variety == Variety::Hostile).then(|| Habit::of(id)),
            asked: AtomicI64::new(0),
            state: Mutex::new(State { page, harm: None }),
        }
    }

    /// The page to send now, and how many were sent before. Notes when a defaced page is sent for the first time.
    pub fn visit(&self, now_us: i64) -> (Arc<Page>, u64) {
        let mut state = self.state();
        if let Some(harm) = state.harm.as_mut().filter(|it| !it.over) {
            harm.first_served.get_or_insert(now_us);
        }
        let count = self.visits.fetch_add(1, Ordering::Relaxed);
        (state.page.clone(), count)
    }

    /// Notes a request and returns the microseconds since the one before; `None` at the first.
    pub fn asked(&self, now_us: i64) -> Option<i64> {
        let before = self.asked.swap(now_us, Ordering::Relaxed);
        (before > 0).then_some(now_us - before)
    }

    /// Microseconds since the last request to an honest portal; `None` before the first, and for hostile ones.
    pub fn left_alone(&self, now_us: i64) -> Option<i64> {
        let last = self.asked.load(Ordering::Relaxed);
        (last > 0 && self.habit.is_none()).then_some(now_us - last)
    }

    /// Harms the portal from `now_us` (microseconds of the farm's clock) on.
    pub fn deface(&self, kind: Kind, now_us: i64) {
        let page = Arc::new(deface::page(&self.honest, kind));
        let harm = Some(Harm {
            kind,
            defaced_at: now_us,
            first_served: None,
            alerted_at: None,
            over: false,
        });
        *self.state() = State { page, harm };
    }

    /// Ends the harm.
    pub fn restore(&self) {
        let mut state = self.state();
        state.page = self.honest.clone();
        if let Some(harm) = &mut state.harm {
            harm.over = true;
        }
    }

    /// Notes an alert about the portal, and whether it was right.
    pub fn told(&self, now_us: i64) -> Told {
        match &mut self.state().harm {
            Some(harm) => {
                // an alert before the harm was served has another cause
                if harm.first_served.is_some() && !harm.over {
                    harm.alerted_at.get_or_insert(now_us);
                }
                Told::Rightly
            }
            // every alert about a hostile portal counts as right
            None if self.habit.is_some() => Told::Rightly,
            None => Told::Wrongly,
        }
    }

    pub fn defaced(&self) -> Option<Defaced> {
        self.state().harm.as_ref().map(|harm| Defaced {
            id: self.id,
            kind: harm.kind.name().to_owned(),
            defaced_at_us: harm.defaced_at,
            first_served_us: harm.first_served,
            alerted_at_us: harm.alerted_at,
        })
    }

    /// Bytes of the honest page.
    pub fn size(&self, now: jiff::Timestamp) -> u64 {
        let visit = super::slots::Visit { now, count: 0 };
        let parts = self.honest.fill(&visit);
        parts.iter().map(|it| it.len() as u64).sum()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Which portal behaves how, in the exact shares of the profile, in an order that the seed decides.
pub fn varieties(profile: Profile, n: u32, seed: u64) -> Vec<Variety> {
    let of = |at: u32| match (profile, u64::from(at) * 100 / u64::from(n)) {
        (Profile::Static, _) | (Profile::Clean | Profile::Hostile, 0..25) => Variety::Static,
        (Profile::Clean | Profile::Hostile, 25..45) => Variety::Validated,
        (Profile::Dynamic, _) | (Profile::Clean | Profile::Hostile, 45..85) => Variety::Dynamic,
        (Profile::Clean | Profile::Hostile, _) => Variety::Rotating,
    };
    let mut all: Vec<Variety> = (0..n).map(of).collect();
    Rng::with_seed(seed).shuffle(&mut all);
    if profile == Profile::Hostile {
        all[honest(n) as usize..].fill(Variety::Hostile);
    }
    all
}

/// Standard normal, by Box and Muller.
fn normal(rng: &mut Rng) -> f64 {
    let (radius, turn) = (1.0 - rng.f64(), rng.f64());
    (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * turn).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_shares_are_as_promised() {
        let kinds = varieties(Profile::Clean, 400, 7);
        let count = |of| kinds.iter().filter(|it| **it == of).count();
        assert_eq!(
            [count(Variety::Static), count(Variety::Validated)],
            [100, 80]
        );
        assert_eq!(
            [count(Variety::Dynamic), count(Variety::Rotating)],
            [160, 60]
        );

        let now = jiff::Timestamp::UNIX_EPOCH;
        let portals = (0..400).map(|id| Portal::new(id, kinds[id as usize], 7));
        let mut sizes: Vec<u64> = portals.map(|it| it.size(now)).collect();
        sizes.sort_unstable();
        let mean = sizes.iter().sum::<u64>() / 400;
        assert!(
            (70_000..96_000).contains(&sizes[200]),
            "median {}",
            sizes[200]
        );
        assert!((88_000..112_000).contains(&mean), "mean {mean}");
        assert!(
            sizes[0] > 19_000 && sizes[399] < 410_000,
            "{} {}",
            sizes[0],
            sizes[399]
        );
    }

    #[test]
    fn an_alert_counts_once_the_harm_was_served() {
        let portal = Portal::new(3, Variety::Validated, 7);
        let (honest, _) = portal.visit(1);
        assert_eq!(portal.told(2), Told::Wrongly);
        for kind in [
            Kind::Full,
            Kind::Partial,
            Kind::Script,
            Kind::Title,
            Kind::Links,
        ] {
            portal.deface(kind, 10);
            assert_eq!(portal.told(11), Told::Rightly);
            let (page, _) = portal.visit(12);
            assert_ne!(page.etag, honest.etag);
            portal.told(15);
            portal.told(20);
            let said = portal.defaced().expect("a record");
            assert_eq!(
                (said.first_served_us, said.alerted_at_us),
                (Some(12), Some(15))
            );
        }
        portal.restore();
        assert_eq!(portal.visit(30).0.etag, honest.etag);
    }

    #[test]
    fn only_slots_differ_between_two_visits() {
        let (same, other) = (
            Portal::new(1, Variety::Static, 7),
            Portal::new(1, Variety::Rotating, 7),
        );
        assert!(!same.visit(1).0.is_dynamic());
        let text = |portal: &Portal| {
            let (page, count) = portal.visit(1);
            let now = jiff::Timestamp::UNIX_EPOCH;
            page.fill(&super::super::slots::Visit { now, count })
                .concat()
        };
        assert_eq!(text(&same), text(&same));
        assert_ne!(text(&other), text(&other));
    }
}
