//! Doubts our own network before any portal is accused.
//!
//! Where `connectivity` is configured, it alone decides about silence. Otherwise other targets are the witnesses: one
//! that answered a moment ago, or one that answers when asked now, at another address, and where a change is in question
//! of another owner ([`mod@line`]). A target without any witness is believed, except where the failure is by its nature one of our own
//! network. An answer may still come from our own line, caught by a login or a firewall: witnesses tell that, too.

use std::{collections::BTreeSet, net::IpAddr, sync::atomic::Ordering, time::Duration};

use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::{net::TcpStream, time::timeout};

use crate::{
    fetch::Visit,
    judge::Look,
    model::{
        About, Baseline, Class, Fetched, Incident, Localized, Notice, Profile, Standing, Target,
        TargetState, Urgency, registrable,
    },
    page::{self, Source},
    store::Commit,
    watch::{
        line,
        line::{Question, Testimony},
        outside::without_exceptions,
    },
    world::{
        World,
        connectivity::{
            Change,
            NetworkState::{self, Offline, Online},
            Trace,
        },
    },
};

/// The age up to which an answer shows that the network works.
const FRESH: Duration = Duration::from_secs(3);
/// A line that is caught changes its answers from one moment to the next: what clears it must have come just now.
const JUST_NOW: Duration = Duration::from_secs(1);
const PROBE_TIMEOUT: Duration = Duration::from_secs(5);
const WITNESSES: usize = 5;
/// Targets searched for witnesses: enough to find five of different owners.
const SEARCHED: usize = 200;

/// Whether our own network works, so that a look may be believed. Alerts the operators when the network is lost and when it is
/// back. A look that only repeats the portal's open incident (`open`) is no new accusation, so no witness is asked about it.
pub(crate) async fn check_connectivity(
    world: &World,
    target: &Target,
    open: Option<&Incident>,
    look: &Look,
) -> NetworkState {
    let (owner, traces) = (line::owner(target), line::traces(target, look));
    if let Some(date) = look.observation.answer().and_then(|it| it.date) {
        let ours = look.observation.at;
        world.connectivity.record_time(&owner, date, ours);
    }
    // our wrong clock says nothing about the network
    if is_our_clock(world, look) {
        return Offline;
    }
    let accused = Accused {
        target,
        look,
        owner: &owner,
    };
    let is_known = open.is_some_and(|it| it.class == look.class);
    if !traces.is_empty() && !is_known && is_caught(world, accused, &traces).await {
        set(world, Offline, Some(line::sentence(&traces))).await;
        return Offline;
    }
    // without IPv6 on this machine we know nothing of the portal
    if look
        .cause
        .as_ref()
        .is_some_and(|it| it.key == "cause-no-ipv6")
    {
        tracing::warn!(target.id = %target.id, "the portal has IPv6 addresses only and this machine no way to them: it is not watched; give this machine IPv6");
        return Offline;
    }
    if !look.class.may_be_our_fault() {
        let address = look.observation.answer().and_then(|it| it.address);
        let clean = traces.is_empty();
        world.connectivity.record_answer(owner, address, clean);
        set(world, Online, None).await;
        return Online;
    }
    let state = probe(world, accused).await;
    set(world, state, None).await;
    state
}

/// Whether a certificate is out of date only because our clock is wrong: at the portals' time it is good.
fn is_our_clock(world: &World, look: &Look) -> bool {
    let is_of_time = look
        .cause
        .as_ref()
        .is_some_and(|it| it.key == "cause-tls-expired" || it.key == "cause-tls-early");
    let Some(skew) = world.connectivity.skew().filter(|_| is_of_time) else {
        return false;
    };
    let theirs = world.clock.now() + skew;
    let certificate = look.observation.certificate.as_ref();
    certificate.is_none_or(|it| it.not_before <= theirs && theirs < it.not_after)
}

/// A portal and the look that accuses it.
#[derive(Clone, Copy)]
struct Accused<'a> {
    target: &'a Target,
    look: &'a Look,
    owner: &'a str,
}

/// A target that may be a witness, with its state.
type Witness = (Target, TargetState);

/// Witnesses in other networks, and in the accused portal's own: [`WITNESSES`] in all, one for each owner, or for each
/// address where silence is in question.
async fn witnesses(
    world: &World,
    question: Question,
    accused: Accused<'_>,
) -> (Vec<Witness>, Vec<Witness>) {
    let mut all = match world.targets().await {
        Ok(all) => all,
        Err(_) => world.config.targets.clone(),
    };
    fastrand::shuffle(&mut all);
    let target = accused.target;
    let address_now = address_of(world, accused).await;
    let mut asked: BTreeSet<String> = BTreeSet::new();
    let (mut far, mut near) = (Vec::new(), Vec::new());
    for other in all.into_iter().take(SEARCHED) {
        if other.id == target.id || far.len() >= WITNESSES {
            continue;
        }
        let known = world.store.target_state(&other.id).await.ok().flatten();
        let known = known.unwrap_or_else(|| TargetState::new(other.id.clone()));
        let address = known.address.or_else(|| literal(&other));
        if !line::is_witness(question, (target, address_now), (&other, address)) {
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
        match line::is_far(address_now, address) {
            true => far.push((other, known)),
            false => near.push((other, known)),
        }
    }
    near.truncate(WITNESSES - far.len().min(WITNESSES));
    (far, near)
}

/// The address at which the accused portal answered now, or last.
async fn address_of(world: &World, accused: Accused<'_>) -> Option<IpAddr> {
    let Accused { target, look, .. } = accused;
    // behind a redirect to another host, the address is that host's
    let own = target.url.host_str();
    let answer = look.observation.answer();
    let now = answer.filter(|it| it.final_url.host_str() == own);
    let now = now.and_then(|it| it.address);
    if let Some(found) = now.or_else(|| literal(target)) {
        return Some(found);
    }
    let known = world.store.target_state(&target.id).await.ok().flatten();
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
    let of = target.id.child("witness");
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
async fn is_caught(world: &World, accused: Accused<'_>, traces: &[Trace]) -> bool {
    let look = accused.look;
    let address = look.observation.answer().and_then(|it| it.address);
    if has_answer_of_another(world, Question::Trace, accused.owner, address) {
        return false;
    }
    // held while witnesses are asked: hundreds of portals that show one trace together ask once
    let mut opinions = world.connectivity.opinions.lock().await;
    if let Some(caught) = opinions.on(traces) {
        return caught;
    }
    let mut testimonies = Vec::new();
    let (far, near) = witnesses(world, Question::Trace, accused).await;
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
    opinions.add(traces, caught);
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
    let work = world.workers.run_limited(&witness.id, move || {
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

/// Whether our network works, after a look that failed in a way that may be our fault.
async fn probe(world: &World, accused: Accused<'_>) -> NetworkState {
    let connectivity = &world.config.service.connectivity;
    if connectivity.is_empty() {
        let address = address_of(world, accused).await;
        if has_answer_of_another(world, Question::Silence, accused.owner, address) {
            return Online;
        }
    }
    let mut probe = world.connectivity.probe.lock().await;
    if let Some(state) = probe.get() {
        return state;
    }
    let state = if connectivity.is_empty() {
        ask_witnesses(world, accused).await
    } else {
        ask_connectivity(connectivity).await
    };
    probe.set(state);
    state
}

/// Whether a portal that may witness answered a moment ago.
fn has_answer_of_another(
    world: &World,
    question: Question,
    owner: &str,
    address: Option<IpAddr>,
) -> bool {
    let age = match question {
        Question::Trace => JUST_NOW,
        Question::Silence => FRESH,
    };
    world.connectivity.has_answer(age, |it| {
        let is_other = match question {
            Question::Trace => it.owner != owner && it.clean,
            // an unknown address may be the accused portal's own
            Question::Silence => it.owner != owner || it.address.is_some(),
        };
        let is_elsewhere = it.address.is_none() || it.address != address;
        is_other && is_elsewhere && line::is_same_line(it.address, address)
    })
}

async fn ask_connectivity(places: &[String]) -> NetworkState {
    let mut asked = FuturesUnordered::new();
    for place in places {
        asked.push(timeout(PROBE_TIMEOUT, TcpStream::connect(place.as_str())));
    }
    while let Some(answer) = asked.next().await {
        if matches!(answer, Ok(Ok(_))) {
            return Online;
        }
    }
    Offline
}

/// Asks witnesses whether our network works: any answer will do, also a bad one.
async fn ask_witnesses(world: &World, accused: Accused<'_>) -> NetworkState {
    let (far, near) = witnesses(world, Question::Silence, accused).await;
    let mut asked = FuturesUnordered::new();
    for (witness, _) in far.iter().chain(&near) {
        asked.push(visit(world, witness));
    }
    while let Some(seen) = asked.next().await {
        if seen.is_some_and(|it| !is_silent(&it)) {
            return Online;
        }
    }
    let target = accused.target;
    let reached = world.eye.reaches(&target.url, target.by_operator).await;
    if line::is_cut_off(far.len(), near.len(), reached) {
        return Offline;
    }
    match reached {
        true => Online,
        false => without_witness(accused.look),
    }
}

/// The state of our network where no witness can be asked: a resolver that cannot be reached and a network without a route
/// are our own failures.
fn without_witness(look: &Look) -> NetworkState {
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
    if ours { Offline } else { Online }
}

/// Records whether our network works, and alerts of a change. `line` says what stands between us and the portals.
async fn set(world: &World, state: NetworkState, line: Option<Localized>) {
    let now = world.clock.now();
    world.metrics.record_attempt(now);
    let Some(change) = world.connectivity.set(state, now) else {
        return;
    };
    let health = &world.metrics.health;
    health.blind.store(state == Offline, Ordering::Relaxed);
    let notice = match change {
        Change::Lost => {
            tracing::warn!("our own network is gone or caught: no portal is accused");
            Notice::Blind { since: now, line }
        }
        Change::Back { since } => {
            tracing::info!("our network is back");
            Notice::Sighted { since, until: now }
        }
    };
    let alerts = world.notices_to_all(&About::Notice(notice), Urgency::Urgent, now);
    let commit = Commit {
        alerts,
        ..Commit::default()
    };
    if let Err(error) = world.store.commit(commit).await {
        tracing::error!(%error, "the notice of our own sight cannot be written");
    }
}
