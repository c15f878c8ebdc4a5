//! From a change to signals to a verdict. It is pure and explainable: every verdict is the sum of named signals.
//!
//! [`judge`] is the entry. A signal is one file under `signals/`; its weights and families are one row of `weights.tsv`.

mod challenge;
mod code;
mod drawn;
mod expect;
mod familiar;
pub mod fleet;
pub mod hosts;
pub mod language;
pub mod leads;
mod marks;
pub mod phrases;
mod pins;
mod place;
mod programs;
mod question;
pub mod shown;
pub mod signals;
pub mod signature;
pub mod site;
mod standing;
pub mod state;
mod styled;
mod text_shown;
mod texts;
pub mod traces;
pub mod viet;
mod view;
pub mod weigh;
pub mod weights;

pub use code::Code;
pub use expect::{Delivery, Expectations, Role};
pub use marks::shows_mark;
pub use standing::Standing;
pub use texts::{Place, Text};
pub use view::{Found, View};
pub use weigh::Reckoning;
use weights::{Family, TABLE};

use crate::{
    diff::Norm,
    model::{Level, Localized, Signal, Verdict, verdict::State},
    page::Page,
};

/// One signal: a reason to doubt a page.
pub trait Detector: Sync {
    /// The name of its file, of its row in `weights.tsv` and of its sentence `signal-NAME` in `locales/`.
    fn name(&self) -> &'static str;

    /// How strongly the page shows the signal; `None` if it does not.
    fn look(&self, view: &View) -> Option<Found>;
}

/// Judges a page against its norm. A norm without looks means a page seen for the first time.
pub fn judge(page: &Page, norm: &Norm, expect: &Expectations) -> Verdict {
    reckon(page, norm, expect).verdict(&TABLE)
}

/// Judges like [`judge`]. If the result does not ring, compares the page with `reference` as well, by the signals of
/// planted parts alone. A page may have been changed in steps too small to ring, each learnt as normal (`reference` =
/// the looks that a person approved), or may show one visitor what it hides from the others (`reference` = the page of
/// the first visitor).
pub fn judge_against(
    page: &Page,
    norm: &Norm,
    reference: Option<(&Norm, ReferenceKind)>,
    expect: &Expectations,
) -> Verdict {
    let mut verdict = judge(page, norm, expect);
    let Some((reference, why)) = reference else {
        return verdict;
    };
    // a question is about the page that all visitors are shown
    if why == ReferenceKind::FirstProfile && verdict.level == Level::Question {
        verdict.level = Level::Suspect;
    }
    if verdict.level.rings() || verdict.state != State::Ordinary || reference.looks == 0 {
        return verdict;
    }
    let planted: Vec<&dyn Detector> = signals::ALL
        .iter()
        .filter(|it| TABLE.is(it.name(), Family::Planted))
        .copied()
        .collect();
    let view = View::new(page, reference, expect);
    let state = state::of(&view);
    let mut beside = weigh::reckon(&view, state, &planted).verdict(&TABLE);
    if !beside.level.rings() {
        return verdict;
    }
    beside.signals.push(Signal {
        name: why.as_str().to_owned(),
        weight: 0.0,
        say: Localized::new(&format!("signal-{}", why.as_str())),
        excerpt: String::new(),
    });
    beside
}

/// A second reference for a page, besides its own norm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReferenceKind {
    /// The looks that a person approved, without what was learnt since.
    Approved,
    /// The page of the first visitor.
    FirstProfile,
}

impl ReferenceKind {
    /// The signal that a page gets if it rings only against this reference.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "creeping",
            Self::FirstProfile => "cloaked",
        }
    }
}

/// Runs all detectors on a page, without weighing what they find.
pub fn reckon(page: &Page, norm: &Norm, expect: &Expectations) -> Reckoning {
    let view = View::new(page, norm, expect);
    let state = state::of(&view);
    weigh::reckon(&view, state, signals::ALL)
}
