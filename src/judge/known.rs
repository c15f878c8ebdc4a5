//! What is known of a target before a page is judged.

use std::sync::Arc;

use jiff::Timestamp;

use crate::{
    detect::{
        self,
        shown::{FirstVisitor, Shown},
    },
    diff::Norm,
    model::{Digest, Fleet, LookRef, Mask, Target, TargetState, lead::Reached, pin::Ruling},
    page::Sheets,
};

/// What is known of a target, as far as it costs nothing to know.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    pub target: &'a Target,
    /// What is remembered of the visitor that looks.
    pub target_state: &'a TargetState,
    /// What is remembered of the first visitor, where another one looks.
    pub first: Option<&'a TargetState>,
    /// What the first visitor was shown just now, where another one looks and the first one's page is well.
    pub shown: Option<&'a Arc<Shown>>,
    /// When the look began.
    pub at: Timestamp,
}

/// A second norm that a page is compared with: see [`detect::judge_against`].
pub type Reference = (Arc<Norm>, detect::ReferenceKind);

/// All that a page is read and judged with. Owned: it goes to another thread.
#[derive(Clone, Debug)]
pub struct Case {
    pub target: Target,
    pub target_state: TargetState,
    pub at: Timestamp,
    /// What is normal for the target; empty where nothing is known.
    pub norm: Arc<Norm>,
    pub reference: Option<Reference>,
    /// Where the page varies; `None` where that is not learnt yet.
    pub mask: Option<Arc<Mask>>,
    /// The first visitor, where another one looks.
    pub beside: Option<FirstVisitor>,
    /// Whether other visitors look after this one, and are compared with it.
    pub others_follow: bool,
    /// What was fetched at the places that the page newly leads to; empty where nothing was.
    pub reached: Arc<[Reached]>,
    /// What officers decided about facts of the page.
    pub rulings: Arc<[Ruling]>,
    /// Style sheets of the portal, as they are now.
    pub sheets: Arc<Sheets>,
    /// What other portals use, and how.
    pub fleet: Arc<Fleet>,
}

impl Case {
    /// A case of what is known, without norm or mask.
    pub fn of(known: Known<'_>) -> Self {
        Self {
            target: known.target.clone(),
            target_state: known.target_state.clone(),
            at: known.at,
            norm: Arc::default(),
            reference: None,
            mask: None,
            beside: None,
            others_follow: known.first.is_none() && known.target.settings.profiles.len() > 1,
            reached: Arc::default(),
            rulings: rulings(known).into(),
            sheets: Arc::default(),
            fleet: Arc::default(),
        }
    }

    /// What is expected of the target's pages, by the operator and by what other portals do.
    pub(super) fn expected(&self) -> detect::Expectations {
        detect::Expectations {
            fleet: self.fleet.clone(),
            rulings: self.rulings.clone(),
            ..detect::Expectations::of(&self.target)
        }
    }

    /// Sets the norms of this visitor and of the first one.
    pub fn compare(
        &mut self,
        norm: Arc<Norm>,
        reference: Option<Reference>,
        shown: Option<&Arc<Shown>>,
    ) {
        if let (Some((first, detect::ReferenceKind::FirstProfile)), Some(shown)) =
            (&reference, shown)
        {
            self.beside = Some(FirstVisitor {
                shown: shown.clone(),
                first: first.clone(),
                own: norm.clone(),
            });
        }
        self.norm = norm;
        self.reference = reference;
    }

    /// The part of it that costs nothing to know.
    pub fn known(&self) -> Known<'_> {
        Known {
            target: &self.target,
            target_state: &self.target_state,
            first: None,
            shown: None,
            at: self.at,
        }
    }
}

/// What officers decided about facts of a portal's page. Each visitor is shown the same facts.
pub(super) fn rulings<'a>(known: Known<'a>) -> &'a [Ruling] {
    &known.first.unwrap_or(known.target_state).pins
}

/// Looks that a page is compared with: the baseline's, or those gathered for one.
pub fn known_looks(target_state: &TargetState) -> impl Iterator<Item = &LookRef> {
    let gathered = target_state.learning.iter();
    target_state
        .baseline
        .iter()
        .flat_map(|it| it.looks())
        .chain(gathered.filter(|_| target_state.baseline.is_none()))
}

/// The digest of what the operator expects of a target's pages besides being as they were (`ignore`, `must_contain`,
/// `allow_hosts`): a page that was judged under other expectations is judged anew.
pub fn expectations(target: &Target) -> Digest {
    let lists = [&target.ignore, &target.must_contain, &target.allow_hosts];
    let parts = lists
        .into_iter()
        .flat_map(|it| it.iter().map(String::as_bytes).chain([b"\n".as_slice()]));
    Digest::of_parts(parts)
}

/// The digest of all that a mask is learnt from: the known looks, and the expectations under which they were judged.
pub fn mask_source(target_state: &TargetState, expectations: &Digest) -> Digest {
    let looks = known_looks(target_state).map(|it| it.digest.bytes().as_slice());
    Digest::of_parts(looks.chain([expectations.bytes().as_slice()]))
}
