//! Page bodies on disk: a budget for the pages that a portal teaches, and prompt deletion of those that fall out.
//!
//! Approved pages and the evidence of incidents stay, whatever their size.

use std::{collections::HashSet, sync::Mutex, time::Duration};

use crate::{
    evidence::Evidence,
    model::{Digest, TargetState},
    store::{Store, Wanted},
    world::lock::lock,
};

/// Bytes of one portal's learnt pages, as they lie on disk: five pages of any known portal take a hundredth of it.
const LEARNT: u64 = 64 << 20;
/// Bytes from which a body is deleted within seconds. Smaller ones are left to the sweep at night: a portal that shows
/// other bytes at each look fills no disk with them, and the search for other references to a page costs a walk over
/// all target states.
const LARGE: u64 = 128 << 10;
/// A body younger than this stays: a commit still under way may refer to it.
const SETTLED: Duration = Duration::from_secs(15);
/// Bodies remembered for deletion; past this all are left to the sweep at night.
const MOST: usize = 10_000;

/// Bodies that may have no reference left.
#[derive(Default)]
pub struct Evicted(Mutex<HashSet<Digest>>);

impl Evicted {
    /// Remembers the large bodies that a commit took out of a target's state.
    pub(crate) async fn remember(
        &self,
        evidence: &Evidence,
        before: &TargetState,
        after: &TargetState,
    ) {
        let now = referenced(after);
        let gone = referenced(before).into_iter();
        let gone: Vec<Digest> = gone.filter(|it| !now.contains(it)).collect();
        if gone.is_empty() {
            return;
        }
        let large = evidence.run(move |evidence| {
            let is_large = |it: &Digest| evidence.size(it) >= LARGE;
            gone.into_iter().filter(is_large).collect::<Vec<_>>()
        });
        let large = large.await;
        let mut all = lock(&self.0);
        all.extend(large);
        if all.len() > MOST {
            all.clear();
        }
    }

    /// Deletes remembered bodies that no target state and no incident refers to. The scheduler calls it every half minute: it reads
    /// all target states and incidents where a body waits.
    pub async fn clear(&self, store: &dyn Store, evidence: &Evidence) {
        let waiting = std::mem::take(&mut *lock(&self.0));
        if waiting.is_empty() {
            return;
        }
        let referenced = match all_referenced(store).await {
            Ok(referenced) => referenced,
            Err(error) => {
                tracing::error!(%error, "pages that fell out of the baselines stay for now: what refers to them cannot be read");
                return;
            }
        };
        let young = evidence.run(move |evidence| {
            let gone = waiting.into_iter().filter(|it| !referenced.contains(it));
            let young = gone.filter(|it| !evidence.remove(it, SETTLED));
            young.collect::<Vec<_>>()
        });
        let young = young.await;
        lock(&self.0).extend(young);
    }
}

/// Drops the oldest learnt pages until the rest is within the budget; the latest stays.
pub(crate) fn keep_within_budget(evidence: &Evidence, target_state: &mut TargetState) {
    let Some(baseline) = &mut target_state.baseline else {
        return;
    };
    let mut sizes: Vec<u64> = baseline
        .learnt
        .iter()
        .map(|it| evidence.size(&it.digest))
        .collect();
    while sizes.len() > 1 && sizes.iter().sum::<u64>() > LEARNT {
        sizes.remove(0);
        baseline.learnt.remove(0);
    }
}

/// Bodies that a target's state refers to.
fn referenced(target_state: &TargetState) -> HashSet<Digest> {
    let looks = target_state.baseline.iter().flat_map(|it| it.looks());
    let looks = looks.chain(&target_state.learning).map(|it| it.digest);
    let seen = target_state
        .sightings
        .seen
        .iter()
        .filter_map(|it| it.digest);
    let shown = target_state.sightings.shown.as_ref();
    let page = shown.and_then(|it| it.page.as_ref());
    looks.chain(seen).chain(page.map(|it| it.digest)).collect()
}

/// Bodies that any target state or incident refers to.
///
/// # Errors
///
/// The store's, where target states or incidents cannot be read.
pub async fn all_referenced(store: &dyn Store) -> crate::store::Result<HashSet<Digest>> {
    let mut out = HashSet::new();
    for target_state in store.target_states().await? {
        out.extend(referenced(&target_state));
    }
    for incident in store.incidents(&Wanted::default()).await? {
        out.extend(incident.evidence.iter().map(|it| it.digest));
        out.extend(incident.before.iter().map(|it| it.digest));
        out.extend(incident.led.iter().map(|it| it.digest));
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use crate::{
        model::{Baseline, LookRef},
        world::evicted::*,
    };

    #[test]
    fn the_oldest_learnt_pages_make_room_and_approved_ones_stay() {
        let folder = tempfile::tempdir().unwrap();
        let evidence = Evidence::new(folder.path());
        let look = |n: u8| {
            let mut random = fastrand::Rng::with_seed(n.into());
            let body: Vec<u8> = (0..25 << 20).map(|_| random.u8(..)).collect();
            let digest = evidence.keep(&body).unwrap();
            LookRef {
                digest,
                content: digest,
                shape: digest,
                content_type: None,
                presentation: None,
                url: "https://a.vn/".parse().unwrap(),
                at: jiff::Timestamp::UNIX_EPOCH,
            }
        };
        let looks: Vec<LookRef> = (0..3).map(look).collect();
        let mut target_state = TargetState::new("a".parse().unwrap());
        target_state.baseline = Some(Baseline {
            approved: looks.clone(),
            by: "x".to_owned(),
            at: jiff::Timestamp::UNIX_EPOCH,
            learnt: looks.clone(),
        });
        keep_within_budget(&evidence, &mut target_state);
        let left = target_state.baseline.unwrap();
        assert_eq!(
            (left.approved.len(), left.learnt.as_slice()),
            (3, &looks[1..])
        );
        assert!(!evidence.remove(&looks[0].digest, Duration::from_secs(3600)));
        assert!(evidence.remove(&looks[0].digest, Duration::ZERO));
        assert_eq!(evidence.size(&looks[0].digest), 0);
    }
}
