//! Judges pages from files as the service judges them from the network: the rungs of the ladder in their order, for each
//! visitor, over looks that count as approved. No certificate, address or redirect is known.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;

use super::{
    Candidate, Case, Gravest, Known, Look, expectations, glance, mask_source, read, read_crudely,
    unread,
};
use crate::{
    detect::ReferenceKind,
    diff::Norm,
    model::{
        Baseline, Digest, Fetched, Fleet, LookRef, Mask, Observation, Presentation, Profile, Seen,
        Target, TargetState,
        lead::{Lead, Reached},
        observation::Answer,
        target::Settings,
    },
    page::{self, Limit, Page, Sheets, Source},
};

/// Bounds the time of one piece of work.
pub trait Bounded {
    /// Does the work; `None` where it took too long.
    fn within<T>(&self, work: impl FnOnce() -> T) -> Option<T>;
}

/// No bound: for tests and measurements.
pub struct Unbounded;

impl Bounded for Unbounded {
    fn within<T>(&self, work: impl FnOnce() -> T) -> Option<T> {
        Some(work())
    }
}

/// A portal of which earlier pages are known.
#[derive(Clone)]
pub struct Replay {
    target: Target,
    target_state: TargetState,
    /// `None` if it could not be learnt within its bound.
    norm: Option<Arc<Norm>>,
    mask: Option<Arc<Mask>>,
    /// Its style sheets now, and whether they are others than those with which it was learnt.
    sheets: Arc<Sheets>,
    restyled: bool,
    /// When the page is looked at.
    at: Timestamp,
    fleet: Arc<Fleet>,
}

/// An earlier page that was read, with its bytes.
#[derive(Clone, Copy, Debug)]
pub struct Earlier<'a> {
    pub page: &'a Page,
    pub body: &'a [u8],
}

impl Replay {
    /// Learns a portal from `history`, oldest first, which counts as approved; an empty one stands for a portal seen for the
    /// first time. If learning exceeds its bound, no page passes unread, or none can be judged at all.
    pub fn of(target: Target, history: &[Earlier<'_>], bounded: &impl Bounded) -> Self {
        let mut target_state = TargetState::new(target.id.clone());
        if history.is_empty() {
            return Self {
                target,
                target_state,
                norm: Some(Arc::default()),
                mask: None,
                sheets: Arc::default(),
                restyled: false,
                at: Timestamp::UNIX_EPOCH,
                fleet: Arc::default(),
            };
        }
        target_state.baseline = Some(Baseline {
            approved: history.iter().map(|it| look_ref(it, &target)).collect(),
            by: "files".to_owned(),
            at: Timestamp::UNIX_EPOCH,
            learnt: Vec::new(),
        });
        let expected = expectations(&target);
        target_state.expects = Some(expected);
        let of = mask_source(&target_state, &expected);
        let bodies: Vec<&[u8]> = history.iter().map(|it| it.body).collect();
        let at = Some(Timestamp::UNIX_EPOCH);
        let mask = bounded.within(|| Mask::learn(of, at, &bodies));
        let norm = bounded.within(|| Norm::learn(history.iter().map(|it| it.page)));
        Self {
            mask: Some(Arc::new(mask.unwrap_or_else(|| Mask::blank(of, at)))),
            norm: norm.map(Arc::new),
            target,
            target_state,
            sheets: Arc::default(),
            restyled: false,
            at: Timestamp::UNIX_EPOCH,
            fleet: Arc::default(),
        }
    }

    /// The portal with its style sheets as they are now; `learnt` are those with which its history was read.
    pub fn styled(mut self, sheets: Arc<Sheets>, learnt: &Sheets) -> Self {
        self.restyled = sheets.digest() != learnt.digest();
        self.sheets = sheets;
        self
    }

    /// The portal as it is looked at at a given time. Its earlier pages were approved just then.
    pub fn looked_at(mut self, at: Timestamp) -> Self {
        if let Some(baseline) = &mut self.target_state.baseline {
            baseline.at = at;
        }
        self.at = at;
        self
    }

    /// The portal among others, of which this is known.
    pub fn within(self, fleet: Arc<Fleet>) -> Self {
        Self { fleet, ..self }
    }

    /// Reads the earlier pages and learns a portal from them. Pages over a limit teach nothing.
    pub fn reading(target: Target, history: &[Bytes]) -> Self {
        Self::reading_styled(target, history, &Arc::default())
    }

    /// Like [`Self::reading`], for a portal with style sheets.
    pub fn reading_styled(target: Target, history: &[Bytes], sheets: &Arc<Sheets>) -> Self {
        let pages: Vec<(Page, &Bytes)> = history
            .iter()
            .filter_map(|body| {
                let source = Source {
                    bytes: body,
                    content_type: None,
                    url: &target.url,
                    ignore: &target.ignore,
                };
                Some((page::read_styled(source, sheets).ok()?, body))
            })
            .collect();
        let earlier: Vec<Earlier<'_>> = pages
            .iter()
            .map(|(page, body)| Earlier { page, body })
            .collect();
        Self::of(target, &earlier, &Unbounded).styled(sheets.clone(), sheets)
    }

    /// The portal as it is judged.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// What is normal for the portal; `None` if it could not be learnt within its bound.
    pub fn norm(&self) -> Option<&Norm> {
        self.norm.as_deref()
    }

    /// Judges what each visitor is shown, the first one's page as the portal's own, and returns the look that counts;
    /// `None` without a visitor.
    pub fn judge(
        &self,
        seen: &[(Profile, Bytes)],
        content_type: Option<&str>,
        bounded: &impl Bounded,
    ) -> Option<Look> {
        let mut seen = seen.iter();
        let (profile, body) = seen.next()?;
        let target = Target {
            settings: Settings {
                profiles: seen.clone().map(|it| it.0).chain([*profile]).collect(),
                ..self.target.settings.clone()
            },
            ..self.target.clone()
        };
        let mut known = Known {
            target: &target,
            target_state: &self.target_state,
            first: None,
            shown: None,
            at: self.at,
        };
        let fetched = self.fetched(*profile, body, content_type);
        let first = self.look(known, &fetched, &Arc::default(), bounded);
        let shown = first.to_compare();
        known.first = Some(&self.target_state);
        known.shown = shown.as_ref();
        let mut gravest = Gravest::of(first);
        for (profile, body) in seen {
            let fetched = self.fetched(*profile, body, content_type);
            gravest.add(self.look(known, &fetched, &Arc::default(), bounded));
        }
        Some(gravest.into_look())
    }

    /// Judges like [`Self::judge`]; where the first visitor's page is doubtful, once more with what `fetch` brings from the
    /// places that it newly leads to, `None` from a place that does not answer.
    pub fn judge_and_follow(
        &self,
        seen: &[(Profile, Bytes)],
        content_type: Option<&str>,
        fetch: impl Fn(&Lead) -> Option<Reached>,
        bounded: &impl Bounded,
    ) -> Option<Look> {
        let look = self.judge(seen, content_type, bounded)?;
        let (profile, body) = seen.first()?;
        let reached: Arc<[Reached]> = look.leads.iter().filter_map(fetch).collect();
        if reached.is_empty() || look.observation.profile != *profile {
            return Some(look);
        }
        let known = Known {
            target: &self.target,
            target_state: &self.target_state,
            first: None,
            shown: None,
            at: self.at,
        };
        let fetched = self.fetched(*profile, body, content_type);
        Some(self.look(known, &fetched, &reached, bounded))
    }

    fn look(
        &self,
        known: Known<'_>,
        fetched: &Fetched,
        reached: &Arc<[Reached]>,
        bounded: &impl Bounded,
    ) -> Look {
        if let Some(look) = glance(known, fetched).filter(|_| !self.restyled) {
            return look;
        }
        if !self.restyled
            && let Some(candidate) = Candidate::of(known, fetched, self.mask.as_ref())
            && let Some(body) = &fetched.body
            && bounded.within(|| candidate.mask().fits(body)) == Some(true)
        {
            return candidate.matched(fetched);
        }
        let Some(norm) = &self.norm else {
            return unread(known, fetched, Limit::Time);
        };
        let mut case = Case::of(known);
        case.mask.clone_from(&self.mask);
        let reference = known
            .first
            .map(|_| (norm.clone(), ReferenceKind::FirstProfile));
        case.compare(norm.clone(), reference, known.shown);
        case.reached = reached.clone();
        case.sheets = self.sheets.clone();
        case.fleet = self.fleet.clone();
        bounded
            .within(|| read(&case, fetched))
            .or_else(|| bounded.within(|| read_crudely(&case, fetched, Limit::Time)))
            .unwrap_or_else(|| unread(known, fetched, Limit::Time))
    }

    /// A good answer with this body.
    fn fetched(&self, profile: Profile, body: &Bytes, content_type: Option<&str>) -> Fetched {
        let answer = Answer {
            status: 200,
            final_url: self.target.url.clone(),
            content_type: content_type.map(str::to_owned),
            etag: None,
            last_modified: None,
            bytes: body.len() as u64,
            digest: Some(Digest::of(body)),
            address: None,
            refresh: None,
            presentation: Presentation::default(),
            date: None,
        };
        let observation = Observation {
            target: self.target.id.clone(),
            profile,
            at: self.at,
            vantage: String::new(),
            elapsed_ms: 0,
            hops: Vec::new(),
            certificate: None,
            face: Default::default(),
            seen: Seen::Answered(answer),
        };
        Fetched {
            observation,
            body: Some(body.clone()),
            partial: None,
            broken: None,
            held: None,
        }
    }
}

fn look_ref(earlier: &Earlier<'_>, target: &Target) -> LookRef {
    LookRef {
        digest: Digest::of(earlier.body),
        content: earlier.page.fingerprint.content,
        shape: earlier.page.fingerprint.shape,
        content_type: None,
        url: target.url.clone(),
        at: Timestamp::UNIX_EPOCH,
        presentation: Some(Presentation::default()),
    }
}
