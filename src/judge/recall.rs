//! The rungs that rest on what was learnt: the bytes differ only where the page varies, or were judged a while ago.

use std::sync::Arc;

use super::{
    DecidedBy, Known, Look,
    class::is_shell_for_long,
    conclude::conclude,
    glance::{as_before, came_so, matchable},
    known::{expectations, known_looks, mask_source, rulings},
    origin::moved_origin,
};
use crate::{
    detect::shown::Shown,
    model::{
        Class, Digest, Fetched, Localized, LookRef, Mask, Part, TargetState, Verdict,
        incident::{ChangeLine, Trace},
        lead::Lead,
    },
};

/// A known look that a visit matches if its body matches a mask.
#[derive(Clone, Debug)]
pub struct Candidate<'a> {
    known: Known<'a>,
    like: &'a LookRef,
    mask: &'a Arc<Mask>,
}

impl<'a> Candidate<'a> {
    /// `None` if no mask can decide the visit, or `mask` was learnt from other looks or under other expectations.
    pub fn of(known: Known<'a>, fetched: &Fetched, mask: Option<&'a Arc<Mask>>) -> Option<Self> {
        let mask = mask.filter(|it| is_cacheable(known, fetched) && is_current(known, it))?;
        let answer = matchable(known, &fetched.observation)?;
        // where a fact varied, a mask may let another one through: what an officer watches must stand in the page
        let body = fetched.body.as_deref().unwrap_or_default();
        let mut watched = rulings(known).iter().filter(|it| it.is_watched);
        let stands = |text: &[u8]| body.windows(text.len().max(1)).any(|it| it == text);
        if watched.any(|it| !stands(it.pin.shown.as_bytes())) {
            return None;
        }
        let alike = known_looks(known.target_state).filter(|it| came_so(it, answer));
        Some(Self {
            known,
            like: alike.last()?,
            mask,
        })
    }

    /// The mask to match the body with. That costs time in proportion to the body, so the caller chooses the thread.
    pub fn mask(&self) -> &'a Arc<Mask> {
        self.mask
    }

    /// The look of a visit whose body matches the mask: it differs from known looks only where it may.
    pub fn matched(self, fetched: &Fetched) -> Look {
        let mut look = as_before(self.known, fetched, self.like, DecidedBy::Masked);
        look.mask = Some(self.mask.clone());
        let digest = fetched.observation.answer().and_then(|it| it.digest);
        if let (Some(seen), Some(digest)) = (&mut look.seen, digest) {
            seen.digest = digest;
        }
        conclude(self.known, look)
    }
}

/// What judging a page came to, without the page.
#[derive(Clone, Debug)]
pub struct Judgement {
    pub class: Class,
    pub verdict: Verdict,
    pub cause: Option<Localized>,
    pub title: Option<String>,
    pub changes: Vec<ChangeLine>,
    pub seen: Option<LookRef>,
    pub shown: Option<Arc<Shown>>,
    pub leads: Vec<Lead>,
    pub traces: Vec<Trace>,
}

/// Whether `mask` was learnt from the looks that are known now, under the present expectations.
pub fn is_current(known: Known<'_>, mask: &Mask) -> bool {
    mask.of == mask_source(known.target_state, &expectations(known.target))
}

/// Whether a visit is judged by the bytes of its page alone.
fn is_cacheable(known: Known<'_>, fetched: &Fetched) -> bool {
    let is_site_file = matches!(known.target.part, Some(Part::Sitemap | Part::Robots));
    !is_site_file && fetched.body.is_some()
}

/// The look of a visit that brings bytes which were judged before.
pub fn cached(known: Known<'_>, fetched: &Fetched, judgement: &Judgement) -> Look {
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
    out.shown.clone_from(&judgement.shown);
    out.leads.clone_from(&judgement.leads);
    out.traces.clone_from(&judgement.traces);
    out.baseline_at = known.target_state.baseline.as_ref().map(|it| it.at);
    out
}

/// The judgement to cache for the next visit that brings these bytes; `None` unless the page was read to its end: what was
/// over a limit may be judged with more time on another day.
pub fn judgement(look: &Look) -> Option<Judgement> {
    look.is_whole.then(|| Judgement {
        class: look.class,
        verdict: look.verdict.clone(),
        cause: look.cause.clone(),
        title: look.title.clone(),
        changes: look.changes.clone(),
        seen: look.seen.clone(),
        shown: look.shown.clone(),
        leads: look.leads.clone(),
        traces: look.traces.clone(),
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
    let of = |it: &TargetState| *mask_source(it, &expectations).bytes();
    let approved = |it: &TargetState| it.baseline.as_ref().map(|it| it.approved.len());
    let certificate = fetched.observation.certificate.as_ref();
    let rest = format!(
        "{:?} {} {:?} {} {:?} {:?} {:?} {:?} {:?} {:?} {} {:?}",
        known.target.url,
        answer.status,
        answer.content_type,
        answer.final_url,
        (&answer.refresh, &answer.presentation),
        moved_origin(known.target_state, &fetched.observation),
        approved(known.target_state),
        known.first.map(approved),
        certificate.map(|it| (&it.fault, &it.remark, &it.subject)),
        fetched.observation.hops.last(),
        is_shell_for_long(known),
        rulings(known),
    );
    let shown = known.shown.map(|it| *it.digest().bytes());
    let shown = shown.unwrap_or_default();
    Some(Digest::of_parts([
        answer.digest?.bytes().as_slice(),
        &of(known.target_state),
        &known.first.map(of).unwrap_or_default(),
        &shown,
        known.target_state.target.as_str().as_bytes(),
        rest.as_bytes(),
    ]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        judge::{Case, read, read_crudely},
        model::{
            Profile, Seen, Target,
            observation::{Answer, Certificate},
            target::Settings,
        },
    };

    /// A page from a server whose certificate browsers refuse.
    fn visit(page: &str) -> (Target, Fetched) {
        let url: url::Url = "https://a.vn/".parse().unwrap();
        let target = Target::unregistered(url.clone(), Settings::default());
        let body = bytes::Bytes::from(page.to_owned());
        let at = jiff::Timestamp::UNIX_EPOCH;
        let answer = Answer {
            status: 200,
            final_url: url,
            content_type: None,
            etag: None,
            last_modified: None,
            bytes: body.len() as u64,
            digest: Some(Digest::of(&body)),
            address: None,
            refresh: None,
            presentation: Default::default(),
            date: None,
        };
        let certificate = Certificate {
            not_before: at,
            not_after: at,
            issuer: String::new(),
            subject: String::new(),
            digest: Digest::of(b""),
            fault: Some(Localized::new("cause-tls-expired")),
            remark: None,
        };
        let observation = crate::model::Observation {
            target: target.id.clone(),
            profile: Profile::Desktop,
            at,
            vantage: String::new(),
            elapsed_ms: 0,
            hops: Vec::new(),
            certificate: Some(certificate),
            face: Default::default(),
            seen: Seen::Answered(answer),
        };
        let fetched = Fetched {
            observation,
            body: Some(body),
            partial: None,
            broken: None,
            held: None,
        };
        (target, fetched)
    }

    #[test]
    fn only_a_page_that_was_read_to_its_end_is_cached() {
        let ordinary = "<h1>Cổng thông tin</h1>";
        let deep = "<b>".repeat(600);
        for (page, crude, cached) in [
            (ordinary, false, true),
            (deep.as_str(), false, false),
            (ordinary, true, false),
        ] {
            let (target, fetched) = visit(page);
            let target_state = TargetState::new(target.id.clone());
            let case = Case::of(Known {
                target: &target,
                target_state: &target_state,
                first: None,
                shown: None,
                at: jiff::Timestamp::UNIX_EPOCH,
            });
            let look = match crude {
                true => read_crudely(&case, &fetched, "2 s"),
                false => read(&case, &fetched),
            };
            // the certificate hides which limit a page went over
            assert_eq!(look.class, Class::Tls);
            assert_eq!(judgement(&look).is_some(), cached, "{page:.30}");
        }
    }
}
