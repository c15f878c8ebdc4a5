//! The marks of an attack: signals that no editor causes.

use super::{
    ReferenceKind,
    weights::{Family, TABLE},
};
use crate::model::Signal;

/// Least weight of a mark. A signal that weighs less explains and decides nothing.
const COUNTS: f64 = 0.3;

/// Whether one of these signals is a mark of an attack. A signal counts as one unless its row names
/// [`Family::OwnDoing`], so that a signal that is added later rings.
pub fn shows_mark(signals: &[Signal]) -> bool {
    signals.iter().any(is_mark)
}

fn is_mark(it: &Signal) -> bool {
    // what only some visitors are shown weighs nothing by itself, and no editor does it
    let is_cloaked = it.name == ReferenceKind::FirstProfile.as_str();
    is_cloaked || it.weight > COUNTS && !TABLE.is(&it.name, Family::OwnDoing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Localized;

    #[test]
    fn a_signal_without_a_family_is_a_mark() {
        let shows = |signals: &[(&str, f64)]| {
            let signals = signals.iter().map(|(name, weight)| Signal {
                name: (*name).to_owned(),
                weight: *weight,
                say: Localized::default(),
                excerpt: String::new(),
            });
            shows_mark(&signals.collect::<Vec<_>>())
        };
        assert!(!shows(&[("replaced", 3.0), ("boast", 0.1)]));
        assert!(shows(&[("replaced", 3.0), ("boast", 0.4)]));
        assert!(shows(&[("replaced", 3.0), ("tomorrow", 0.4)]));
        assert!(shows(&[("cloaked", 0.0)]));
        assert!(!shows(&[("creeping", 0.0)]));
        assert!(!shows(&[]));
    }
}
