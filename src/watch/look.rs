//! One look: visit, read, judge, class. Writes nothing.

use std::sync::Arc;

use jiff::Timestamp;

use super::World;
use crate::{
    detect::{Expect, judge},
    diff::{Norm, changed_lines},
    fetch::{Sighting, Visit},
    model::{
        Class, Dossier, Level, LookRef, Observation, Profile, Say, Seen, Target, Verdict,
        dossier::Validators,
        incident::ChangeLine,
        verdict::State,
    },
    page::{self, Kind, Page, Source},
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
    /// The page's identity, where a page was read.
    pub seen: Option<LookRef>,
    pub body: Option<bytes::Bytes>,
}

/// Looks at a target once as one visitor. `validators` make the request a conditional one.
pub async fn look(
    world: &World,
    target: &Target,
    profile: Profile,
    dossier: &Dossier,
    validators: Option<&Validators>,
) -> Look {
    let at = world.clock.now();
    let visit = Visit {
        target: &target.id,
        url: &target.url,
        profile,
        timeout: target.settings.timeout,
        max_body: target.settings.max_body,
        validators,
    };
    let sighting = world.eye.visit(&visit, at).await;
    let Some(body) = sighting.body.clone() else {
        return without_body(sighting);
    };
    // equal bytes are an equal page; no tree is built for it
    let digest = sighting.observation.answer().and_then(|it| it.digest);
    let known = dossier.baseline.iter().flat_map(|it| it.looks()).find(|it| Some(it.digest) == digest);
    let good = sighting.observation.answer().is_some_and(|it| it.status < 300);
    if let Some(known) = known
        && good
        && sighting.observation.answer().is_some_and(|it| it.final_url == known.url)
    {
        let verdict = Verdict { level: Level::Normal, ..Verdict::default() };
        let mut out = bare(sighting.observation, Class::Unchanged, verdict);
        out.seen = Some(LookRef { at, ..known.clone() });
        out.body = Some(body);
        return out;
    }
    let case = Case {
        norm: Arc::new(Norm::default()),
        target: target.clone(),
        dossier: dossier.clone(),
        at,
    };
    judged(world, case, sighting, body).await
}

struct Case {
    norm: Arc<Norm>,
    target: Target,
    dossier: Dossier,
    at: Timestamp,
}

/// Reading and judging are work for a processor: off the threads that wait for sockets.
async fn judged(world: &World, mut case: Case, sighting: Sighting, body: bytes::Bytes) -> Look {
    case.norm = world.norm(&case.target, &case.dossier);
    let observation = sighting.observation.clone();
    let work = tokio::task::spawn_blocking(move || understand(&case, sighting.observation, &body));
    match work.await {
        Ok(look) => look,
        Err(error) => {
            tracing::error!(target.id = %observation.target, %error, "judging a page failed; it counts as over a limit");
            let mut out = bare(observation, Class::ParserLimit, Verdict::default());
            out.cause = Some(Say::new("cause-parser").with("limit", "judging failed"));
            out
        }
    }
}

fn bare(observation: Observation, class: Class, verdict: Verdict) -> Look {
    Look { observation, class, verdict, cause: None, title: None, changes: Vec::new(), seen: None, body: None }
}

fn without_body(sighting: Sighting) -> Look {
    let (class, cause) = match &sighting.observation.seen {
        Seen::Silent(silence) => (silence.class, Some(silence.cause.clone())),
        Seen::Answered(_) => (Class::Unchanged, None),
    };
    let level = if class == Class::Unchanged { Level::Normal } else { Level::Unknown };
    let mut out = bare(sighting.observation, class, Verdict { level, ..Verdict::default() });
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
    let page = match page::read(source) {
        Ok(page) => page,
        Err(limit) => {
            let mut out = bare(observation, Class::ParserLimit, Verdict::default());
            out.cause = Some(Say::new("cause-parser").with("limit", limit));
            out.body = Some(body.clone());
            return out;
        }
    };
    let expect = Expect::of(&case.target);
    // an error page is compared with nothing: only what it says itself can accuse
    let refused = answer.status >= 300;
    let nothing = Norm::default();
    let norm = if refused { &nothing } else { case.norm.as_ref() };
    let verdict = if refused {
        judge(&page, norm, &Expect { must_contain: Vec::new(), ..expect })
    } else {
        judge(&page, norm, &expect)
    };
    let (class, cause) = class_of(case, answer.status, &page, &verdict);
    let mut verdict = verdict;
    if matches!(class.standing(), crate::model::Standing::Down | crate::model::Standing::Blocked) {
        verdict.level = Level::Unknown;
    }
    let lines: Vec<String> = page.visible().map(|it| it.text.clone()).collect();
    let changes = if class.standing() == crate::model::Standing::Tampered {
        changed_lines(&case.norm.lines, &lines, 9, 110)
    } else {
        Vec::new()
    };
    let mut out = bare(observation, class, verdict);
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
        State::Challenge => return (Class::ByPortal, None),
        State::Maintenance => return (Class::Maintenance, None),
        State::Empty => return (Class::Empty, Some(Say::new("cause-empty"))),
        State::Ordinary => (),
    }
    let known = case
        .dossier
        .baseline
        .iter()
        .flat_map(|it| it.looks())
        .any(|it| it.content == page.fingerprint.content && it.shape == page.fingerprint.shape);
    (if known { Class::Unchanged } else { Class::NormalChange }, None)
}
