//! Learns, beside the looks, where a target's pages vary. A look waits a few seconds at most for the new mask.

use std::{sync::Arc, time::Duration};

use tokio::{sync::oneshot, time::timeout};

use crate::{
    judge::{self, Known},
    model::Mask,
    store::{Commit, Store},
    world::{
        in_progress::InProgress,
        norm_cache::NormCache,
        workers::{Unfinished, Workers},
    },
};

/// The longest that a look waits for its mask, which lets most pages through unread. Where many jobs wait for the workers,
/// the page is judged first.
const LOOK_WAITS: Duration = Duration::from_secs(3);

/// Makes masks on the workers, one job a target.
pub struct MaskUpdates {
    norms: Arc<NormCache>,
    workers: Arc<Workers>,
    store: Arc<dyn Store>,
    in_progress: InProgress,
}

impl MaskUpdates {
    /// Updates that read pages through `norms`, run on `workers` and keep late masks in `store`.
    pub fn new(norms: Arc<NormCache>, workers: Arc<Workers>, store: Arc<dyn Store>) -> Self {
        Self {
            norms,
            workers,
            store,
            in_progress: InProgress::default(),
        }
    }

    /// Learns the mask of the looks that are known now. `None` after [`LOOK_WAITS`]: the mask is kept for later looks then.
    /// A job over its time limit leaves a mask that lets no page through until other looks are known.
    pub(crate) async fn learn(
        &self,
        known: Known<'_>,
        earlier: Option<Arc<Mask>>,
    ) -> Option<Arc<Mask>> {
        let target_state = known.target_state;
        let of = judge::mask_source(target_state, &judge::expectations(known.target));
        let mark = self.in_progress.begin(&target_state.target)?;
        let (norms, workers) = (self.norms.clone(), self.workers.clone());
        let store = self.store.clone();
        let (send, receive) = oneshot::channel();
        let target_state = target_state.clone();
        tokio::spawn(async move {
            let target = target_state.target.clone();
            let approved = target_state.baseline.as_ref().map(|it| it.at);
            let work = move || {
                let mut new = norms.mask(&target_state, of);
                if let Some(earlier) = &earlier {
                    new.remember(earlier);
                }
                new
            };
            let new = match workers.run_learning(&target, work).await {
                Ok(new) => Arc::new(new),
                Err(Unfinished::Stopped) => return,
                Err(why) => {
                    tracing::info!(target.id = %target, %why, "where the page varies cannot be learnt; it is read at each look");
                    Arc::new(Mask::blank(of, approved))
                }
            };
            // the look has given up waiting: the next one finds the mask in the store
            if let Err(new) = send.send(new) {
                let commit = Commit {
                    mask: Some((target, new.as_ref().clone())),
                    ..Commit::default()
                };
                if let Err(error) = store.commit(commit).await {
                    tracing::debug!(%error, "a mask cannot be kept");
                }
            }
            drop(mark);
        });
        timeout(LOOK_WAITS, receive).await.ok()?.ok()
    }
}
