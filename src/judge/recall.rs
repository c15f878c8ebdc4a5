//! The rungs that rest on what was learnt: the bytes differ only where the page varies, or were judged a while ago.

use std::sync::Arc;

use super::{
    DecidedBy, Known, Look,
    conclude::conclude,
    glance::{as_before, came_so, matchable},
    known::{expectations, known_looks, mask_source},
    origin::moved_origin,
};
use crate::model::{
    Class, Digest, Dossier, Fetched, LookRef, Mask, Observation, Part, Say, Verdict,
    incident::ChangeLine,
};

/// What was learnt of a target's pages and may decide a look.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    /// The mask that the body matches, if it does.
    pub matched: Option<Matched>,
    /// What these very bytes came to, under the [`cache_key`] of the visit.
    pub judgement: Option<Arc<Judgement>>,
}

/// A mask that a body was found to match. Matching costs time in proportion to the body, so the caller chooses the thread.
#[derive(Clone, Debug)]
pub struct Matched(Arc<Mask>);

impl Matched {
    /// `None` if the body differs elsewhere than the mask allows.
    pub fn test(mask: &Arc<Mask>, body: &[u8]) -> Option<Self> {
        mask.fits(body).then(|| Self(mask.clone()))
    }
}

/// What judging a page came to, without the page.
#[derive(Clone, Debug)]
pub struct Judgement {
    pub class: Class,
    pub verdict: Verdict,
    pub cause: Option<Say>,
    pub title: Option<String>,
    pub changes: Vec<ChangeLine>,
    pub seen: Option<LookRef>,
}

/// Decides a visit by what was learnt before; `None` where the page must be read.
pub fn recall(known: Known<'_>, fetched: &Fetched, memory: &Memory) -> Option<Look> {
    if let Some(matched) = &memory.matched
        && let Some(look) = masked(known, fetched, matched)
    {
        return Some(conclude(known, look));
    }
    let judgement = memory.judgement.as_ref()?;
    let mut look = cached(judgement, fetched, known);
    look.baseline_at = known.dossier.baseline.as_ref().map(|it| it.at);
    Some(look)
}

/// Whether a mask could decide this visit: asked before the body is matched.
pub fn could_match(known: Known<'_>, fetched: &Fetched) -> bool {
    is_cacheable(known, fetched) && like(known, &fetched.observation).is_some()
}

/// Whether `mask` was learnt from the looks that are known now, under the present expectations.
pub fn is_current(known: Known<'_>, mask: &Mask) -> bool {
    mask.of == mask_source(known.dossier, &expectations(known.target))
}

/// Whether a visit is judged by the bytes of its page alone.
fn is_cacheable(known: Known<'_>, fetched: &Fetched) -> bool {
    let is_page = !matches!(
        known.target.part,
        Some(Part::Sitemap | Part::Robots | Part::Unlinked)
    );
    is_page && fetched.broken.is_none() && fetched.body.is_some()
}

/// The known look that an answer is compared with through a mask; `None` where a mask does not apply.
fn like<'a>(known: Known<'a>, observation: &Observation) -> Option<&'a LookRef> {
    let answer = matchable(known, observation)?;
    known_looks(known.dossier)
        .filter(|it| came_so(it, answer))
        .last()
}

/// The look of a page that differs from known ones only where it may.
fn masked(known: Known<'_>, fetched: &Fetched, Matched(mask): &Matched) -> Option<Look> {
    if !is_cacheable(known, fetched) || !is_current(known, mask) {
        return None;
    }
    let like = like(known, &fetched.observation)?;
    let mut look = as_before(known, fetched, like, DecidedBy::Masked);
    look.mask = Some(mask.clone());
    let digest = fetched.observation.answer().and_then(|it| it.digest);
    if let (Some(seen), Some(digest)) = (&mut look.seen, digest) {
        seen.digest = digest;
    }
    Some(look)
}

fn cached(judgement: &Judgement, fetched: &Fetched, known: Known<'_>) -> Look {
    let verdict = judgement.verdict.clone();
    let mut out = Look::bare(fetched.observation.clone(), judgement.class, verdict);
    out.decided_by = DecidedBy::Cached;
    out.cause.clone_from(&judgement.cause);
    out.title.clone_from(&judgement.title);
    out.changes.clone_from(&judgement.changes);
    out.seen = judgement
        .seen
        .clone()
        .map(|it| LookRef { at: known.at, ..it });
    out.body.clone_from(&fetched.body);
    out
}

/// What is kept of a look for the next visit that brings its bytes; `None` for pages over a limit, which may be judged
/// with more time on another day, and for looks that were decided without reading.
pub fn judgement(look: &Look) -> Option<Judgement> {
    let is_read = look.decided_by == DecidedBy::Judged && look.class != Class::ParserLimit;
    is_read.then(|| Judgement {
        class: look.class,
        verdict: look.verdict.clone(),
        cause: look.cause.clone(),
        title: look.title.clone(),
        changes: look.changes.clone(),
        seen: look.seen.clone(),
    })
}

/// All that the judgement of an ordinary page depends on, in one digest; `None` where the visit is judged by more than
/// its page.
pub fn cache_key(known: Known<'_>, fetched: &Fetched) -> Option<Digest> {
    if !is_cacheable(known, fetched) {
        return None;
    }
    let answer = fetched.observation.answer()?;
    let expectations = expectations(known.target);
    let of = |it: &Dossier| *mask_source(it, &expectations).bytes();
    let approved = |it: &Dossier| it.baseline.as_ref().map(|it| it.approved.len());
    let certificate = fetched.observation.certificate.as_ref();
    let rest = format!(
        "{:?} {} {:?} {} {:?} {:?} {:?} {:?} {:?} {:?}",
        known.target.url,
        answer.status,
        answer.content_type,
        answer.final_url,
        (&answer.refresh, &answer.presentation),
        moved_origin(known.dossier, &fetched.observation),
        approved(known.dossier),
        known.first.map(approved),
        certificate.map(|it| (&it.fault, &it.remark, &it.subject)),
        fetched.observation.hops.last(),
    );
    Some(Digest::of_parts([
        answer.digest?.bytes().as_slice(),
        &of(known.dossier),
        &known.first.map(of).unwrap_or_default(),
        known.dossier.target.as_str().as_bytes(),
        rest.as_bytes(),
    ]))
}
