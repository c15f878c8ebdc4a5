//! One look: visit, read, judge, class. Writes nothing.

use std::sync::Arc;

use jiff::Timestamp;

use super::{
    World,
    judging::Unfinished,
    memo::Judgement,
    parts::{gone, is_soft_404, of_site},
    paths::{self, Path, expects, known, lesson_of},
};
use crate::{
    detect::{self, Expect, judge, judge_beside},
    diff::{Norm, changed_lines, lines},
    fetch::{Sighting, Visit},
    model::{
        Class, Digest, Dossier, Level, LookRef, Mask, Observation, Part, Profile, Say, Seen,
        Signal, SiteFacts, Standing, Target, Verdict, dossier::Validators, excerpt,
        incident::ChangeLine, observation::Silence, verdict::State,
    },
    page::{self, Kind, Page, Source, registrable},
};

/// What one look came to.
#[derive(Clone, Debug)]
pub struct Look {
    pub observation: Observation,
    pub class: Class,
    pub verdict: Verdict,
    pub cause: Option<Say>,
    pub title: Option<String>,
    pub changes: Vec<ChangeLine>,
    pub path: Path,
    /// The mask that it passed.
    pub mask: Option<Arc<Mask>>,
    /// What it taught of where the page varies: for the store.
    pub lesson: Option<Box<Mask>>,
    /// The page's identity, where a page was read.
    pub seen: Option<LookRef>,
    pub body: Option<bytes::Bytes>,
    /// What a sitemap or robots.txt says.
    pub site: Option<SiteFacts>,
    /// The baseline that it was judged against: one that was moved meanwhile makes the verdict void.
    pub baseline_at: Option<Timestamp>,
}

/// What a look is compared with besides its own baseline, and how it asks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Beside<'a> {
    /// Make the request a conditional one.
    pub validators: Option<&'a Validators>,
    /// What is remembered of the first visitor, where another one looks.
    pub first: Option<&'a Dossier>,
}

/// Looks at a target once as one visitor; `dossier` is that visitor's own.
pub async fn look(
    world: &World,
    target: &Target,
    profile: Profile,
    dossier: &Dossier,
    beside: Beside<'_>,
) -> Look {
    let at = world.clock.now();
    let visit = Visit {
        target: &target.id,
        url: &target.url,
        profile,
        timeout: target.settings.timeout,
        max_body: target.settings.max_body,
        validators: beside.validators,
    };
    let sighting = world.eye.visit(&visit, at).await;
    let away = led_away(target, dossier, &sighting.observation);
    let mut out = match sighting.body.clone() {
        None => broken_off(world, target, sighting, at).await,
        Some(body) if matches!(target.part, Some(Part::Sitemap | Part::Robots)) => {
            site(world, target, dossier, sighting, body, at).await
        }
        Some(_)
            if target.part == Some(Part::Unlinked)
                && is_soft_404(world, target, &sighting).await =>
        {
            gone(sighting)
        }
        Some(body) => match paths::equal(target, dossier, &sighting.observation, &body, at) {
            Some(look) => look,
            None => varied(world, target, dossier, beside.first, sighting, body, at).await,
        },
    };
    if target.part.is_some()
        && let Some(Silence {
            class: Class::HttpStatus,
            status: Some(404 | 410),
            ..
        }) = out.observation.silence()
    {
        out.class = Class::NormalChange;
    }
    // a bare listing in the place of a home page is a fault; a folder's is what it is
    if target.part == Some(Part::Folder) && out.class == Class::Maintenance {
        out.class = Class::NormalChange;
        out.cause = None;
    }
    out.baseline_at = dossier.baseline.as_ref().map(|it| it.at);
    if let Some(host) = away
        && out.class.standing() != Standing::Tampered
    {
        // whatever the other place answered: the portal leads there now
        out.class = Class::Redirect;
        out.verdict.level = Level::Suspect;
        out.verdict.score = out.verdict.score.max(0.9);
        out.verdict.redirected = true;
        out.verdict.signals.insert(
            0,
            Signal {
                name: "moved".to_owned(),
                weight: 6.0,
                say: Say::new("signal-moved").with("host", excerpt::defang(&host)),
                excerpt: excerpt::defang(&host),
            },
        );
    }
    out
}

/// A sitemap may name a hundred thousand addresses: that is work for a processor, too.
async fn site(
    world: &World,
    target: &Target,
    dossier: &Dossier,
    sighting: Sighting,
    body: bytes::Bytes,
    at: Timestamp,
) -> Look {
    let (target, dossier) = (target.clone(), dossier.clone());
    let observation = sighting.observation.clone();
    let work = world
        .desks
        .within(move || of_site(&target, &dossier, sighting, body, at));
    work.await.unwrap_or_else(|why| {
        let mut out = bare(observation, Class::ParserLimit, Verdict::default());
        out.cause = Some(Say::new("cause-parser").with("limit", why));
        out
    })
}

/// The foreign host that redirects led to, where the portal never led there before.
fn led_away(target: &Target, dossier: &Dossier, observation: &Observation) -> Option<String> {
    let baseline = dossier.baseline.as_ref()?;
    let host = observation.hops.last()?.to.host_str()?.to_owned();
    let domain = registrable(&host);
    let own = registrable(target.url.host_str().unwrap_or_default());
    let before = baseline
        .looks()
        .any(|it| registrable(it.url.host_str().unwrap_or_default()) == domain);
    let allowed = target
        .allow_hosts
        .iter()
        .any(|it| *it == host || *it == domain);
    (domain != own && !before && !allowed).then_some(host)
}

/// Bytes that are none of the known ones: they may differ only where the page varies, or they are judged.
async fn varied(
    world: &World,
    target: &Target,
    dossier: &Dossier,
    first: Option<&Dossier>,
    sighting: Sighting,
    body: bytes::Bytes,
    at: Timestamp,
) -> Look {
    let lesson = lesson_of(dossier, &expects(target));
    let kept = match world.store.mask(&dossier.target).await {
        Ok(kept) => kept,
        Err(error) => {
            tracing::warn!(target.id = %dossier.target, %error, "the mask cannot be read; it is learnt anew");
            None
        }
    };
    if let Some(mask) = kept.as_ref().filter(|it| it.of == lesson)
        && let Some(look) = paths::masked(target, dossier, &sighting.observation, &body, at, mask)
    {
        return look;
    }
    judged(world, target, dossier, first, sighting, body, at, kept).await
}

struct Case {
    norm: Arc<Norm>,
    /// See [`judge_beside`].
    reference: Option<(Arc<Norm>, detect::Beside)>,
    target: Target,
    dossier: Dossier,
    at: Timestamp,
    mask: Option<Arc<Mask>>,
}

/// Reading and judging are work for a processor: off the threads that wait for sockets.
#[expect(
    clippy::too_many_arguments,
    reason = "one look and all that it is compared with"
)]
async fn judged(
    world: &World,
    target: &Target,
    dossier: &Dossier,
    first: Option<&Dossier>,
    sighting: Sighting,
    body: bytes::Bytes,
    at: Timestamp,
    mask: Option<Arc<Mask>>,
) -> Look {
    let observation = sighting.observation.clone();
    let memory = case_of(target, dossier, first, &observation);
    if let Some(known) = memory.and_then(|it| world.memo.recall(&it)) {
        return recalled(&known, observation, body, at);
    }
    let unfinished = |why: Unfinished| {
        tracing::error!(target.id = %observation.target, %why, "a page could not be judged; it counts as over a limit");
        let mut out = bare(observation.clone(), Class::ParserLimit, Verdict::default());
        out.cause = Some(Say::new("cause-parser").with("limit", why));
        out
    };
    let norms = world.norms();
    let (of, known, beside) = (target.clone(), dossier.clone(), first.cloned());
    let (seen, bytes, mut mask) = (observation.clone(), body.clone(), mask);
    let learning = world.desks.whole(move || {
        let lesson = lesson_of(&known, &expects(&of));
        if mask.as_ref().is_none_or(|it| it.of != lesson) {
            let mut new = norms.mask(&known, lesson);
            if let Some(earlier) = &mask {
                new.remember(earlier);
            }
            let new = Arc::new(new);
            if let Some(mut look) = paths::masked(&of, &known, &seen, &bytes, at, &new) {
                look.lesson = Some(Box::new(new.as_ref().clone()));
                return Err(Box::new(look));
            }
            mask = Some(new);
        }
        let learnt = norms.of(&of, &known);
        let reference = match &beside {
            Some(first) => Some((norms.of(&of, first).all, detect::Beside::FirstProfile)),
            None => learnt.approved.map(|it| (it, detect::Beside::Approved)),
        };
        Ok((learnt.all, reference, mask))
    });
    let (norm, reference, mask) = match learning.await {
        Ok(Ok(learnt)) => learnt,
        Ok(Err(look)) => return *look,
        Err(why) => return unfinished(why),
    };
    let case = Case {
        norm,
        reference,
        target: target.clone(),
        dossier: dossier.clone(),
        at,
        mask,
    };
    let work = world
        .desks
        .within(move || understand(&case, sighting.observation, &body));
    match work.await {
        Ok(look) => {
            if let Some(case) = memory {
                world.memo.keep(case, judgement(&look));
            }
            look
        }
        Err(why) => unfinished(why),
    }
}

/// All that a judgement depends on, in one digest; `None` where the bytes are not known.
fn case_of(
    target: &Target,
    dossier: &Dossier,
    first: Option<&Dossier>,
    observation: &Observation,
) -> Option<Digest> {
    let answer = observation.answer()?;
    let expects = expects(target);
    let of = |it: &Dossier| *lesson_of(it, &expects).bytes();
    let approved = |it: &Dossier| it.baseline.as_ref().map(|it| it.approved.len());
    let rest = format!(
        "{:?} {} {:?} {} {:?} {:?} {:?} {:?}",
        target.url,
        answer.status,
        answer.content_type,
        answer.final_url,
        answer.refresh,
        moved_origin(dossier, observation),
        approved(dossier),
        first.map(approved),
    );
    Some(Digest::of_parts([
        answer.digest?.bytes().as_slice(),
        &of(dossier),
        &first.map(of).unwrap_or_default(),
        dossier.target.as_str().as_bytes(),
        rest.as_bytes(),
    ]))
}

fn judgement(look: &Look) -> Judgement {
    Judgement {
        class: look.class,
        verdict: look.verdict.clone(),
        cause: look.cause.clone(),
        title: look.title.clone(),
        changes: look.changes.clone(),
        seen: look.seen.clone(),
    }
}

fn recalled(
    known: &Judgement,
    observation: Observation,
    body: bytes::Bytes,
    at: Timestamp,
) -> Look {
    let mut out = bare(observation, known.class, known.verdict.clone());
    out.path = Path::Recalled;
    out.cause.clone_from(&known.cause);
    out.title.clone_from(&known.title);
    out.changes.clone_from(&known.changes);
    out.seen = known.seen.clone().map(|it| LookRef { at, ..it });
    out.body = Some(body);
    out
}

pub(super) fn bare(observation: Observation, class: Class, verdict: Verdict) -> Look {
    Look {
        observation,
        class,
        verdict,
        cause: None,
        title: None,
        changes: Vec::new(),
        path: Path::Judged,
        mask: None,
        lesson: None,
        seen: None,
        body: None,
        site: None,
        baseline_at: None,
    }
}

fn without_body(sighting: Sighting) -> Look {
    let (class, cause) = match &sighting.observation.seen {
        Seen::Silent(silence) => (silence.class, Some(silence.cause.clone())),
        Seen::Answered(_) => (Class::Unchanged, None),
    };
    let level = if class == Class::Unchanged {
        Level::Normal
    } else {
        Level::Unknown
    };
    let mut out = bare(
        sighting.observation,
        class,
        Verdict {
            level,
            ..Verdict::default()
        },
    );
    out.path = match class {
        Class::Unchanged => Path::NotModified,
        _ => Path::Silent,
    };
    out.cause = cause;
    out
}

fn understand(case: &Case, observation: Observation, body: &bytes::Bytes) -> Look {
    let Some(answer) = observation.answer().cloned() else {
        return bare(observation, Class::Protocol, Verdict::default());
    };
    let source = Source {
        bytes: body,
        content_type: answer.content_type.as_deref(),
        url: &answer.final_url,
        ignore: &case.target.ignore,
    };
    let page = match page::read_with(source, answer.refresh.as_deref()) {
        Ok(page) => page,
        Err(limit) => {
            return over(case, source, observation, body, limit);
        }
    };
    let mut expect = Expect::of(&case.target);
    expect.moved_origin = moved_origin(&case.dossier, &observation);
    // an error page is compared with nothing: only what it says itself can accuse
    let refused = answer.status >= 300;
    let nothing = Norm::default();
    let norm = if refused {
        &nothing
    } else {
        case.norm.as_ref()
    };
    let verdict = if refused {
        judge(
            &page,
            norm,
            &Expect {
                must_contain: Vec::new(),
                ..expect
            },
        )
    } else {
        let reference = case
            .reference
            .as_ref()
            .map(|(norm, why)| (norm.as_ref(), *why));
        judge_beside(&page, norm, reference, &expect)
    };
    let (class, cause) = class_of(case, answer.status, &page, &verdict);
    let mut verdict = verdict;
    if matches!(class.standing(), Standing::Down | Standing::Blocked) {
        verdict.level = Level::Unknown;
    }
    let changes = if class.standing() == Standing::Tampered {
        changed_lines(&case.norm.lines, &lines(&page), 9, 110)
    } else {
        Vec::new()
    };
    let nothing_said = class.standing() == Standing::Up && verdict.signals.is_empty();
    let mut out = bare(observation, class, verdict);
    out.lesson = case.mask.as_ref().map(|mask| {
        let mut mask = mask.as_ref().clone();
        if nothing_said && answer.status == 200 && answer.refresh.is_none() {
            mask.grow(body);
        }
        Box::new(mask)
    });
    out.cause = cause;
    out.title.clone_from(&page.title);
    out.changes = changes;
    out.seen = Some(LookRef {
        digest: page.fingerprint.raw,
        content: page.fingerprint.content,
        shape: page.fingerprint.shape,
        content_type: answer.content_type,
        url: answer.final_url,
        at: case.at,
    });
    out.body = Some(body.clone());
    out
}

/// A body that broke off is no page; but what came of it before was shown to visitors, and somebody may have signed it.
async fn broken_off(world: &World, target: &Target, sighting: Sighting, at: Timestamp) -> Look {
    let (Some(partial), Some(url)) = (sighting.partial.clone(), Some(target.url.clone())) else {
        return without_body(sighting);
    };
    let expect = Expect::of(target);
    let body = partial.clone();
    let from = url.clone();
    let work = world.desks.within(move || {
        let source = Source {
            bytes: &body,
            content_type: None,
            url: &from,
            ignore: &[],
        };
        page::read_crudely(source).map(|it| judge(&it, &Norm::default(), &expect))
    });
    let verdict = work
        .await
        .ok()
        .flatten()
        .filter(|it| it.level == Level::Defaced && it.state == State::Ordinary);
    let mut out = without_body(sighting);
    if let Some(verdict) = verdict {
        let digest = crate::model::Digest::of(&partial);
        out.class = Class::Defaced;
        out.verdict = verdict;
        out.seen = Some(LookRef {
            digest,
            content: digest,
            shape: digest,
            content_type: None,
            url,
            at,
        });
        out.body = Some(partial);
    }
    out
}

/// A page over a limit is down as far as we can tell, unless its beginning is signed by somebody else.
fn over(
    case: &Case,
    source: Source,
    observation: Observation,
    body: &bytes::Bytes,
    limit: page::Limit,
) -> Look {
    let verdict = page::read_crudely(source)
        .map(|it| judge(&it, &Norm::default(), &Expect::of(&case.target)))
        .filter(|it| it.level.rings() && it.state == State::Ordinary);
    let class = match &verdict {
        Some(it) if it.level == Level::Defaced => Class::Defaced,
        Some(_) => Class::Suspicious,
        None => Class::ParserLimit,
    };
    let mut out = bare(observation, class, verdict.unwrap_or_default());
    out.cause = Some(Say::new("cause-parser").with("limit", limit));
    out.body = Some(body.clone());
    if class.standing() == Standing::Tampered {
        let digest = crate::model::Digest::of(body);
        out.seen = Some(LookRef {
            digest,
            content: digest,
            shape: digest,
            content_type: source.content_type.map(str::to_owned),
            url: source.url.clone(),
            at: case.at,
        });
    }
    out
}

/// What of a portal's origin none of its good looks had. Nothing where nothing is remembered yet.
fn moved_origin(dossier: &Dossier, observation: &Observation) -> Vec<(&'static str, String)> {
    let certificate = observation.certificate.as_ref();
    let network = observation.network();
    [
        (
            "issuer",
            &dossier.origin.issuers,
            certificate.map(|it| it.issuer.as_str()),
        ),
        (
            "subject",
            &dossier.origin.subjects,
            certificate.map(|it| it.subject.as_str()),
        ),
        ("network", &dossier.origin.networks, network.as_deref()),
    ]
    .into_iter()
    .filter_map(|(what, known, seen)| {
        let seen = seen?;
        (!known.is_empty() && !known.iter().any(|it| it == seen)).then(|| (what, seen.to_owned()))
    })
    .collect()
}

fn class_of(case: &Case, status: u16, page: &Page, verdict: &Verdict) -> (Class, Option<Say>) {
    let http = || Some(Say::new("cause-status").with("status", status));
    if status >= 300 {
        return match (status, verdict.level, verdict.state) {
            (_, Level::Defaced, _) => (Class::Defaced, None),
            (403 | 429, _, _) | (_, _, State::Challenge) => (Class::ByPortal, http()),
            _ => (Class::HttpStatus, http()),
        };
    }
    if page.kind == Kind::Empty {
        return (Class::Empty, Some(Say::new("cause-empty")));
    }
    if verdict.level.rings() {
        let class = match (verdict.redirected, verdict.level) {
            (true, _) => Class::Redirect,
            (_, Level::Defaced) => Class::Defaced,
            _ => Class::Suspicious,
        };
        return (class, None);
    }
    match verdict.state {
        State::Challenge => return (Class::ByPortal, Some(Say::new("cause-challenge"))),
        State::Login => return (Class::ByPortal, Some(Say::new("cause-login"))),
        State::Maintenance => return (Class::Maintenance, Some(Say::new("cause-maintenance"))),
        State::Empty => return (Class::Empty, Some(Say::new("cause-empty"))),
        // its own signal rings where there is doubt; a page that was always so is none
        State::Parked => return (Class::Maintenance, Some(Say::new("cause-parked"))),
        State::Shell => return (Class::NormalChange, Some(Say::new("cause-shell"))),
        State::Ordinary => (),
    }
    let mut looks = known(&case.dossier).filter(|_| case.dossier.baseline.is_some());
    let known = looks
        .any(|it| it.content == page.fingerprint.content && it.shape == page.fingerprint.shape);
    (
        if known {
            Class::Unchanged
        } else {
            Class::NormalChange
        },
        None,
    )
}
