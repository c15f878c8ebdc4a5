//! Judges one page as several visitors see it: content for only some of them is cloaked.

use super::{Expect, judge};
use crate::{
    diff::Norm,
    model::{Profile, Say, Signal, Verdict},
    page::Page,
};

/// Judges the page of each visitor and returns the gravest verdict. If that one rings and the verdict of another
/// visitor does not, the signal `cloaked` is added.
pub fn judge_all(seen: &[(Profile, &Page)], norm: &Norm, expect: &Expect) -> Verdict {
    let mut verdicts: Vec<(Profile, Verdict)> = seen
        .iter()
        .map(|(profile, page)| (*profile, judge(page, norm, expect)))
        .collect();
    let calm = verdicts.iter().any(|(_, it)| !it.level.rings());
    verdicts.sort_by(|a, b| {
        (b.1.level, b.1.score)
            .partial_cmp(&(a.1.level, a.1.score))
            .unwrap_or(std::cmp::Ordering::Equal)
    });
    let Some((profile, mut verdict)) = verdicts.into_iter().next() else {
        return Verdict::default();
    };
    if calm && verdict.level.rings() && seen.len() > 1 {
        verdict.signals.push(Signal {
            name: "cloaked".to_owned(),
            weight: 0.0,
            say: Say::new("signal-cloaked").with("profile", profile.as_str()),
            excerpt: profile.as_str().to_owned(),
        });
    }
    verdict
}
