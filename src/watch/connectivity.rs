//! Are we online ourselves? Asked before any portal is accused.
//!
//! Where `connectivity` is configured, it alone decides about silence. Otherwise other targets are the witnesses: one
//! that answered a moment ago, or one that answers when asked now, at another address, and where a change is in question
//! of another owner ([`mod@line`]). A target without any witness is believed, except where the failure is by its nature one of our own
//! network. An answer may still come from our own line, caught by a login or a firewall: witnesses tell that, too.

use std::{
    collections::{BTreeSet, VecDeque},
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError, atomic::Ordering},
    time::Duration,
};

use futures_util::{StreamExt, stream::FuturesUnordered};
use jiff::{SignedDuration, Timestamp};
use tokio::{
    net::TcpStream,
    time::{Instant, timeout},
};

use crate::{
    fetch::Visit,
    judge::Look,
    model::{
        About, Baseline, Class, Dossier, Fetched, Incident, Notice, Profile, Say, Standing, Target,
        Urgency, registrable,
    },
    page::{self, Source},
    store::Commit,
    watch::{
        line,
        line::{Question, Testimony, Trace},
        outside::without_exceptions,
    },
    world::World,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    Open,
    Blind,
}

/// The age up to which an answer shows that the network works.
const FRESH: Duration = Duration::from_secs(3);
/// A line that is caught changes its answers from one moment to the next: what clears it must have come just now.
const JUST_NOW: Duration = Duration::from_secs(1);
/// Validity of a probe's result: hundreds of targets that fail together ask once.
const PROBE_HOLDS: Duration = Duration::from_secs(5);
const PROBE_TIMEOUT: Duration = Duration::from_secs(5);
const WITNESSES: usize = 5;
/// Targets searched for witnesses: enough to find five of different owners.
const SEARCHED: usize = 200;
/// Addresses with a remembered last answer: enough that some are not the accused portal's.
const ANSWERS: usize = 16;

#[derive(Default)]
pub struct Eyes {
    /// The last answers, one for each owner and address, the latest first.
    answered: Mutex<VecDeque<Answered>>,
    probed: tokio::sync::Mutex<Option<(Instant, Sight)>>,
    /// What witnesses said of traces a moment ago.
    caught: tokio::sync::Mutex<Vec<(Instant, Vec<Trace>, bool)>>,
    blind_since: Mutex<Option<Timestamp>>,
    last_blind: Mutex<Option<Timestamp>>,
    /// By owner: the seconds by which a portal's clock was last ahead of ours.
    skews: Mutex<VecDeque<(String, i64)>>,
}

struct Answered {
    owner: String,
    address: Option<IpAddr>,
    /// Whether the answer bore no trace of a line that is caught.
    clean: bool,
    at: Instant,
}

/// Owners that must tell the time before our clock is doubted, and owners that are remembered.
const CLOCKS: (usize, usize) = (3, 31);
/// Certificates are issued a little ahead; servers' clocks are off by seconds, not by minutes.
const SKEWED_S: i64 = 300;
/// Seconds within which clocks agree. Right clocks do; wrong ones are wrong each in its own way.
const AGREED_S: i64 = 120;

impl Eyes {
    /// When we last could not see.
    pub fn last_blind(&self) -> Option<Timestamp> {
        *lock(&self.last_blind)
    }

    /// Nothing before this moment is joined to what comes after it.
    pub fn interrupted(&self, now: Timestamp) {
        *lock(&self.last_blind) = Some(now);
    }

    /// The portals' time less ours, where they differ by `SKEWED_S` or more and two thirds of the owners agree on it;
    /// `None` where our clock is right or too few owners told theirs.
    pub fn skew(&self) -> Option<SignedDuration> {
        let skews = lock(&self.skews);
        if skews.len() < CLOCKS.0 {
            return None;
        }
        let mut all: Vec<i64> = skews.iter().map(|it| it.1).collect();
        all.sort_unstable();
        let median = all[all.len() / 2];
        let agree = all.iter().filter(|it| (**it - median).abs() <= AGREED_S);
        let agreed = agree.count() * 3 >= all.len() * 2;
        (median.abs() >= SKEWED_S && agreed).then(|| SignedDuration::from_secs(median))
    }

    fn told_time(&self, owner: &str, theirs: Timestamp, ours: Timestamp) {
        let mut skews = lock(&self.skews);
        skews.retain(|it| it.0 != owner);
        if skews.len() >= CLOCKS.1 {
            skews.pop_front();
        }
        skews.push_back((owner.to_owned(), theirs.duration_since(ours).as_secs()));
    }

    fn saw(&self, owner: String, address: Option<IpAddr>, clean: bool) {
        let mut answered = lock(&self.answered);
        answered.retain(|it| it.owner != owner || it.address != address);
        answered.push_front(Answered {
            owner,
            address,
            clean,
            at: Instant::now(),
        });
        answered.truncate(ANSWERS);
    }

    /// Whether a portal that may witness answered a moment ago.
    fn saw_another(&self, question: Question, owner: &str, address: Option<IpAddr>) -> bool {
        lock(&self.answered).iter().any(|it| {
            let (other, fresh) = match question {
                Question::Trace => (it.owner != owner && it.clean, JUST_NOW),
                // an unknown address may be the accused portal's own
                Question::Silence => (it.owner != owner || it.address.is_some(), FRESH),
            };
            let elsewhere = it.address.is_none() || it.address != address;
            let witness = other && elsewhere && line::is_same_line(it.address, address);
            witness && it.at.elapsed() < fresh
        })
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether a look may be believed. Tells the duty room when sight is lost and when it is back. A look that only repeats the
/// portal's open incident (`open`) is no new accusation, so no witness is asked about it.
pub async fn sight(world: &World, target: &Target, open: Option<&Incident>, look: &Look) -> Sight {
    let owner = line::owner(target);
    if let Some(date) = look.observation.answer().and_then(|it| it.date) {
        world.eyes.told_time(&owner, date, look.observation.at);
    }
    // our wrong clock says nothing about the network
    if is_our_clock(world, look) {
        return Sight::Blind;
    }
    let traces = line::traces(target, look);
    let is_known = open.is_some_and(|it| it.class == look.class);
    if !traces.is_empty() && !is_known && is_caught(world, target, look, &traces).await {
        set(world, Sight::Blind, Some(line::sentence(&traces))).await;
        return Sight::Blind;
    }
    // without IPv6 on this machine we know nothing of the portal
    if look
        .cause
        .as_ref()
        .is_some_and(|it| it.key == "cause-no-ipv6")
    {
        tracing::warn!(target.id = %target.id, "the portal has IPv6 addresses only and this machine no way to them: it is not watched; give this machine IPv6");
        return Sight::Blind;
    }
    if !look.class.may_be_our_fault() {
        let address = look.observation.answer().and_then(|it| it.address);
        world.eyes.saw(owner, address, traces.is_empty());
        set(world, Sight::Open, None).await;
        return Sight::Open;
    }
    let sight = doubt(world, target, look).await;
    set(world, sight, None).await;
    sight
}

/// Whether a certificate is out of date only because our clock is wrong: at the portals' time it is good.
fn is_our_clock(world: &World, look: &Look) -> bool {
    let is_of_time = look
        .cause
        .as_ref()
        .is_some_and(|it| it.key == "cause-tls-expired" || it.key == "cause-tls-early");
    let Some(skew) = world.eyes.skew().filter(|_| is_of_time) else {
        return false;
    };
    let theirs = world.clock.now() + skew;
    let certificate = look.observation.certificate.as_ref();
    certificate.is_none_or(|it| it.not_before <= theirs && theirs < it.not_after)
}

/// A target that may be a witness, with its dossier.
type Witness = (Target, Dossier);

/// Witnesses in other networks, and in the accused portal's own: [`WITNESSES`] in all, one for each owner, or for each
/// address where silence is in question.
async fn witnesses(
    world: &World,
    question: Question,
    target: &Target,
    look: &Look,
) -> (Vec<Witness>, Vec<Witness>) {
    let mut all = match world.targets().await {
        Ok(all) => all,
        Err(_) => world.config.targets.clone(),
    };
    fastrand::shuffle(&mut all);
    let accused = address_of(world, target, look).await;
    let mut asked: BTreeSet<String> = BTreeSet::new();
    let (mut far, mut near) = (Vec::new(), Vec::new());
    for other in all.into_iter().take(SEARCHED) {
        if other.id == target.id || far.len() >= WITNESSES {
            continue;
        }
        let known = world.store.dossier(&other.id).await.ok().flatten();
        let known = known.unwrap_or_else(|| Dossier::new(other.id.clone()));
        let address = known.address.or_else(|| literal(&other));
        if !line::is_witness(question, (target, accused), (&other, address)) {
            continue;
        }
        let host = || other.url.host_str().unwrap_or_default().to_owned();
        let same = match question {
            Question::Trace => line::owner(&other),
            Question::Silence => address.map_or_else(host, |it| it.to_string()),
        };
        if !asked.insert(same) {
            continue;
        }
        let other = without_exceptions(world, &other, &known).into_owned();
        match line::is_far(accused, address) {
            true => far.push((other, known)),
            false => near.push((other, known)),
        }
    }
    near.truncate(WITNESSES - far.len().min(WITNESSES));
    (far, near)
}

/// The address at which the accused portal answered now, or last.
async fn address_of(world: &World, target: &Target, look: &Look) -> Option<IpAddr> {
    // behind a redirect to another host, the address is that host's
    let own = target.url.host_str();
    let answer = look.observation.answer();
    let now = answer.filter(|it| it.final_url.host_str() == own);
    let now = now.and_then(|it| it.address);
    if let Some(found) = now.or_else(|| literal(target)) {
        return Some(found);
    }
    let known = world.store.dossier(&target.id).await.ok().flatten();
    known.and_then(|it| it.address)
}

fn literal(target: &Target) -> Option<IpAddr> {
    let host = target.url.host_str()?;
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.parse().ok()
}

/// Visits a witness; `None` where its host is too busy with other looks to be asked in time.
async fn visit(world: &World, target: &Target) -> Option<Fetched> {
    // an id of its own: a witness takes no turn of the target's own looks
    let of = target.id.beside("witness");
    let visit = Visit {
        target: &of,
        url: &target.url,
        profile: Profile::Desktop,
        timeout: PROBE_TIMEOUT,
        max_body: 64 << 10,
        validators: None,
        prefer: None,
        by_operator: target.by_operator,
    };
    let visited = world.eye.visit(&visit, world.clock.now());
    timeout(PROBE_TIMEOUT * 2, visited).await.ok()
}

fn is_silent(seen: &Fetched) -> bool {
    let silence = seen.observation.silence();
    silence.is_some_and(|it| it.class.may_be_our_fault())
}

/// Whether the traces in a look are our own line's doing: other owners' portals show them, and none shows anything
/// else.
async fn is_caught(world: &World, target: &Target, look: &Look, traces: &[Trace]) -> bool {
    let address = look.observation.answer().and_then(|it| it.address);
    let owner = line::owner(target);
    if world.eyes.saw_another(Question::Trace, &owner, address) {
        return false;
    }
    // held while witnesses are asked: hundreds of portals that show one trace together ask once
    let mut heard = world.eyes.caught.lock().await;
    heard.retain(|it| it.0.elapsed() < PROBE_HOLDS);
    let known = heard.iter().rev();
    let mut known = known.filter(|it| it.1.iter().any(|it| traces.contains(it)));
    if let Some((_, _, caught)) = known.next() {
        return *caught;
    }
    let mut testimonies = Vec::new();
    let (far, near) = witnesses(world, Question::Trace, target, look).await;
    let all: Vec<Witness> = far.into_iter().chain(near).collect();
    let mut asked: FuturesUnordered<_> =
        all.iter().map(|it| testimony(world, it, traces)).collect();
    while let Some(testimony) = asked.next().await {
        testimonies.extend(testimony);
        if testimony == Some(Testimony::Other) {
            break;
        }
    }
    let is_known = look.baseline_at.is_some();
    let is_tampered = look.class.standing() == Standing::Tampered;
    let caught = line::is_caught(traces, &testimonies, is_known, is_tampered);
    heard.push((Instant::now(), traces.to_vec(), caught));
    caught
}

/// What a witness shows of the traces; `None` if it could not be asked.
async fn testimony(
    world: &World,
    (witness, known): &Witness,
    traces: &[Trace],
) -> Option<Testimony> {
    let seen = visit(world, witness).await?;
    let usual = |trace: &Trace| match trace {
        Trace::LeadsTo(place) => known
            .baseline
            .iter()
            .flat_map(Baseline::looks)
            .any(|it| registrable(it.url.host_str().unwrap_or_default()) == *place),
        _ => false,
    };
    let shown = line::traces_of(witness, &seen.observation);
    let mut shown: Vec<Trace> = shown.into_iter().filter(|it| !usual(it)).collect();
    if traces.iter().any(|it| matches!(it, Trace::Page { .. })) {
        shown.extend(page_of(world, witness, &seen).await);
    }
    // the place that a caught line leads to need not answer, so a trace counts before silence
    Some(match shown.iter().any(|it| traces.contains(it)) {
        true => Testimony::Same,
        false if is_silent(&seen) => Testimony::Silent,
        false => Testimony::Other,
    })
}

async fn page_of(world: &World, witness: &Target, seen: &Fetched) -> Option<Trace> {
    let (body, answer) = (seen.body.clone()?, seen.observation.answer()?.clone());
    let ignore = witness.ignore.clone();
    let work = world.desks.within(&witness.id, move || {
        let source = Source {
            bytes: &body,
            content_type: answer.content_type.as_deref(),
            url: &answer.final_url,
            ignore: &ignore,
        };
        let page = page::read(source).ok()?;
        Some(Trace::Page {
            title: page.title?,
            shape: page.fingerprint.shape,
        })
    });
    work.await.ok().flatten()
}

async fn doubt(world: &World, target: &Target, look: &Look) -> Sight {
    let connectivity = &world.config.service.connectivity;
    if connectivity.is_empty() {
        let address = address_of(world, target, look).await;
        let owner = line::owner(target);
        if world.eyes.saw_another(Question::Silence, &owner, address) {
            return Sight::Open;
        }
    }
    let mut probed = world.eyes.probed.lock().await;
    if let Some((at, sight)) = *probed
        && at.elapsed() < PROBE_HOLDS
    {
        return sight;
    }
    let sight = if connectivity.is_empty() {
        ask_witnesses(world, target, look).await
    } else {
        ask_connectivity(connectivity).await
    };
    *probed = Some((Instant::now(), sight));
    sight
}

async fn ask_connectivity(places: &[String]) -> Sight {
    let mut asked = FuturesUnordered::new();
    for place in places {
        asked.push(timeout(PROBE_TIMEOUT, TcpStream::connect(place.as_str())));
    }
    while let Some(answer) = asked.next().await {
        if matches!(answer, Ok(Ok(_))) {
            return Sight::Open;
        }
    }
    Sight::Blind
}

/// Asks witnesses whether our network works: any answer will do, also a bad one.
async fn ask_witnesses(world: &World, target: &Target, look: &Look) -> Sight {
    let (far, near) = witnesses(world, Question::Silence, target, look).await;
    let mut asked = FuturesUnordered::new();
    for (witness, _) in far.iter().chain(&near) {
        asked.push(visit(world, witness));
    }
    while let Some(seen) = asked.next().await {
        if seen.is_some_and(|it| !is_silent(&it)) {
            return Sight::Open;
        }
    }
    let reached = world.eye.reaches(&target.url, target.by_operator).await;
    if line::is_cut_off(far.len(), near.len(), reached) {
        return Sight::Blind;
    }
    match reached {
        true => Sight::Open,
        false => alone(look),
    }
}

/// Nobody else can be asked: a resolver that cannot be reached and a network without a route are ours.
fn alone(look: &Look) -> Sight {
    let ours = look.cause.as_ref().is_some_and(|cause| {
        let detail = cause
            .args
            .get("detail")
            .map(String::as_str)
            .unwrap_or_default();
        let no_resolver = look.class == Class::Dns
            && [
                "Temporary failure",
                "Try again",
                "timed out",
                "no connections",
                "request timed out",
            ]
            .iter()
            .any(|it| detail.contains(it));
        cause.key == "cause-unreachable" || no_resolver
    });
    if ours { Sight::Blind } else { Sight::Open }
}

/// Tells of a change of sight, once. `line` says what stands between us and the portals.
async fn set(world: &World, sight: Sight, line: Option<Say>) {
    let now = world.clock.now();
    world.measure.attempted(now);
    if sight == Sight::Blind {
        *lock(&world.eyes.last_blind) = Some(now);
    }
    let notice = {
        let mut blind = lock(&world.eyes.blind_since);
        match (sight, *blind) {
            (Sight::Blind, None) => {
                *blind = Some(now);
                Notice::Blind { since: now, line }
            }
            (Sight::Open, Some(since)) => {
                *blind = None;
                Notice::Sighted { since, until: now }
            }
            _ => return,
        }
    };
    world
        .measure
        .health
        .blind
        .store(sight == Sight::Blind, Ordering::Relaxed);
    if sight == Sight::Blind {
        tracing::warn!("our own network is gone or caught: no portal is accused");
    } else {
        tracing::info!("our network is back");
    }
    let alerts = world.notices_to_all(&About::Notice(notice), Urgency::Urgent, now);
    if let Err(error) = world
        .store
        .commit(Commit {
            alerts,
            ..Commit::default()
        })
        .await
    {
        tracing::error!(%error, "the notice of our own sight cannot be written");
    }
}
