//! The cases of the second and the third set: deeds, honest edits, busy days, and another corpus of honest change.

use bytes::Bytes;
use fastrand::Rng;
use gaccong::{
    judge::replay::{Replay, Unbounded},
    model::Profile,
};

use crate::{
    cases::{self, Case, Job, Judged, Purpose, Want},
    corpus::Corpus,
    deeds::{DEEDS, Done},
    edits::{self, EDITS},
    portals::{self, Portal},
    texts,
};

/// Portals that deeds are done to.
const DEED_PORTALS: usize = 24;
/// Portals that are edited: with the kinds of `payloads/edits.txt`, 2,000 edits.
const EDITED_PORTALS: usize = 42;
/// Days of three edits, a portal.
const BUSY_DAYS: usize = 5;

/// The cases of deeds and edits, a job a portal.
pub fn of_deeds_and_edits(portals: &[Portal], purpose: Purpose) -> Vec<Job<'_>> {
    let mut jobs: Vec<Job> = Vec::new();
    for (nth, portal) in portals.iter().enumerate() {
        jobs.push(Box::new(move || done(nth, portal, purpose)));
    }
    jobs
}

pub fn portals(corpus: &Corpus) -> Vec<Portal> {
    portals::portals(corpus, EDITED_PORTALS)
}

/// The cases of a corpus of honest change.
pub fn of_changes(corpus: &Corpus, purpose: Purpose) -> Vec<Job<'_>> {
    let mut jobs: Vec<Job> = Vec::new();
    for run in &corpus.runs {
        let family = if run.news {
            "second-news-front"
        } else {
            "second-public-body"
        };
        jobs.push(Box::new(move || cases::changes(family, run, purpose)));
    }
    jobs
}

fn done(nth: usize, portal: &Portal, purpose: Purpose) -> Vec<Judged> {
    let url = cases::url_of(&portal.name);
    let looks = portal.looks.iter();
    let history: Vec<Bytes> = looks.map(|it| it.clone().into()).collect();
    let Some(page) = portal.looks.last() else {
        return Vec::new();
    };
    let mut judge = Judge {
        portal,
        purpose,
        learnt: cases::learnt(&history, &url),
        out: Vec::new(),
    };
    // each case has a seed of its own, so that a new kind leaves the others as they are
    let seed = |set: &str, kind: &str| {
        let hash = blake3::hash(format!("{} {set} {kind}", portal.name).as_bytes());
        let seed = hash.as_bytes().first_chunk().copied().unwrap_or_default();
        Rng::with_seed(u64::from_le_bytes(seed))
    };
    let facts = &portal.facts;
    for (at, kind) in EDITS.kinds.iter().enumerate() {
        let rng = &mut seed("edit", &kind.name);
        if let Some(edit) = kind.done(&EDITS, page, facts, nth + at, rng) {
            judge.add(&format!("edit/{}", kind.name), Want::Quiet, edit);
        }
    }
    for day in 0..BUSY_DAYS {
        let rng = &mut seed("busy day", &day.to_string());
        let (page, how) = edits::busy_day(page, 3, facts, rng);
        judge.add("busy-day", Want::Quiet, Done::shown(page, how));
    }
    for (at, text) in texts::texts().iter().enumerate() {
        // each text in one portal
        let rng = &mut seed("text", &at.to_string());
        if at % EDITED_PORTALS == nth
            && let Some((page, how)) = text.put(page, facts, rng)
        {
            judge.add(&text.family(), text.want, Done::shown(page, how));
        }
    }
    // the portals are ordered by origin: an even choice has all origins
    let chosen = |nth: usize| nth * DEED_PORTALS / EDITED_PORTALS;
    if chosen(nth) < chosen(nth + 1) {
        for (at, kind) in DEEDS.book.kinds.iter().enumerate() {
            let rng = &mut seed("deed", &kind.name);
            if let Some(deed) = kind.done(&DEEDS.book, page, facts, nth + at, rng) {
                judge.add(&DEEDS.family(at), Want::Alarm, deed);
            }
        }
    }
    judge.out
}

struct Judge<'a> {
    portal: &'a Portal,
    purpose: Purpose,
    learnt: Replay,
    out: Vec<Judged>,
}

impl Judge<'_> {
    fn add(&mut self, family: &str, want: Want, done: Done) {
        let case = Case {
            family,
            want,
            source: &self.portal.name,
            author: 0,
            name: format!("{} {}", self.portal.name, done.how),
        };
        let shown = Bytes::from(done.page);
        let judged = match (done.visitor, self.portal.looks.last()) {
            (Some(visitor), Some(own)) => {
                let seen = [(Profile::Desktop, own.clone().into()), (visitor, shown)];
                let look = self.learnt.judge(&seen, None, &Unbounded);
                case.seen(look.map(|it| it.verdict).unwrap_or_default())
            }
            _ => cases::judged(case, self.purpose, &self.learnt, &shown),
        };
        self.out.push(judged);
    }
}
