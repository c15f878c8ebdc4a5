//! How a look is decided without a tree: the portal says that nothing changed, the bytes are known, or they differ only
//! where this target is known to vary.

use std::sync::Arc;

use jiff::Timestamp;

use super::look::{Look, bare};
use crate::{
    model::{
        Class, Digest, Dossier, Level, LookRef, Mask, Observation, Presentation, Target, TargetId,
        Verdict, observation::Answer,
    },
    store::Commit,
    world::World,
};

/// What decided a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// No page was read: the portal was silent, or the body broke off.
    Silent,
    NotModified,
    /// The bytes are those of a known look.
    Equal,
    /// They differ only in what is known to vary.
    Masked,
    /// The same bytes were judged against the same norm a while ago.
    Recalled,
    Judged,
}

impl Path {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Silent => "silent",
            Self::NotModified => "not_modified",
            Self::Equal => "equal",
            Self::Masked => "masked",
            Self::Recalled => "recalled",
            Self::Judged => "judged",
        }
    }
}

/// What is asked of a target's pages besides being as they were: a page that was judged when something else was asked
/// is judged anew.
pub(crate) fn expects(target: &Target) -> Digest {
    let lists = [&target.ignore, &target.must_contain, &target.allow_hosts];
    let parts = lists
        .into_iter()
        .flat_map(|it| it.iter().map(String::as_bytes).chain([b"\n".as_slice()]));
    Digest::of_parts(parts)
}

/// Looks that a page is compared with: the baseline's, or those gathered for one.
pub(crate) fn known(dossier: &Dossier) -> impl Iterator<Item = &LookRef> {
    let gathered = dossier.learning.iter();
    dossier
        .baseline
        .iter()
        .flat_map(|it| it.looks())
        .chain(gathered.filter(|_| dossier.baseline.is_none()))
}

/// What a mask of these looks is learnt from.
pub(crate) fn lesson_of(dossier: &Dossier, expects: &Digest) -> Digest {
    let looks = known(dossier).map(|it| it.digest.bytes().as_slice());
    Digest::of_parts(looks.chain([expects.bytes().as_slice()]))
}

/// An answer that may be decided by its bytes: a good one, and judged normal under the same expectations before.
pub(crate) fn answered<'a>(
    target: &Target,
    dossier: &Dossier,
    observation: &'a Observation,
) -> Option<&'a Answer> {
    let answer = observation.answer()?;
    let ordinary = answer.status == 200 && answer.refresh.is_none();
    (ordinary && dossier.expects == Some(expects(target))).then_some(answer)
}

/// Equal bytes are an equal page; no tree is built for it.
pub(crate) fn equal(
    target: &Target,
    dossier: &Dossier,
    observation: &Observation,
    body: &bytes::Bytes,
    at: Timestamp,
) -> Option<Look> {
    let answer = answered(target, dossier, observation)?;
    let same = known(dossier).find(|it| Some(it.digest) == answer.digest && came_so(it, answer))?;
    Some(as_ever(dossier, observation, same, body, at, Path::Equal))
}

/// Whether an answer came from the same URL and was delivered in the same way as a known look.
pub(crate) fn came_so(known: &LookRef, answer: &Answer) -> bool {
    let alike = match &known.presentation {
        Some(known) => *known == answer.presentation,
        // a look kept by an older version: only what that version knew is compared
        None => {
            let shown = &answer.presentation;
            let bare = Presentation {
                media: shown.media.clone(),
                charset: shown.charset.clone(),
                policy: shown.policy,
                ..Presentation::default()
            };
            known.content_type == answer.content_type && *shown == bare
        }
    };
    known.url == answer.final_url && alike
}

/// The known look that an answer is compared with through a mask; `None` where a mask does not apply.
pub(crate) fn like<'a>(
    target: &Target,
    dossier: &'a Dossier,
    observation: &'a Observation,
) -> Option<(&'a LookRef, &'a Answer)> {
    let answer = answered(target, dossier, observation)?;
    let like = known(dossier).filter(|it| came_so(it, answer)).last()?;
    Some((like, answer))
}

/// The look of an answer that fits the mask of the known looks (the caller checks): it differs only where that allows.
pub(crate) fn masked(
    target: &Target,
    dossier: &Dossier,
    observation: &Observation,
    body: &bytes::Bytes,
    at: Timestamp,
    mask: &Arc<Mask>,
) -> Option<Look> {
    let (like, answer) = like(target, dossier, observation)?;
    let mut look = as_ever(dossier, observation, like, body, at, Path::Masked);
    look.mask = Some(mask.clone());
    if let (Some(seen), Some(digest)) = (&mut look.seen, answer.digest) {
        seen.digest = digest;
    }
    Some(look)
}

fn as_ever(
    dossier: &Dossier,
    observation: &Observation,
    known: &LookRef,
    body: &bytes::Bytes,
    at: Timestamp,
    path: Path,
) -> Look {
    // without a baseline there is nothing that a page could be unchanged from
    let class = match dossier.baseline {
        Some(_) => Class::Unchanged,
        None => Class::NormalChange,
    };
    let verdict = Verdict {
        level: Level::Normal,
        ..Verdict::default()
    };
    let mut out = bare(observation.clone(), class, verdict);
    out.path = path;
    out.seen = Some(LookRef {
        at,
        ..known.clone()
    });
    out.body = Some(body.clone());
    out
}

/// The mask that a look passed, as one of the dossier that the look is part of now: what it lets through is the same.
pub(crate) fn passed_on(look: &Look, target: &Target, after: &Dossier) -> Option<(TargetId, Mask)> {
    let of = lesson_of(after, &expects(target));
    let mask = look.mask.as_deref().filter(|it| it.of != of)?;
    let mask = Mask {
        of,
        approved: after.baseline.as_ref().map(|it| it.at),
        ..mask.clone()
    };
    Some((after.target.clone(), mask))
}

/// Keeps what a look taught of where the page varies. Nothing hangs on it: without, the next look learns it again.
pub async fn keep_lesson(world: &World, of: &TargetId, look: &Look) {
    let Some(lesson) = &look.lesson else {
        return;
    };
    let commit = Commit {
        mask: Some((of.clone(), lesson.as_ref().clone())),
        ..Commit::default()
    };
    if let Err(error) = world.store.commit(commit).await {
        tracing::debug!(%error, "a mask cannot be kept");
    }
}
