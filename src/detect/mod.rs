//! Change to signals to verdict. Pure and explainable: every verdict is the sum of named signals.
//!
//! [`judge`] is the entry. A signal is one file under `signals/`; its weight is one row of `weigh`.

pub mod hosts;
pub mod language;
pub mod phrases;
pub mod profiles;
pub mod signals;
pub mod state;
pub mod tone;
mod view;
pub mod weigh;

pub use view::{Code, Expect, Found, Place, Text, View};
pub use weigh::Reckoning;

use crate::{diff::Norm, model::Verdict, page::Page};

/// One reason to doubt. Looks at a page and says how strongly it finds what it is named after.
pub trait Detector: Sync {
    /// The name of its file, of its row in `weigh::WEIGHTS` and of its sentence `signal-NAME` in `locales/`.
    fn name(&self) -> &'static str;

    /// `None` where nothing is found.
    fn look(&self, view: &View) -> Option<Found>;
}

/// Judges a page against what is normal for it; `norm` without looks means a page seen for the first time.
pub fn judge(page: &Page, norm: &Norm, expect: &Expect) -> Verdict {
    reckon(page, norm, expect).verdict(&weigh::TABLE)
}

/// What [`judge`] weighs, before it is weighed.
pub fn reckon(page: &Page, norm: &Norm, expect: &Expect) -> Reckoning {
    let view = View::new(page, norm, expect);
    let state = state::of(&view);
    weigh::reckon(&view, state, signals::ALL)
}
