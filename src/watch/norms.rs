//! Learnt norms. What each look of a baseline left in its norm is kept beside the store, so that bodies are read again only
//! where that was lost.

use std::sync::Arc;

use super::paths::known;
use crate::{
    diff::{Imprint, Imprints, Norm, imprint::EDITION, imprints},
    model::{Digest, Dossier, LookRef, Mask, Target, TargetId},
    page::{self, Source},
    store::{Derived, Evidence, shelf::Shelf},
};

/// What is normal for a target.
#[derive(Clone)]
pub struct Learnt {
    /// By all looks that are kept.
    pub all: Arc<Norm>,
    /// By the approved ones alone, where others were learnt since.
    pub approved: Option<Arc<Norm>>,
}

/// One is some 300 KB, and is made from its imprints in some 2 ms. Twice as many are kept at the most.
const AT_HAND: usize = 16;

pub struct Norms {
    evidence: Evidence,
    derived: Derived,
    at_hand: Shelf<TargetId, (Vec<Digest>, Learnt)>,
}

impl Norms {
    pub fn new(evidence: Evidence, derived: Derived) -> Self {
        Self {
            evidence,
            derived,
            at_hand: Shelf::new(AT_HAND),
        }
    }

    /// Made from the looks of the baseline. Bodies that are gone or damaged are told and left out, and what was made
    /// without them is not kept: they may come back.
    pub fn of(&self, target: &Target, dossier: &Dossier) -> Learnt {
        let (approved, learnt) = match &dossier.baseline {
            Some(baseline) => (baseline.approved.as_slice(), baseline.learnt.as_slice()),
            None => (dossier.learning.as_slice(), [].as_slice()),
        };
        let looks = || approved.iter().chain(learnt);
        let names: Vec<Digest> = looks().map(|it| name(target, it)).collect();
        if let Some((of, norm)) = self.at_hand.get(&dossier.target)
            && of == names
        {
            return norm;
        }
        let kept = self.kept(&dossier.target);
        let (mut new, mut sworn) = (0, 0);
        let mut imprints = Imprints::new();
        for (at, (look, name)) in looks().zip(&names).enumerate() {
            let last = at + 1 == names.len();
            let mut known = kept.iter().filter(|it| it.0 == *name);
            if let Some((_, known)) = known.find(|it| !last || it.1.lines.is_some()) {
                imprints.push((*name, known.clone()));
            } else if let Some(made) = self.read(target, look) {
                new += 1;
                imprints.push((*name, Arc::new(made)));
            }
            if at < approved.len() {
                sworn = imprints.len();
            }
        }
        let whole = imprints.len() == names.len();
        if new > 0 {
            self.keep(&dossier.target, &imprints);
        }
        let looks: Vec<&Imprint> = imprints.iter().map(|it| it.1.as_ref()).collect();
        let norm = if learnt.is_empty() {
            Learnt {
                all: Arc::new(Norm::of(looks)),
                approved: None,
            }
        } else {
            let (all, alone) = Norm::of_both(&looks, sworn);
            Learnt {
                all: Arc::new(all),
                approved: Some(Arc::new(alone)),
            }
        };
        // while looks are gathered, each makes another one
        if whole && dossier.baseline.is_some() {
            self.at_hand
                .put(dossier.target.clone(), (names, norm.clone()));
        }
        norm
    }

    /// Keeps what a look left that became one of the dossier's.
    pub fn took(&self, target: &Target, dossier: &Dossier, look: &LookRef, left: Arc<Imprint>) {
        let names: Vec<Digest> = known(dossier).map(|it| name(target, it)).collect();
        let new = name(target, look);
        if !names.contains(&new) {
            return;
        }
        let mut kept = self.kept(&dossier.target);
        kept.retain(|it| names.contains(&it.0) && it.0 != new);
        kept.push((new, left));
        self.keep(&dossier.target, &kept);
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

    fn kept(&self, of: &TargetId) -> Imprints {
        let bytes = self.derived.get(of);
        bytes.map(|it| imprints::read(&it)).unwrap_or_default()
    }

    fn keep(&self, of: &TargetId, kept: &Imprints) {
        let written = imprints::write(kept)
            .map_err(|error| error.to_string())
            .and_then(|it| self.derived.put(of, &it).map_err(|it| it.to_string()));
        if let Err(error) = written {
            tracing::debug!(target.id = %of, %error, "what the looks left cannot be kept; they are read again");
        }
    }

    /// `None` where there is no page to be read.
    fn read(&self, target: &Target, look: &LookRef) -> Option<Imprint> {
        match self.evidence.body(&look.digest) {
            Ok(bytes) => {
                let source = Source {
                    bytes: &bytes,
                    content_type: look.content_type.as_deref(),
                    url: &look.url,
                    ignore: &target.ignore,
                };
                page::read(source).ok().map(|it| Imprint::of(&it))
            }
            Err(error) => {
                tracing::error!(target.id = %target.id, %error, "a page of the baseline cannot be read; approve the target anew");
                None
            }
        }
    }
}

/// All that reading a look depends on, the program included.
fn name(target: &Target, look: &LookRef) -> Digest {
    let parts = [
        look.digest.bytes().as_slice(),
        look.url.as_str().as_bytes(),
        look.content_type.as_deref().unwrap_or_default().as_bytes(),
        env!("CARGO_PKG_VERSION").as_bytes(),
        &EDITION.to_le_bytes(),
    ];
    let ignored = target.ignore.iter().map(String::as_bytes);
    Digest::of_parts(parts.into_iter().chain(ignored))
}
