//! One look: visit, read, judge, class. Writes nothing.

use std::{collections::HashSet, net::IpAddr, sync::Arc};

use jiff::Timestamp;

use super::{
    judged::Asked,
    outside::without_exceptions,
    parts::{gone, is_soft_404, of_site},
    paths,
    paths::Path,
};
use crate::{
    detect::{Expect, judge},
    diff::{Imprint, Norm},
    fetch::{Sighting, Visit},
    model::{
        Class, Dossier, Level, LookRef, Mask, Observation, Part, Profile, Say, Seen, Signal,
        SiteFacts, Standing, Target, Verdict, dossier::Validators, excerpt, incident::ChangeLine,
        verdict::State,
    },
    page::{self, Source, registrable},
    world::World,
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
    /// A mask that it passes.
    pub mask: Option<Arc<Mask>>,
    /// What it taught of where the page varies: for the store.
    pub lesson: Option<Box<Mask>>,
    /// What it would leave in the norm, where it may become part of it.
    pub left: Option<Arc<Imprint>>,
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
    /// The address of an earlier look that this one is compared with.
    pub face: Option<IpAddr>,
}

/// Looks at a target once as one visitor; `dossier` is that visitor's own.
pub async fn look(
    world: &World,
    target: &Target,
    profile: Profile,
    dossier: &Dossier,
    beside: Beside<'_>,
) -> Look {
    let target = &*without_exceptions(world, target, beside.first.unwrap_or(dossier));
    let at = world.clock.now();
    let visit = Visit {
        target: &target.id,
        url: &target.url,
        profile,
        timeout: target.settings.timeout,
        max_body: target.settings.max_body,
        validators: beside.validators,
        prefer: beside.face,
        by_operator: target.by_operator,
    };
    let sighting = world.eye.visit(&visit, at).await;
    let away = led_away(target, dossier, &sighting.observation);
    let asked = Asked {
        world,
        target,
        dossier,
        first: beside.first,
        at,
    };
    let mut out = understood(asked, sighting).await;
    if let Some(part) = &target.part {
        part_tells(*part, &mut out);
    }
    out.baseline_at = dossier.baseline.as_ref().map(|it| it.at);
    if let Some(host) = away
        && out.class.standing() != Standing::Tampered
    {
        redirect_tells(&host, &mut out);
    }
    certificate_tells(&mut out);
    out
}

/// What a visit comes to by what it brought back: a page, a site's file, a beginning, or nothing.
async fn understood(asked: Asked<'_>, mut sighting: Sighting) -> Look {
    let Asked {
        world,
        target,
        dossier,
        at,
        ..
    } = asked;
    if let Some(look) = begun_otherwise(world, target, &sighting, at).await {
        return look;
    }
    let Some(body) = sighting.body.clone() else {
        if target.part.is_none() && is_too_large(&sighting) {
            let beginning = sighting.partial.clone().unwrap_or_default();
            return asked.cut_off(sighting.observation, beginning).await;
        }
        return broken_off(world, target, sighting, at).await;
    };
    match target.part {
        Some(Part::Sitemap | Part::Robots) => {
            return site(world, target, dossier, sighting, body, at).await;
        }
        Some(Part::Unlinked) => {
            // the second visit may wait for a place among large bodies, and must not hold another one meanwhile
            sighting.large = None;
            if is_soft_404(world, target, &sighting).await {
                return gone(sighting);
            }
        }
        _ => (),
    }
    match paths::equal(target, dossier, &sighting.observation, &body, at) {
        Some(look) => look,
        None => asked.varied(sighting, body).await,
    }
}

/// A part that is gone is no fault; neither is a listing in the place of a folder.
fn part_tells(part: Part, out: &mut Look) {
    let silence = out.observation.silence();
    let is_gone = silence
        .is_some_and(|it| it.class == Class::HttpStatus && matches!(it.status, Some(404 | 410)));
    if is_gone {
        out.class = Class::NormalChange;
    }
    // a bare listing in the place of a home page is a fault; a folder's is what it is
    if part == Part::Folder && out.class == Class::Maintenance {
        out.class = Class::NormalChange;
        out.cause = None;
    }
}

/// Whatever the other place answered: the portal leads there now.
fn redirect_tells(host: &str, out: &mut Look) {
    out.class = Class::Redirect;
    out.verdict.level = Level::Suspect;
    out.verdict.score = out.verdict.score.max(0.9);
    out.verdict.redirected = true;
    let signal = Signal {
        name: "moved".to_owned(),
        weight: 6.0,
        say: Say::new("signal-moved").with("host", excerpt::defang(host)),
        excerpt: excerpt::defang(host),
    };
    out.verdict.signals.insert(0, signal);
}

/// A page behind a bad certificate is read and judged. Where it is tampered with, that is told and the certificate
/// beside it; else the portal is down for visitors, whom browsers keep away, and nothing is learnt: the page may be
/// anybody's. What browsers forgive is a remark.
fn certificate_tells(out: &mut Look) {
    let Some(certificate) = &out.observation.certificate else {
        return;
    };
    let Some(fault) = certificate.fault.clone() else {
        out.cause = out.cause.take().or_else(|| certificate.remark.clone());
        return;
    };
    out.lesson = None;
    out.mask = None;
    out.left = None;
    if out.class.standing() == Standing::Tampered {
        out.verdict.signals.push(Signal {
            name: "certificate".to_owned(),
            weight: 0.0,
            excerpt: certificate.subject.clone(),
            say: fault,
        });
        return;
    }
    out.class = Class::Tls;
    out.cause = Some(fault);
    out.verdict = Verdict {
        level: Level::Unknown,
        ..Verdict::default()
    };
    out.changes.clear();
    out.seen = None;
    out.site = None;
}

fn is_too_large(sighting: &Sighting) -> bool {
    let silence = sighting.observation.silence();
    silence.is_some_and(|it| it.class == Class::TooLarge)
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
    let id = target.id.clone();
    let work = world
        .desks
        .within(&id, move || of_site(&target, &dossier, sighting, body, at));
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

pub(crate) fn bare(observation: Observation, class: Class, verdict: Verdict) -> Look {
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
        left: None,
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

/// The look of a page that broke off over HTTP/2 and came otherwise over HTTP/1.1. Browsers show the first page, so it counts
/// if it bears a signature, or is another page than the second. Pages that differ in a nonce, a clock or a counter are one
/// page, and the second counts: `None`.
async fn begun_otherwise(
    world: &World,
    target: &Target,
    sighting: &Sighting,
    at: Timestamp,
) -> Option<Look> {
    let broken = sighting.broken.clone()?;
    let mut first = Sighting {
        body: None,
        partial: Some(broken.beginning.clone()),
        broken: None,
        ..sighting.clone()
    };
    first.observation.seen = Seen::Silent(broken.loss);
    let look = broken_off(world, target, first, at).await;
    if look.class == Class::Defaced {
        return Some(look);
    }
    let second = sighting.body.clone()?;
    let url = target.url.clone();
    let work = world.desks.within(&target.id, move || {
        let words = |bytes: &[u8]| -> Option<Vec<String>> {
            let source = Source {
                bytes,
                content_type: None,
                url: &url,
                ignore: &[],
            };
            let page = page::read(source).ok()?;
            let text = page.visible().flat_map(|it| it.text.split_whitespace());
            Some(text.map(str::to_owned).collect())
        };
        let (Some(begun), Some(whole)) = (words(&broken.beginning), words(&second)) else {
            return false;
        };
        let whole: HashSet<String> = whole.into_iter().collect();
        let common = begun.iter().filter(|it| whole.contains(*it)).count();
        begun.len() >= WORDS_OF_A_PAGE && common * 2 < begun.len()
    });
    work.await.unwrap_or(false).then_some(look)
}

/// Fewer words say nothing of which page they are of.
const WORDS_OF_A_PAGE: usize = 12;

/// A body that broke off is no page; but what came of it before was shown to visitors, and somebody may have signed it.
async fn broken_off(world: &World, target: &Target, sighting: Sighting, at: Timestamp) -> Look {
    let (Some(partial), Some(url)) = (sighting.partial.clone(), Some(target.url.clone())) else {
        return without_body(sighting);
    };
    let expect = Expect::of(target);
    let body = partial.clone();
    let from = url.clone();
    let work = world.desks.within(&target.id, move || {
        let source = Source {
            bytes: &body,
            content_type: None,
            url: &from,
            ignore: &[],
        };
        // as browsers show it, and as it stands in case that reading is too costly
        let read = [page::read(source).ok(), page::read_crudely(source)];
        let judged = read.into_iter().flatten();
        judged
            .map(|it| judge(&it, &Norm::default(), &expect))
            .filter(|it| it.level == Level::Defaced && it.state == State::Ordinary)
            .max_by(|a, b| a.score.total_cmp(&b.score))
    });
    let verdict = work.await.ok().flatten();
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
            presentation: None,
        });
        out.body = Some(partial);
    }
    out
}
