//! When a page that would ring is asked about instead: the change is large, the portal is still recognised in it, and
//! nothing but its structure speaks against it.

use super::{
    View,
    signals::is_familiar,
    weights::{Family, Table},
};
use crate::{diff::features::own_links, model::Signal};

/// Share kept below which a change is large. A stranger's part in a page that is kept otherwise was planted.
const LARGE_BELOW: f64 = 0.6;
/// Log-odds up to which other signals than structural ones leave a question a question: an editor's odd phrase.
const HOSTILE_UP_TO: f64 = 1.0;
/// Least strength of a signal of [`Family::Asked`] that poses a question.
pub(super) const ASKED_FROM: f64 = 0.4;
/// Share of the stable page, and of its links, above which the page is recognised as the portal's.
const OWN_PAGE: f64 = 0.05;
const OWN_LINKS: f64 = 0.1;
/// Fewest links into the portal by which a new layout is recognised.
const FEWEST_LINKS: usize = 6;

/// Whether anything of the portal is recognised in a page: parts, links or words of its known looks, or a new layout
/// that leads into the portal as the old one did. A page without a baseline is not recognised.
pub(super) fn is_recognised(view: &View) -> bool {
    let Some(change) = &view.change else {
        return false;
    };
    let leads_in = own_links(view.page) * 3 >= view.norm.own_links.max(FEWEST_LINKS)
        && view.words * 3 >= view.norm.words;
    change.kept() > OWN_PAGE
        || change.kept_links.is_some_and(|it| it > OWN_LINKS)
        || leads_in
        || is_familiar(view)
        || view.familiar().is_own()
}

/// Whether these signals, which ring together, come from a large change and from nothing else. A planted part that
/// would ring alone is no company of a redesign.
pub(super) fn is_structural(signals: &[Signal], kept: f64, bias: f64, table: &Table) -> bool {
    let is_structural = |it: &&Signal| {
        let rings_alone = table.is(&it.name, Family::Planted) && bias + it.weight >= 0.0;
        table.is(&it.name, Family::Structural) && !rings_alone
    };
    let hostile = signals.iter().filter(|it| !is_structural(it));
    kept < LARGE_BELOW && hostile.map(|it| it.weight).sum::<f64>() <= HOSTILE_UP_TO
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{detect::weights::TABLE, model::Localized};

    fn asks(signals: &[(&str, f64)], kept: f64) -> bool {
        let signal = |(name, weight): &(&str, f64)| Signal {
            name: (*name).to_owned(),
            weight: *weight,
            say: Localized::default(),
            excerpt: String::new(),
        };
        let signals: Vec<Signal> = signals.iter().map(signal).collect();
        is_structural(&signals, kept, TABLE.bias.0, &TABLE)
    }

    #[test]
    fn a_large_change_asks_unless_something_hostile_is_in_it() {
        assert!(asks(&[("missing-text", 5.0), ("title", 0.6)], 0.3));
        assert!(asks(&[("foreign-frame", 3.8), ("replaced", 1.0)], 0.1));
        assert!(asks(&[("missing-text", 5.0), ("spam", 0.9)], 0.3));
        assert!(!asks(&[("missing-text", 5.0), ("spam", 1.9)], 0.3));
        // a frame over the whole page, and a program of an attacker's host
        assert!(!asks(&[("foreign-frame", 6.3), ("replaced", 1.0)], 0.1));
        assert!(!asks(&[("foreign-script", 5.8), ("replaced", 1.0)], 0.1));
        assert!(!asks(&[("boast", 7.0), ("replaced", 3.0)], 0.0));
        // a signal that is added later rings until its row says otherwise
        assert!(!asks(&[("tomorrow", 1.5), ("missing-text", 5.0)], 0.3));
    }

    #[test]
    fn a_small_change_is_not_asked_about() {
        assert!(!asks(&[("missing-text", 5.0)], 0.9));
        assert!(!asks(&[("foreign-script", 5.4)], 0.95));
    }
}
