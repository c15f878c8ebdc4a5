//! Learnt norms, kept at hand for targets that change often.

use std::sync::Arc;

use super::paths::known;
use crate::{
    diff::Norm,
    model::{Digest, Dossier, LookRef, Mask, Target, TargetId},
    page::{self, Page, Source},
    store::{Evidence, shelf::Shelf},
};

/// What is normal for a target.
#[derive(Clone)]
pub struct Learnt {
    /// By all looks that are kept.
    pub all: Arc<Norm>,
    /// By the approved ones alone, where others were learnt since.
    pub approved: Option<Arc<Norm>>,
}

/// The looks a norm was made from, and the norm.
type Known = (Vec<Digest>, Learnt);

/// One is some 300 KB, and is made from its bodies in some 50 ms. Twice as many are kept at the most.
const KEPT: usize = 32;

pub struct Norms {
    evidence: Evidence,
    known: Shelf<TargetId, Known>,
}

impl Norms {
    pub fn new(evidence: Evidence) -> Self {
        Self {
            evidence,
            known: Shelf::new(KEPT),
        }
    }

    /// Made from the bodies of the baseline. Bodies that are gone or damaged are told and left out, and
    /// what was made without them is not kept: they may come back.
    pub fn of(&self, target: &Target, dossier: &Dossier) -> Learnt {
        let (approved, learnt) = match &dossier.baseline {
            Some(baseline) => (baseline.approved.as_slice(), baseline.learnt.as_slice()),
            None => (dossier.learning.as_slice(), [].as_slice()),
        };
        let digests: Vec<Digest> = approved.iter().chain(learnt).map(|it| it.digest).collect();
        let cached = self.known.get(&dossier.target);
        if let Some((of, norm)) = cached
            && of == digests
        {
            return norm;
        }
        let mut whole = true;
        let mut pages = self.pages(target, approved, &mut whole);
        let sworn = (!learnt.is_empty()).then(|| Arc::new(Norm::learn(&pages)));
        pages.extend(self.pages(target, learnt, &mut whole));
        let norm = Learnt {
            all: Arc::new(Norm::learn(&pages)),
            approved: sworn,
        };
        // while looks are gathered, each makes another one
        if whole && dossier.baseline.is_some() {
            self.known
                .put(dossier.target.clone(), (digests, norm.clone()));
        }
        norm
    }

    /// The mask of the looks that a target is compared with. Bodies that are gone or damaged are left out: what is
    /// learnt without them lets through less.
    pub fn mask(&self, dossier: &Dossier, of: Digest) -> Mask {
        let bodies: Vec<Vec<u8>> = known(dossier)
            .filter_map(|it| self.evidence.body(&it.digest).ok())
            .collect();
        let bodies: Vec<&[u8]> = bodies.iter().map(Vec::as_slice).collect();
        let approved = dossier.baseline.as_ref().map(|it| it.at);
        Mask::learn(of, approved, &bodies)
    }

    fn pages(&self, target: &Target, looks: &[LookRef], whole: &mut bool) -> Vec<Page> {
        let mut pages = Vec::new();
        for look in looks {
            match self.evidence.body(&look.digest) {
                Ok(bytes) => {
                    let source = Source {
                        bytes: &bytes,
                        content_type: look.content_type.as_deref(),
                        url: &look.url,
                        ignore: &target.ignore,
                    };
                    pages.extend(page::read(source));
                }
                Err(error) => {
                    *whole = false;
                    tracing::error!(target.id = %target.id, %error, "a page of the baseline cannot be read; approve the target anew");
                }
            }
        }
        pages
    }
}
