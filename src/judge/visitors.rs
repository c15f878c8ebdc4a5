//! One portal seen by several visitors: the gravest look counts, and what only some visitors are shown is cloaked.

use super::Look;
use crate::model::{Say, Signal, Standing};

/// Whether the other visitors should look, too, after the first: a portal that is silent to the first visitor costs each
/// of the others a whole time limit.
pub fn goes_on(first: &Look) -> bool {
    !first.class.may_be_our_fault()
}

/// The look that counts, of the first visitor's and those of the others. The first visitor's look is the portal's
/// availability; another's counts only where it shows tampering, and more of it.
pub fn gravest(first: Look, others: impl IntoIterator<Item = Look>) -> Look {
    let is_calm = first.class.standing() == Standing::Up;
    let baseline_at = first.baseline_at;
    let mut worst = first;
    for mut look in others {
        if look.class.standing() != Standing::Tampered {
            continue;
        }
        if is_calm && !look.verdict.signals.iter().any(|it| it.name == "cloaked") {
            let profile = look.observation.profile.as_str();
            look.verdict.signals.push(Signal {
                name: "cloaked".to_owned(),
                weight: 0.0,
                say: Say::new("signal-cloaked").with("profile", profile),
                excerpt: profile.to_owned(),
            });
        }
        let gravity = |it: &Look| (it.verdict.level, it.verdict.score);
        let is_graver =
            worst.class.standing() != Standing::Tampered || gravity(&look) > gravity(&worst);
        if is_graver {
            // the decision rests on the target's own baseline
            look.baseline_at = baseline_at;
            worst = look;
        }
    }
    worst
}
