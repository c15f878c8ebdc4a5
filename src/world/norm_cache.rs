//! Cache of learnt norms. The features of each look of a baseline are kept in files beside the store, so that page bodies are
//! read again only where those files are lost.

use std::sync::Arc;

use crate::{
    diff::{FeatureSets, Features, Norm, features::FORMAT, features_codec},
    evidence::{CacheFiles, Evidence},
    judge::{Look, known_looks},
    model::{Digest, LookRef, Mask, Target, TargetId, TargetState},
    page,
    page::{Sheets, Source, cancel},
    store::cache::Cache,
    world::{
        in_progress::InProgress,
        sheet_cache::{Set, SheetCache},
        workers::{Unfinished, Workers},
    },
};

/// What is normal for a target.
#[derive(Clone, Default)]
pub struct LearntNorm {
    /// From all looks that are kept.
    pub all: Arc<Norm>,
    /// From the approved looks alone, where others were learnt since.
    pub approved: Option<Arc<Norm>>,
}

impl LearntNorm {
    fn bytes(&self) -> usize {
        self.all.bytes() + self.approved.as_ref().map_or(0, |it| it.bytes())
    }
}

/// Bytes of norms in memory; the cache holds at most twice this. The norm of an ordinary portal takes some 300 KB and is made
/// from its features in some 2 ms; a hostile portal's may take more than the whole budget, and is made anew each time.
const IN_MEMORY: usize = 12 << 20;

/// A look with a page that must be read before a norm can be made: its reference, and the name of its features.
type Unread = (LookRef, Digest);

/// Norms in memory, features in files.
pub struct NormCache {
    evidence: Evidence,
    files: CacheFiles,
    sheets: Arc<SheetCache>,
    in_progress: InProgress,
    in_memory: Cache<TargetId, (Vec<Digest>, LearntNorm)>,
}

impl NormCache {
    /// An empty cache over page bodies and files of features.
    pub fn new(evidence: Evidence, files: CacheFiles, sheets: Arc<SheetCache>) -> Self {
        Self {
            evidence,
            files,
            sheets,
            in_progress: InProgress::default(),
            in_memory: Cache::weighing(IN_MEMORY, |(_, learnt)| learnt.bytes()),
        }
    }

    /// The norm of a target, made on the workers. Each page that must be read for it is a job of its own, with its own time
    /// limit; a page over its limit is left out.
    ///
    /// # Errors
    ///
    /// The reason for which the work on the norm itself did not end.
    pub(crate) async fn learnt(
        self: &Arc<Self>,
        workers: &Workers,
        target: &Target,
        target_state: &TargetState,
    ) -> Result<LearntNorm, Unfinished> {
        if target.part.is_none() {
            self.sheets.known(&target.id).await;
        }
        if let Some(known) = self.in_memory(target, target_state) {
            return Ok(known);
        }
        let sheets = match self.style(target) {
            Some(_) => self.sheets.sheets(workers, &target.id, Set::Learnt).await,
            None => Arc::default(),
        };
        let case = Arc::new((self.clone(), target.clone(), target_state.clone()));
        let of = case.clone();
        let made = workers.run_limited(&target_state.target, move || {
            let (norms, target, target_state) = of.as_ref();
            norms.build(target, target_state, None)
        });
        let unread = match made.await? {
            Ok(known) => return Ok(known),
            Err(unread) => unread,
        };
        let mut read = FeatureSets::new();
        for (look, name) in unread {
            let (of, sheets) = (case.clone(), sheets.clone());
            let made = workers.run_limited(&target_state.target, move || {
                of.0.read_features(&of.1, &look, &sheets)
            });
            match made.await {
                Ok(Some(made)) => read.push((name, Arc::new(made))),
                Ok(None) => (),
                Err(why) => {
                    tracing::warn!(target.id = %target.id, %why, "a page of the baseline is left out: it cannot be read in time; approve the target anew");
                }
            }
        }
        let made = workers.run_limited(&target_state.target, move || {
            let (norms, target, target_state) = case.as_ref();
            norms.build(target, target_state, Some(&read))
        });
        Ok(made.await?.unwrap_or_default())
    }

    /// Records the features of a look's page, once the page is part of the target's state. The look does not wait: this work comes
    /// after all judgements, and a page without recorded features is read again.
    pub(crate) fn record(
        self: &Arc<Self>,
        workers: &Arc<Workers>,
        target: &Target,
        target_state: &TargetState,
        look: &Look,
    ) {
        let (Some(seen), Some(features)) = (look.seen.clone(), look.features.clone()) else {
            return;
        };
        let Some(mark) = self.in_progress.begin(&target_state.target) else {
            return;
        };
        let (norms, workers) = (self.clone(), workers.clone());
        let (target, target_state) = (target.clone(), target_state.clone());
        tokio::spawn(async move {
            let id = target.id.clone();
            let work = move || norms.store_look(&target, &target_state, &seen, features);
            if let Err(error) = workers.run_learning(&id, work).await {
                tracing::debug!(%error, "what a look leaves in the norm is not kept; its page will be read again");
            }
            drop(mark);
        });
    }

    /// Identifies the style sheets with which a target's looks are read; parts of a portal are read without.
    fn style(&self, target: &Target) -> Option<Digest> {
        let whole = target.part.is_none();
        whole.then(|| self.sheets.digest(&target.id, Set::Learnt))?
    }

    fn names(&self, target: &Target, target_state: &TargetState) -> Vec<Digest> {
        let style = self.style(target);
        let looks = known_looks(target_state);
        looks.map(|it| name(target, it, style)).collect()
    }

    /// The norm of a target's looks, where it is in memory.
    fn in_memory(&self, target: &Target, target_state: &TargetState) -> Option<LearntNorm> {
        let (of, norm) = self.in_memory.get(&target_state.target)?;
        (of == self.names(target, target_state)).then_some(norm)
    }

    /// Makes the norm of the baseline's looks from their kept features, and from `read`, those read just now. Without
    /// `read`, fails with the looks to be read first. Bodies that are gone or damaged are left out; a norm made without
    /// them is not kept, since they may come back.
    fn build(
        &self,
        target: &Target,
        target_state: &TargetState,
        read: Option<&FeatureSets>,
    ) -> Result<LearntNorm, Vec<Unread>> {
        let (approved, learnt) = match &target_state.baseline {
            Some(baseline) => (baseline.approved.as_slice(), baseline.learnt.as_slice()),
            None => (target_state.learning.as_slice(), [].as_slice()),
        };
        let looks = || approved.iter().chain(learnt);
        let style = self.style(target);
        let names: Vec<Digest> = looks().map(|it| name(target, it, style)).collect();
        let kept = self.stored(&target_state.target);
        let (mut new, mut from_approved) = (0, 0);
        let mut unread = Vec::new();
        let mut feature_sets = FeatureSets::new();
        for (at, (look, name)) in looks().zip(&names).enumerate() {
            let last = at + 1 == names.len();
            let mut known = kept.iter().filter(|it| it.0 == *name);
            let mut made = read.iter().flat_map(|it| it.iter());
            if let Some((_, known)) = known.find(|it| !last || it.1.lines.is_some()) {
                feature_sets.push((*name, known.clone()));
            } else if let Some((_, made)) = made.find(|it| it.0 == *name) {
                new += 1;
                feature_sets.push((*name, made.clone()));
            } else {
                unread.push((look.clone(), *name));
            }
            if at < approved.len() {
                from_approved = feature_sets.len();
            }
        }
        if read.is_none() && !unread.is_empty() {
            return Err(unread);
        }
        let whole = feature_sets.len() == names.len();
        if new > 0 {
            self.store(&target_state.target, &feature_sets);
        }
        let looks: Vec<&Features> = feature_sets.iter().map(|it| it.1.as_ref()).collect();
        let norm = if learnt.is_empty() {
            LearntNorm {
                all: Arc::new(Norm::of(looks)),
                approved: None,
            }
        } else {
            let (all, alone) = Norm::of_both(&looks, from_approved);
            LearntNorm {
                all: Arc::new(all),
                approved: Some(Arc::new(alone)),
            }
        };
        // while looks are gathered, each makes another one
        if whole && target_state.baseline.is_some() {
            self.in_memory
                .insert(target_state.target.clone(), (names, norm.clone()));
        }
        Ok(norm)
    }

    /// Stores the features of a look, if it is one of the state's.
    fn store_look(
        &self,
        target: &Target,
        target_state: &TargetState,
        look: &LookRef,
        features: Arc<Features>,
    ) {
        let names = self.names(target, target_state);
        let new = name(target, look, self.style(target));
        if !names.contains(&new) {
            return;
        }
        let mut kept = self.stored(&target_state.target);
        kept.retain(|it| names.contains(&it.0) && it.0 != new);
        kept.push((new, features));
        self.store(&target_state.target, &kept);
    }

    /// The mask of the looks that a target is compared with. Bodies that are gone or damaged are left out: a mask learnt
    /// without them lets through less.
    pub fn mask(&self, target_state: &TargetState, of: Digest) -> Mask {
        let bodies: Vec<Vec<u8>> = known_looks(target_state)
            .take_while(|_| !cancel::is_cancelled())
            .filter_map(|it| self.evidence.body(&it.digest).ok())
            .filter(|it| Mask::takes(it))
            .collect();
        let bodies: Vec<&[u8]> = bodies.iter().map(Vec::as_slice).collect();
        let approved = target_state.baseline.as_ref().map(|it| it.at);
        Mask::learn(of, approved, &bodies)
    }

    fn stored(&self, of: &TargetId) -> FeatureSets {
        let bytes = self.files.get(of);
        bytes
            .map(|it| features_codec::read(&it))
            .unwrap_or_default()
    }

    fn store(&self, of: &TargetId, kept: &FeatureSets) {
        let written = features_codec::write(kept)
            .map_err(|error| error.to_string())
            .and_then(|it| self.files.put(of, &it).map_err(|it| it.to_string()));
        if let Err(error) = written {
            tracing::debug!(target.id = %of, %error, "what the looks left cannot be kept; they are read again");
        }
    }

    /// Reads the features of a look's page; `None` where the page is gone or unreadable.
    fn read_features(&self, target: &Target, look: &LookRef, sheets: &Sheets) -> Option<Features> {
        match self.evidence.body(&look.digest) {
            Ok(bytes) => {
                let source = Source {
                    bytes: &bytes,
                    content_type: look.content_type.as_deref(),
                    url: &look.url,
                    ignore: &target.ignore,
                };
                let page = page::read_styled(source, sheets);
                page.ok().map(|it| Features::of(&it))
            }
            Err(error) => {
                tracing::error!(target.id = %target.id, %error, "a page of the baseline cannot be read; approve the target anew");
                None
            }
        }
    }
}

/// The name of a look's features: a digest of everything that reading them depends on, the program included.
fn name(target: &Target, look: &LookRef, style: Option<Digest>) -> Digest {
    let parts = [
        look.digest.bytes().as_slice(),
        look.url.as_str().as_bytes(),
        look.content_type.as_deref().unwrap_or_default().as_bytes(),
        env!("CARGO_PKG_VERSION").as_bytes(),
        &FORMAT.to_le_bytes(),
    ];
    let ignored = target.ignore.iter().map(String::as_bytes);
    let style = style.as_ref().map(|it| it.bytes().as_slice());
    Digest::of_parts(parts.into_iter().chain(style).chain(ignored))
}
