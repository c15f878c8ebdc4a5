//! The rungs that read nothing: the portal is silent, says that nothing changed, or sends the bytes of a known look.

use super::{
    DecidedBy, Known, Look,
    conclude::conclude,
    known::{expectations, known_looks},
    site,
};
use crate::model::{
    Class, Fetched, Level, LookRef, Observation, Part, Presentation, Verdict, observation::Answer,
};

/// Decides a visit without reading its page; `None` where a page must be matched or read.
pub fn glance(known: Known<'_>, fetched: &Fetched) -> Option<Look> {
    let look = match &fetched.body {
        Some(_) => by_bytes(known, fetched)?,
        // what came of it was shown to visitors
        None if fetched.partial.is_some() => return None,
        None if known.target.part.is_none() && fetched.is_too_large() => return None,
        None => Look::without_body(fetched.observation.clone()),
    };
    Some(conclude(known, look))
}

/// Decides a body by its bytes alone; `None` if it must be matched or read.
fn by_bytes(known: Known<'_>, fetched: &Fetched) -> Option<Look> {
    match known.target.part {
        // judged by what they list, not by their bytes
        Some(Part::Sitemap | Part::Robots) => return None,
        Some(Part::Unlinked) => {
            let is_absent = !site::could_be_soft_404(known, fetched);
            return is_absent.then(|| site::absent(fetched.observation.clone()));
        }
        _ => (),
    }
    let answer = matchable(known, &fetched.observation)?;
    let equal = known_looks(known.target_state)
        .find(|it| Some(it.digest) == answer.digest && came_so(it, answer))?;
    Some(as_before(known, fetched, equal, DecidedBy::Equal))
}

/// An answer that may be decided by its bytes: a good one, where the known looks were judged under the present
/// expectations.
pub(super) fn matchable<'a>(known: Known<'_>, observation: &'a Observation) -> Option<&'a Answer> {
    let answer = observation.answer()?;
    let is_ordinary = answer.status == 200 && answer.refresh.is_none();
    let is_judged_so = known.target_state.expects == Some(expectations(known.target));
    (is_ordinary && is_judged_so).then_some(answer)
}

/// Whether an answer came from the URL of a known look and was delivered in the same way.
pub(super) fn came_so(known: &LookRef, answer: &Answer) -> bool {
    let is_alike = match &known.presentation {
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
    known.url == answer.final_url && is_alike
}

/// The look of a page that is as a known look was.
pub(super) fn as_before(
    known: Known<'_>,
    fetched: &Fetched,
    look: &LookRef,
    decided_by: DecidedBy,
) -> Look {
    // without a baseline there is nothing that a page could be unchanged from
    let class = match known.target_state.baseline {
        Some(_) => Class::Unchanged,
        None => Class::NormalChange,
    };
    let verdict = Verdict {
        level: Level::Normal,
        ..Verdict::default()
    };
    let mut out = Look::bare(fetched.observation.clone(), class, verdict);
    out.decided_by = decided_by;
    out.seen = Some(LookRef {
        at: known.at,
        ..look.clone()
    });
    out.body.clone_from(&fetched.body);
    out
}
