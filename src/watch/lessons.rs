//! Where a target's pages vary, learnt beside the looks: who waits for a judgement does not wait for a lesson.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{sync::oneshot, time::timeout};

use super::{World, judging::Unfinished};
use crate::{
    model::{Digest, Dossier, Mask, TargetId},
    store::Commit,
};

/// A look waits so long for a lesson, which lets most pages through unread. Where many wait at the desks, the page is
/// judged first.
const SOON: Duration = Duration::from_secs(3);

/// Lessons under way: one a target.
#[derive(Clone, Default)]
pub struct Lessons(Arc<Mutex<HashSet<TargetId>>>);

struct UnderWay(Lessons, TargetId);

impl Lessons {
    fn begin(&self, of: &TargetId) -> Option<UnderWay> {
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

/// The mask of the looks that are known now. `None` where that does not come soon: it is kept for later looks then. What
/// takes too much work has a mask that lets nothing through, until other looks are known.
pub(super) async fn learn(
    world: &World,
    dossier: &Dossier,
    of: Digest,
    earlier: Option<Arc<Mask>>,
) -> Option<Arc<Mask>> {
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
        // nobody waits any more: the next look finds it
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
    use super::*;

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
