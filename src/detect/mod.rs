//! Change to signals to verdict. Pure and explainable: every verdict is the sum of named signals.
//!
//! [`judge`] is the entry. A signal is one file under `signals/`; its weight is one row of `weigh`.

mod expect;
pub mod hosts;
pub mod language;
pub mod phrases;
pub mod profiles;
pub mod signals;
pub mod site;
pub mod state;
pub mod tone;
mod view;
pub mod weigh;

pub use expect::{Delivery, Expect, Role};
pub use view::{Code, Found, Place, Text, View};
pub use weigh::Reckoning;

use crate::{
    diff::Norm,
    model::{Say, Signal, Verdict, verdict::State},
    page::Page,
};

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

/// Judges like [`judge`], and where that finds nothing to ring for, asks once more of `reference` what was planted: a
/// page may have been changed in steps too small to ring, each learnt as normal (`reference` = the looks that a person
/// approved), or may show one visitor what it shows no other (`reference` = what the first visitor is shown).
pub fn judge_beside(
    page: &Page,
    norm: &Norm,
    reference: Option<(&Norm, Beside)>,
    expect: &Expect,
) -> Verdict {
    let verdict = judge(page, norm, expect);
    let Some((reference, why)) = reference else {
        return verdict;
    };
    if verdict.level.rings() || verdict.state != State::Ordinary || reference.looks == 0 {
        return verdict;
    }
    let planted: Vec<&dyn Detector> = signals::ALL
        .iter()
        .filter(|it| PLANTED.contains(&it.name()))
        .copied()
        .collect();
    let view = View::new(page, reference, expect);
    let state = state::of(&view);
    let mut beside = weigh::reckon(&view, state, &planted).verdict(&weigh::TABLE);
    if !beside.level.rings() {
        return verdict;
    }
    beside.signals.push(Signal {
        name: why.as_str().to_owned(),
        weight: 0.0,
        say: Say::new(&format!("signal-{}", why.as_str())),
        excerpt: String::new(),
    });
    beside
}

/// What a page is compared with besides its own norm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beside {
    /// The looks that a person approved, without what was learnt since.
    Approved,
    /// What the first visitor is shown.
    FirstProfile,
}

impl Beside {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "creeping",
            Self::FirstProfile => "cloaked",
        }
    }
}

/// Signals of things that somebody put there and that add up: honest drift brings none of them, however long it goes
/// on. A phrase is not among them: it rings when it comes or never.
const PLANTED: &[&str] = &[
    "redirect",
    "packed-script",
    "foreign-script",
    "foreign-loader",
    "foreign-frame",
    "foreign-form",
    "asks-secrets",
    "hidden-links",
    "spam",
    "foreign-links",
    "canonical",
    "download",
];

/// What [`judge`] weighs, before it is weighed.
pub fn reckon(page: &Page, norm: &Norm, expect: &Expect) -> Reckoning {
    let view = View::new(page, norm, expect);
    let state = state::of(&view);
    weigh::reckon(&view, state, signals::ALL)
}
