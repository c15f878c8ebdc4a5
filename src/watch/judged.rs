//! Pages that differ from the known ones: only where they are known to vary, or they are read and judged.

use std::sync::Arc;

use jiff::Timestamp;

use super::{
    delivered::delivered,
    learn::is_due,
    look::{Look, bare},
    paths,
    paths::{Path, expects, known, lesson_of},
};
use crate::{
    detect::{self, Expect, judge, judge_beside},
    diff::{Imprint, Norm, changed_lines, lines},
    fetch::Sighting,
    model::{
        Class, Digest, Dossier, Level, LookRef, Mask, Observation, Say, Signal, Standing, Target,
        Verdict, incident::UNREAD, verdict::State,
    },
    page::{self, Kind, Page, Source},
    world::{World, mask_updates, norm_cache, verdict_cache::Judgement, workers::Unfinished},
};

/// Log-odds noted for a page that cannot be read to its end: a doubt, and a mark that announced changes do not explain.
const UNREAD_WEIGHS: f64 = 4.0;
/// Bytes up to which a page is matched with its mask on a thread that waits for sockets.
const MATCHED_HERE: usize = 32 << 10;

/// What is asked of a page that somebody was shown.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub world: &'a World,
    pub target: &'a Target,
    pub dossier: &'a Dossier,
    /// What is remembered of the first visitor, where another one looks.
    pub first: Option<&'a Dossier>,
    pub at: Timestamp,
}

impl Asked<'_> {
    /// Bytes that are none of the known ones: they may differ only where the page varies, or they are judged.
    pub async fn varied(self, sighting: Sighting, body: bytes::Bytes) -> Look {
        let lesson = lesson_of(self.dossier, &expects(self.target));
        let kept = match self.world.store.mask(&self.dossier.target).await {
            Ok(kept) => kept,
            Err(error) => {
                tracing::warn!(target.id = %self.dossier.target, %error, "the mask cannot be read; it is learnt anew");
                None
            }
        };
        let observation = sighting.observation;
        if let Some(mask) = kept.as_ref().filter(|it| it.of == lesson)
            && let Some(look) = self.masked(&observation, &body, mask).await
        {
            return look;
        }
        self.judged(observation, body, kept).await
    }

    /// The look of a page that differs from known ones only where it may, else `None`. A small page is matched on the
    /// spot, in a millisecond or two at worst.
    async fn masked(
        self,
        observation: &Observation,
        body: &bytes::Bytes,
        mask: &Arc<Mask>,
    ) -> Option<Look> {
        paths::like(self.target, self.dossier, observation)?;
        let fits = if body.len() <= MATCHED_HERE {
            mask.fits(body)
        } else {
            let (mask, body) = (mask.clone(), body.clone());
            let work = move || mask.fits(&body);
            let desks = &self.world.desks;
            // a page that is not matched in time is judged
            desks.within(&self.target.id, work).await.unwrap_or(false)
        };
        if !fits {
            return None;
        }
        paths::masked(self.target, self.dossier, observation, body, self.at, mask)
    }

    /// Reading and judging are work for a processor: off the threads that wait for sockets.
    async fn judged(
        self,
        observation: Observation,
        body: bytes::Bytes,
        mask: Option<Arc<Mask>>,
    ) -> Look {
        let memory = self.case_of(&observation);
        if let Some(known) = memory.and_then(|it| self.world.memo.recall(&it)) {
            return recalled(&known, observation, body, self.at);
        }
        let unfinished = |why: Unfinished| {
            tracing::error!(target.id = %observation.target, %why, "a page could not be judged; it counts as over a limit");
            let mut out = bare(observation.clone(), Class::ParserLimit, Verdict::default());
            out.cause = Some(Say::new("cause-parser").with("limit", why));
            out
        };
        let case = match self.learnt(&observation, &body, mask).await {
            Ok(Ok(case)) => Arc::new(case),
            Ok(Err(look)) => return *look,
            Err(why) => return unfinished(why),
        };
        let desks = &self.world.desks;
        let (of, seen, bytes) = (case.clone(), observation.clone(), body.clone());
        let work = desks.within(&self.target.id, move || understand(&of, seen, &bytes));
        let why = match work.await {
            Ok(look) => {
                if let Some(case) = memory {
                    self.world.memo.keep(case, judgement(&look));
                }
                return look;
            }
            Err(why) => why,
        };
        // over its time, a page is read crudely like one over any other limit: an attacker may have made it so costly
        let seen = observation.clone();
        let crude = move || {
            let answer = seen.answer().cloned()?;
            let source = Source {
                bytes: &body,
                content_type: answer.content_type.as_deref(),
                url: &answer.final_url,
                ignore: &case.target.ignore,
            };
            let cause = Say::new("cause-parser").with("limit", why);
            Some(over(
                &case,
                source,
                seen,
                &body,
                (Class::ParserLimit, cause),
            ))
        };
        match desks.within(&self.target.id, crude).await {
            Ok(Some(look)) => look,
            Ok(None) | Err(_) => unfinished(why),
        }
    }

    /// The look of a body over the size limit, judged by its beginning.
    pub async fn cut_off(self, observation: Observation, beginning: bytes::Bytes) -> Look {
        let Some(silence) = observation.silence() else {
            return bare(observation, Class::TooLarge, Verdict::default());
        };
        let known = (silence.class, silence.cause.clone());
        let unread = (observation.clone(), known.clone());
        let (target, dossier, at) = (self.target.clone(), self.dossier.clone(), self.at);
        // without a norm, only what the page itself says can accuse it
        let learnt = norm_cache::learnt(self.world, self.target, self.dossier).await;
        let norm = learnt.unwrap_or_default().all;
        let work = self.world.desks.within(&self.target.id, move || {
            let case = Case {
                norm,
                reference: None,
                target,
                dossier,
                at,
                mask: None,
            };
            let source = Source {
                bytes: &beginning,
                content_type: None,
                url: &case.target.url,
                ignore: &[],
            };
            over(&case, source, observation, &beginning, known)
        });
        work.await.unwrap_or_else(|_| {
            let (observation, (class, cause)) = unread;
            let mut out = bare(observation, class, Verdict::default());
            out.cause = Some(cause);
            out
        })
    }

    /// All that the page is judged by; or the look, where a mask that is learnt first lets it through.
    async fn learnt(
        self,
        observation: &Observation,
        body: &bytes::Bytes,
        mask: Option<Arc<Mask>>,
    ) -> Result<Result<Case, Box<Look>>, Unfinished> {
        let lesson = lesson_of(self.dossier, &expects(self.target));
        let mask = match mask {
            Some(mask) if mask.of == lesson => Some(mask),
            earlier => {
                let new = mask_updates::learn(self.world, self.dossier, lesson, earlier).await;
                if let Some(new) = &new
                    && let Some(mut look) = self.masked(observation, body, new).await
                {
                    look.lesson = Some(Box::new(new.as_ref().clone()));
                    return Ok(Err(Box::new(look)));
                }
                new
            }
        };
        let learnt = norm_cache::learnt(self.world, self.target, self.dossier).await?;
        let reference = match self.first {
            Some(first) => {
                let of = norm_cache::learnt(self.world, self.target, first).await?;
                Some((of.all, detect::Beside::FirstProfile))
            }
            None => learnt.approved.map(|it| (it, detect::Beside::Approved)),
        };
        Ok(Ok(Case {
            norm: learnt.all,
            reference,
            target: self.target.clone(),
            dossier: self.dossier.clone(),
            at: self.at,
            mask,
        }))
    }

    /// All that a judgement depends on, in one digest; `None` where the bytes are not known.
    fn case_of(self, observation: &Observation) -> Option<Digest> {
        let answer = observation.answer()?;
        let expects = expects(self.target);
        let of = |it: &Dossier| *lesson_of(it, &expects).bytes();
        let approved = |it: &Dossier| it.baseline.as_ref().map(|it| it.approved.len());
        let rest = format!(
            "{:?} {} {:?} {} {:?} {:?} {:?} {:?}",
            self.target.url,
            answer.status,
            answer.content_type,
            answer.final_url,
            (&answer.refresh, &answer.presentation),
            moved_origin(self.dossier, observation),
            approved(self.dossier),
            self.first.map(approved),
        );
        Some(Digest::of_parts([
            answer.digest?.bytes().as_slice(),
            &of(self.dossier),
            &self.first.map(of).unwrap_or_default(),
            self.dossier.target.as_str().as_bytes(),
            rest.as_bytes(),
        ]))
    }
}

struct Case {
    norm: Arc<Norm>,
    /// See [`judge_beside`].
    reference: Option<(Arc<Norm>, detect::Beside)>,
    target: Target,
    dossier: Dossier,
    at: Timestamp,
    /// `None` where the mask is not learnt yet.
    mask: Option<Arc<Mask>>,
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
            let cause = Say::new("cause-parser").with("limit", limit);
            return over(case, source, observation, body, (Class::ParserLimit, cause));
        }
    };
    let mut expect = Expect::of(&case.target);
    expect.moved_origin = moved_origin(&case.dossier, &observation);
    expect.delivered = delivered(&case.dossier, &answer, body);
    // an error page may lack required phrases; what it shows is compared with what the portal shows
    expect.refused = answer.status >= 300;
    let verdict = if expect.refused {
        expect.must_contain.clear();
        judge(&page, &case.norm, &expect)
    } else {
        let reference = case.reference.as_ref();
        let reference = reference.map(|(norm, why)| (norm.as_ref(), *why));
        judge_beside(&page, &case.norm, reference, &expect)
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
    let mut grown = None;
    out.lesson = case.mask.as_ref().map(|mask| {
        let mut mask = mask.as_ref().clone();
        if nothing_said && answer.status == 200 && answer.refresh.is_none() {
            mask.grow(body);
            // then it need not be learnt anew where the look becomes a known one
            grown = mask.fits(body).then(|| Arc::new(mask.clone()));
        }
        Box::new(mask)
    });
    out.mask = grown;
    out.cause = cause;
    out.title.clone_from(&page.title);
    out.changes = changes;
    out.seen = Some(LookRef {
        digest: page.fingerprint.raw,
        content: page.fingerprint.content,
        shape: page.fingerprint.shape,
        content_type: answer.content_type.clone(),
        url: answer.final_url.clone(),
        at: case.at,
        presentation: Some(answer.presentation.clone()),
    });
    out.body = Some(body.clone());
    let every = case.target.settings.every;
    if out.class.standing() == Standing::Up
        && answer.refresh.is_none()
        && is_due(&case.dossier, case.at, every)
    {
        out.left = Some(Arc::new(Imprint::of(&page)));
    }
    out
}

/// The look of a page over a limit: down as far as we can tell, unless the readable part is an attacker's content.
/// Where a baseline was approved within limits, being over them is a doubt by itself.
fn over(
    case: &Case,
    source: Source,
    observation: Observation,
    body: &bytes::Bytes,
    (class, cause): (Class, Say),
) -> Look {
    let mut expect = Expect::of(&case.target);
    expect.refused = true;
    expect.must_contain.clear();
    let verdict = page::read_crudely(source)
        .map(|it| judge(&it, &case.norm, &expect))
        .filter(|it| it.level.rings());
    let class = match &verdict {
        Some(it) if it.level == Level::Defaced => Class::Defaced,
        Some(_) => Class::Suspicious,
        None => class,
    };
    let mut out = bare(observation, class, verdict.unwrap_or_default());
    if case.dossier.baseline.is_some() {
        out.verdict.signals.push(Signal {
            name: UNREAD.to_owned(),
            weight: UNREAD_WEIGHS,
            say: Say::new("signal-unread"),
            excerpt: String::new(),
        });
    }
    out.cause = Some(cause);
    out.body = Some(body.clone());
    let digest = Digest::of(body);
    out.seen = Some(LookRef {
        digest,
        content: digest,
        shape: digest,
        content_type: source.content_type.map(str::to_owned),
        url: source.url.clone(),
        at: case.at,
        presentation: None,
    });
    out
}

/// What of a portal's origin none of its good looks had. Nothing where nothing is remembered yet.
fn moved_origin(dossier: &Dossier, observation: &Observation) -> Vec<(&'static str, String)> {
    let certificate = observation.certificate.as_ref();
    let network = observation.network();
    // an IPv6 network is no news where earlier looks used IPv4 only
    let is_six = |network: &str| network.contains(':');
    let mut networks = dossier.origin.networks.clone();
    networks.retain(|it| {
        network
            .as_deref()
            .is_some_and(|now| is_six(now) == is_six(it))
    });
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
        ("network", &networks, network.as_deref()),
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
    // status 101 changes to another protocol, which the service never asks for
    if status < 200 {
        return (Class::Protocol, http());
    }
    if page.kind == Kind::Empty && status < 300 {
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
    if status >= 300 {
        let class = match verdict.state {
            _ if matches!(status, 403 | 429) => Class::ByPortal,
            State::Challenge => Class::ByPortal,
            _ => Class::HttpStatus,
        };
        return (class, http());
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
