//! Learnt norms, kept at hand for targets that change often.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use crate::{
    diff::Norm,
    model::{Digest, Dossier, LookRef, Target, TargetId},
    page::{self, Source},
    store::Evidence,
};

/// The looks a norm was made from, and the norm.
type Known = (Vec<Digest>, Arc<Norm>);

/// One is some 100 KB, and is made from its bodies in some 10 ms.
const KEPT: usize = 256;

pub struct Norms {
    evidence: Evidence,
    known: Mutex<HashMap<TargetId, Known>>,
}

impl Norms {
    pub fn new(evidence: Evidence) -> Self {
        Self {
            evidence,
            known: Mutex::default(),
        }
    }

    /// Made from the bodies of the baseline. Bodies that are gone or damaged are told and left out, and
    /// what was made without them is not kept: they may come back.
    pub fn of(&self, target: &Target, dossier: &Dossier) -> Arc<Norm> {
        let looks: Vec<LookRef> = match &dossier.baseline {
            Some(baseline) => baseline.looks().cloned().collect(),
            None => dossier.learning.clone(),
        };
        let digests: Vec<Digest> = looks.iter().map(|it| it.digest).collect();
        let cached = self
            .known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&target.id)
            .cloned();
        if let Some((of, norm)) = cached
            && of == digests
        {
            return norm;
        }
        let mut pages = Vec::new();
        let mut whole = true;
        for look in &looks {
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
                    whole = false;
                    tracing::error!(target.id = %target.id, %error, "a page of the baseline cannot be read; approve the target anew");
                }
            }
        }
        let norm = Arc::new(Norm::learn(&pages));
        if whole {
            self.keep(target.id.clone(), (digests, norm.clone()));
        }
        norm
    }

    fn keep(&self, target: TargetId, known: Known) {
        let mut all = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= KEPT
            && let Some(other) = all.keys().next().cloned()
        {
            all.remove(&other);
        }
        all.insert(target, known);
    }
}
