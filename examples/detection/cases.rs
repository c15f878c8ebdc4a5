//! The cases: what is judged against what, and what is expected. Deterministic.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use bytes::Bytes;
use fastrand::Rng;
use gaccong::{
    detect::{Expectations, Reckoning, reckon},
    judge::replay::{Replay, Unbounded},
    model::{Profile, Target, Verdict, target::Settings},
    page::{self, Source},
};
use url::Url;

use crate::{
    corpus::{Corpus, Page, Run},
    plant::{self, Payloads},
};

/// Looks that a baseline is learnt from.
pub const HISTORY: usize = 5;
/// Pages into which attacks are planted.
const HOSTS: usize = 60;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    Alarm,
    Quiet,
    /// Must not be called defaced.
    Calm,
}

/// What cases are judged for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The verdict of the judge that runs in the service.
    Verdicts,
    /// What the detectors found, before it is weighed: another table is tried on it.
    Weights,
}

/// One case, judged.
pub struct Judged {
    pub family: String,
    pub want: Want,
    /// The page's source and the payload's author: the folds of the cross-validation are made of these.
    pub source: String,
    pub author: usize,
    pub name: String,
    /// Only for fitting, and `None` where several profiles were compared.
    pub reckoning: Option<Reckoning>,
    pub verdict: Verdict,
    pub elapsed_us: u64,
}

impl Judged {
    pub fn first_sight(&self) -> bool {
        self.family.starts_with("first-sight")
    }
}

pub type Job<'a> = Box<dyn Fn() -> Vec<Judged> + Send + Sync + 'a>;

/// Judges the first set.
pub fn judge_all(corpus: &Corpus, purpose: Purpose) -> Vec<Judged> {
    let payloads = plant::payloads();
    let mut hosts: Vec<&Run> = corpus
        .runs
        .iter()
        .filter(|it| it.pages.len() >= 3 && it.pages.last().is_some_and(|it| it.bytes.len() > 3000))
        .collect();
    let mut rng = Rng::with_seed(7);
    let mut jobs: Vec<Job> = Vec::new();
    for run in &corpus.runs {
        jobs.push(Box::new(move || changes("honest-change", run, purpose)));
    }
    let single = |family: &'static str, want, pages: &'static str| (family, want, pages);
    for (family, want, kind) in [
        single("first-sight-made-defaced", Want::Alarm, "defaced"),
        single("first-sight-made-gambling", Want::Alarm, "gambling"),
        single("first-sight-made-honest", Want::Quiet, "honest"),
        single("first-sight-made-state", Want::Calm, "state"),
    ] {
        for page in corpus.made.get(kind).into_iter().flatten() {
            jobs.push(Box::new(move || {
                vec![first_sight(family, want, page, purpose)]
            }));
        }
    }
    for (family, want, pages) in [
        ("first-sight-benign", Want::Quiet, &corpus.benign),
        ("first-sight-defaced", Want::Alarm, &corpus.defaced),
        ("first-sight-partial", Want::Alarm, &corpus.partial),
    ] {
        for page in pages {
            jobs.push(Box::new(move || {
                vec![first_sight(family, want, page, purpose)]
            }));
        }
    }
    for (family, want, pages, times) in [
        ("replaced", Want::Alarm, &corpus.defaced, 2),
        ("replaced-gambling", Want::Alarm, &corpus.gambling, 4),
        ("out-of-order", Want::Calm, &corpus.errors, 2),
    ] {
        for page in pages {
            for _ in 0..times {
                let Some(run) = rng.choice(&hosts).copied() else {
                    continue;
                };
                jobs.push(Box::new(move || {
                    vec![instead(family, want, run, page, purpose)]
                }));
            }
        }
    }
    for (family, kind) in [
        ("replaced-made", "defaced"),
        ("replaced-made-gambling", "gambling"),
    ] {
        for page in corpus.made.get(kind).into_iter().flatten() {
            let Some(run) = rng.choice(&hosts).copied() else {
                continue;
            };
            jobs.push(Box::new(move || {
                vec![instead(family, Want::Alarm, run, page, purpose)]
            }));
        }
    }
    rng.shuffle(&mut hosts);
    for (nth, run) in hosts.into_iter().take(HOSTS).enumerate() {
        let payloads = &payloads;
        jobs.push(Box::new(move || planted(nth, run, payloads, purpose)));
    }
    work(&jobs)
}

/// Does the jobs on all cores; the order of the result is that of the jobs.
pub fn work(jobs: &[Job]) -> Vec<Judged> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(job) = jobs.get(at) else {
                        break;
                    };
                    let judged = job();
                    done.lock()
                        .unwrap_or_else(std::sync::PoisonError::into_inner)
                        .push((at, judged));
                }
            });
        }
    });
    let mut done = done
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    done.sort_by_key(|it| it.0);
    done.into_iter().flat_map(|it| it.1).collect()
}

pub fn url_of(name: &str) -> Url {
    let host = blake3::hash(name.as_bytes()).to_hex();
    let url = format!("https://portal-{}.example.gov.vn/", &host[..8]);
    Url::parse(&url).unwrap_or_else(|error| unreachable!("{url}: {error}"))
}

fn read(bytes: &[u8], url: &Url) -> Option<page::Page> {
    page::read(Source {
        bytes,
        content_type: None,
        url,
        ignore: &[],
    })
    .ok()
}

fn portal(pages: &[Page], url: &Url) -> Replay {
    let history: Vec<Bytes> = pages.iter().map(|it| it.bytes.clone().into()).collect();
    learnt(&history, url)
}

/// A portal of which these looks are known.
pub fn learnt(history: &[Bytes], url: &Url) -> Replay {
    let target = Target::unregistered(url.clone(), Settings::default());
    Replay::reading(target, history)
}

/// The last looks before `end`.
fn before(run: &Run, end: usize) -> &[Page] {
    &run.pages[end.saturating_sub(HISTORY)..end]
}

pub struct Case<'a> {
    pub family: &'a str,
    pub want: Want,
    pub source: &'a str,
    pub author: usize,
    pub name: String,
}

impl Case<'_> {
    /// Judged by what several visitors were shown.
    pub fn seen(self, verdict: Verdict) -> Judged {
        Judged {
            family: self.family.to_owned(),
            want: self.want,
            source: self.source.to_owned(),
            author: self.author,
            name: self.name,
            reckoning: None,
            verdict,
            elapsed_us: 0,
        }
    }
}

pub fn judged(case: Case, purpose: Purpose, portal: &Replay, bytes: &[u8]) -> Judged {
    let (mut reckoning, mut verdict) = (None, Verdict::default());
    let body = Bytes::copy_from_slice(bytes);
    let started = Instant::now();
    match purpose {
        Purpose::Weights => {
            let url = &portal.target().url;
            let page = read(bytes, url).zip(portal.norm());
            reckoning = page.map(|(it, norm)| reckon(&it, norm, &Expectations::of_url(url)));
        }
        Purpose::Verdicts => {
            let look = portal.judge(&[(Profile::Desktop, body)], None, &Unbounded);
            verdict = look.map(|it| it.verdict).unwrap_or_default();
        }
    }
    Judged {
        family: case.family.to_owned(),
        want: case.want,
        source: case.source.to_owned(),
        author: case.author,
        name: case.name,
        reckoning,
        verdict,
        elapsed_us: started.elapsed().as_micros() as u64,
    }
}

/// Each version against those before it.
pub fn changes(family: &str, run: &Run, purpose: Purpose) -> Vec<Judged> {
    let url = url_of(&run.name);
    let case = |at: usize| Case {
        family,
        want: Want::Quiet,
        source: &run.name,
        author: 0,
        name: run.pages[at].name.clone(),
    };
    (1..run.pages.len())
        .map(|at| {
            judged(
                case(at),
                purpose,
                &portal(before(run, at), &url),
                &run.pages[at].bytes,
            )
        })
        .collect()
}

fn first_sight(family: &str, want: Want, page: &Page, purpose: Purpose) -> Judged {
    let case = Case {
        family,
        want,
        source: &page.name,
        author: 0,
        name: page.name.clone(),
    };
    judged(
        case,
        purpose,
        &portal(&[], &url_of(&page.name)),
        &page.bytes,
    )
}

/// Another page in the place of a portal's.
fn instead(family: &str, want: Want, run: &Run, page: &Page, purpose: Purpose) -> Judged {
    let url = url_of(&run.name);
    let case = Case {
        family,
        want,
        source: &page.name,
        author: 0,
        name: format!("{} for {}", page.name, run.name),
    };
    judged(
        case,
        purpose,
        &portal(before(run, run.pages.len()), &url),
        &page.bytes,
    )
}

/// Every kind of attack and of honest edit in the last page of a run, each by every author; every other run has an
/// honest change besides.
fn planted(nth: usize, run: &Run, payloads: &[Payloads], purpose: Purpose) -> Vec<Judged> {
    let url = url_of(&run.name);
    let end = run.pages.len();
    let portal = portal(before(run, if nth % 2 == 1 { end } else { end - 1 }), &url);
    let html = run.pages[end - 1].bytes.as_slice();
    let mut out = Vec::new();
    for (author, payload) in payloads.iter().enumerate() {
        let mut rng = Rng::with_seed(((nth as u64) << 8) + author as u64);
        for (want, kinds) in [(Want::Alarm, plant::ATTACKS), (Want::Quiet, plant::EDITS)] {
            for (kind, change) in kinds {
                let Some(changed) = change(html, payload, &mut rng).filter(|it| it != html) else {
                    continue;
                };
                let family = match want {
                    Want::Alarm => format!("planted-{kind}"),
                    _ => format!("honest-{kind}"),
                };
                let case = Case {
                    family: &family,
                    want,
                    source: &run.name,
                    author,
                    name: format!("{} #{author}", run.name),
                };
                out.push(judged(case, purpose, &portal, &changed));
            }
        }
        out.extend(profiles(run, &url, author, payload, &mut rng));
    }
    out
}

/// A case in which a visitor from a search engine gets another page, and a harmless one in which it is an older
/// version.
fn profiles(run: &Run, url: &Url, author: usize, payload: &Payloads, rng: &mut Rng) -> Vec<Judged> {
    let end = run.pages.len();
    let portal = portal(before(run, end), url);
    let html = run.pages[end - 1].bytes.as_slice();
    let cloaked = plant::cloaked(html, payload, rng);
    let older = run.pages[end - 2].bytes.clone();
    let judge = |family: &str, want, other: Vec<u8>| {
        let seen = [
            (Profile::Desktop, Bytes::copy_from_slice(html)),
            (Profile::Googlebot, other.into()),
        ];
        let look = portal.judge(&seen, None, &Unbounded)?;
        let case = Case {
            family,
            want,
            source: &run.name,
            author,
            name: run.name.clone(),
        };
        Some(case.seen(look.verdict))
    };
    let cloaked = cloaked.and_then(|it| judge("planted-cloaked", Want::Alarm, it));
    let older = judge("honest-two-profiles", Want::Quiet, older);
    cloaked.into_iter().chain(older).collect()
}
