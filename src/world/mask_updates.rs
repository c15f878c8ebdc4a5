//! Lessons on where a target's pages vary, learnt beside the looks: a judgement waits for one a few seconds at most.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{sync::oneshot, time::timeout};

use crate::{
    judge::{self, Known},
    model::{Mask, TargetId},
    store::Commit,
    world::{World, workers::Unfinished},
};

/// How long a look waits for a lesson, which lets most pages through unread. Where many jobs wait at the desks, the
/// page is judged first.
const SOON: Duration = Duration::from_secs(3);

/// Targets with a lesson under way, one lesson each.
#[derive(Clone, Default)]
pub struct Lessons(Arc<Mutex<HashSet<TargetId>>>);

pub(crate) struct UnderWay(Lessons, TargetId);

impl Lessons {
    pub(crate) fn begin(&self, of: &TargetId) -> Option<UnderWay> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(of.clone())
            .then(|| UnderWay(self.clone(), of.clone()))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut all = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(&self.1);
    }
}

/// Learns the mask of the looks that are known now. `None` where that takes longer than `SOON`: the mask is kept for
/// later looks then. A lesson over its time leaves a mask that lets no page through until other looks are known.
pub(crate) async fn learn(
    world: &World,
    known: Known<'_>,
    earlier: Option<Arc<Mask>>,
) -> Option<Arc<Mask>> {
    let dossier = known.dossier;
    let of = judge::mask_source(dossier, &judge::expectations(known.target));
    let under_way = world.lessons.begin(&dossier.target)?;
    let (norms, desks, store) = (world.norms(), world.desks.clone(), world.store.clone());
    let (tell, told) = oneshot::channel();
    let dossier = dossier.clone();
    tokio::spawn(async move {
        let target = dossier.target.clone();
        let approved = dossier.baseline.as_ref().map(|it| it.at);
        let work = move || {
            let mut new = norms.mask(&dossier, of);
            if let Some(earlier) = &earlier {
                new.remember(earlier);
            }
            new
        };
        let new = match desks.learning(&target, work).await {
            Ok(new) => Arc::new(new),
            Err(Unfinished::Stopped) => return,
            Err(why) => {
                tracing::info!(target.id = %target, %why, "where the page varies cannot be learnt; it is read at each look");
                Arc::new(Mask::blank(of, approved))
            }
        };
        // the look has given up waiting: the next one finds the mask
        if let Err(new) = tell.send(new) {
            let commit = Commit {
                mask: Some((target, new.as_ref().clone())),
                ..Commit::default()
            };
            if let Err(error) = store.commit(commit).await {
                tracing::debug!(%error, "a mask cannot be kept");
            }
        }
        drop(under_way);
    });
    timeout(SOON, told).await.ok()?.ok()
}

#[cfg(test)]
mod tests {
    use crate::world::mask_updates::*;

    #[test]
    fn a_target_has_one_lesson_at_a_time() {
        let lessons = Lessons::default();
        let (a, b): (TargetId, TargetId) = ("a".parse().unwrap(), "b".parse().unwrap());
        let first = lessons.begin(&a);
        assert!(first.is_some() && lessons.begin(&a).is_none());
        assert!(lessons.begin(&b).is_some());
        drop(first);
        assert!(lessons.begin(&a).is_some());
    }
}
