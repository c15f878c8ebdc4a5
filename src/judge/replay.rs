//! Judges pages from files as the service judges them from the network: the rungs of the ladder in their order, for each
//! visitor, over looks that count as approved. No certificate, address or redirect is known.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;

use super::{
    Case, Known, Look, Matched, Memory, could_match, expectations, glance, gravest, mask_source,
    read, read_crudely, recall, unread,
};
use crate::{
    detect::Beside,
    diff::Norm,
    model::{
        Baseline, Digest, Dossier, Fetched, LookRef, Mask, Observation, Presentation, Profile,
        Seen, Target, observation::Answer,
    },
    page::{self, Limit, Page, Source},
};

/// Bounds the time of one piece of work.
pub trait Bounded {
    /// Does the work; `None` where it took too long.
    fn within<T>(&self, work: impl FnOnce() -> T) -> Option<T>;
}

/// No bound: for pages that are known to be ordinary.
pub struct Unbounded;

impl Bounded for Unbounded {
    fn within<T>(&self, work: impl FnOnce() -> T) -> Option<T> {
        Some(work())
    }
}

/// A portal of which earlier pages are known.
pub struct Replay {
    target: Target,
    dossier: Dossier,
    norm: Arc<Norm>,
    mask: Option<Arc<Mask>>,
}

/// An earlier page that was read, with its bytes.
#[derive(Clone, Copy, Debug)]
pub struct Earlier<'a> {
    pub page: &'a Page,
    pub body: &'a [u8],
    pub content_type: Option<&'a str>,
}

impl Replay {
    /// A portal whose `history`, oldest first, counts as approved; empty for a portal seen for the first time. Work over
    /// its bound leaves the norm empty, or lets no page through unread.
    pub fn of(target: Target, history: &[Earlier<'_>], bounded: &impl Bounded) -> Self {
        let mut dossier = Dossier::new(target.id.clone());
        if history.is_empty() {
            return Self {
                target,
                dossier,
                norm: Arc::default(),
                mask: None,
            };
        }
        dossier.baseline = Some(Baseline {
            approved: history.iter().map(|it| look_ref(it, &target)).collect(),
            by: "files".to_owned(),
            at: Timestamp::UNIX_EPOCH,
            learnt: Vec::new(),
        });
        let expected = expectations(&target);
        dossier.expects = Some(expected);
        let of = mask_source(&dossier, &expected);
        let bodies: Vec<&[u8]> = history.iter().map(|it| it.body).collect();
        let at = Some(Timestamp::UNIX_EPOCH);
        let mask = bounded.within(|| Mask::learn(of, at, &bodies));
        let norm = bounded.within(|| Norm::learn(history.iter().map(|it| it.page)));
        Self {
            mask: Some(Arc::new(mask.unwrap_or_else(|| Mask::blank(of, at)))),
            norm: Arc::new(norm.unwrap_or_default()),
            target,
            dossier,
        }
    }

    /// A portal whose earlier pages are read here; those over a limit teach nothing.
    pub fn reading(target: Target, history: &[Bytes]) -> Self {
        let pages: Vec<(Page, &Bytes)> = history
            .iter()
            .filter_map(|body| {
                let source = Source {
                    bytes: body,
                    content_type: None,
                    url: &target.url,
                    ignore: &target.ignore,
                };
                Some((page::read(source).ok()?, body))
            })
            .collect();
        let earlier: Vec<Earlier<'_>> = pages
            .iter()
            .map(|(page, body)| Earlier {
                page,
                body,
                content_type: None,
            })
            .collect();
        Self::of(target, &earlier, &Unbounded)
    }

    /// The portal as it is judged.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// What is normal for the portal.
    pub fn norm(&self) -> &Norm {
        &self.norm
    }

    /// Judges what each visitor is shown, the first one's page as the portal's own, and returns the look that counts;
    /// `None` without a visitor.
    pub fn judge(
        &self,
        seen: &[(Profile, Bytes)],
        content_type: Option<&str>,
        bounded: &impl Bounded,
    ) -> Option<Look> {
        let mut looks = seen.iter().enumerate().map(|(at, (profile, body))| {
            let first = (at > 0).then_some(&self.dossier);
            let fetched = self.fetched(*profile, body, content_type);
            self.look(first, &fetched, bounded)
        });
        let first = looks.next()?;
        Some(gravest(first, looks))
    }

    fn look(&self, first: Option<&Dossier>, fetched: &Fetched, bounded: &impl Bounded) -> Look {
        let known = Known {
            target: &self.target,
            dossier: &self.dossier,
            first,
            at: Timestamp::UNIX_EPOCH,
        };
        if let Some(look) = glance(known, fetched) {
            return look;
        }
        let memory = Memory {
            matched: self.matched(known, fetched, bounded),
            judgement: None,
        };
        if let Some(look) = recall(known, fetched, &memory) {
            return look;
        }
        let mut case = Case::of(known);
        case.norm = self.norm.clone();
        case.mask.clone_from(&self.mask);
        case.reference = first.map(|_| (self.norm.clone(), Beside::FirstProfile));
        bounded
            .within(|| read(&case, fetched))
            .or_else(|| bounded.within(|| read_crudely(&case, fetched, Limit::Time)))
            .unwrap_or_else(|| unread(known, fetched, Limit::Time))
    }

    fn matched(
        &self,
        known: Known<'_>,
        fetched: &Fetched,
        bounded: &impl Bounded,
    ) -> Option<Matched> {
        let mask = self.mask.as_ref().filter(|_| could_match(known, fetched))?;
        let body = fetched.body.as_ref()?;
        bounded.within(|| Matched::test(mask, body)).flatten()
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
            at: Timestamp::UNIX_EPOCH,
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
        content_type: earlier.content_type.map(str::to_owned),
        url: target.url.clone(),
        at: Timestamp::UNIX_EPOCH,
        presentation: Some(Presentation::default()),
    }
}
