//! From a page and its verdict to the class that people and statistics see.

use super::{Case, known_looks};
use crate::{
    model::{Class, Level, Localized, Verdict, verdict::State},
    page::{Kind, Page},
};

/// The class of a page that was read, and a sentence where the class alone does not say enough.
pub(super) fn class_of(
    case: &Case,
    status: u16,
    page: &Page,
    verdict: &Verdict,
) -> (Class, Option<Localized>) {
    let http = || Some(Localized::new("cause-status").with("status", status));
    // status 101 changes to another protocol, which the service never asks for
    if status < 200 {
        return (Class::Protocol, http());
    }
    if page.kind == Kind::Empty && status < 300 {
        return (Class::Empty, Some(Localized::new("cause-empty")));
    }
    if verdict.level.rings() {
        let class = match (verdict.redirected, verdict.level) {
            (true, _) => Class::Redirect,
            (_, Level::Defaced) => Class::Defaced,
            _ => Class::Suspicious,
        };
        return (class, None);
    }
    if verdict.level == Level::Question {
        return (Class::Asked, None);
    }
    if status >= 300 {
        let class = match verdict.state {
            _ if matches!(status, 403 | 429) => Class::ByPortal,
            State::Challenge => Class::ByPortal,
            _ => Class::HttpStatus,
        };
        return (class, http());
    }
    let cause = |key: &str| Some(Localized::new(key));
    match verdict.state {
        State::Challenge => (Class::ByPortal, cause("cause-challenge")),
        State::Login => (Class::ByPortal, cause("cause-login")),
        State::Maintenance => (Class::Maintenance, cause("cause-maintenance")),
        State::Empty => (Class::Empty, cause("cause-empty")),
        // a signal of its own rings where there is doubt; a page that was always so is none
        State::Parked => (Class::Maintenance, cause("cause-parked")),
        State::Shell => (Class::NormalChange, cause("cause-shell")),
        State::Ordinary if is_known(case, page) => (Class::Unchanged, None),
        State::Ordinary => (Class::NormalChange, None),
    }
}

/// Whether the page's content and shape are those of a look of the baseline.
fn is_known(case: &Case, page: &Page) -> bool {
    let (content, shape) = (page.fingerprint.content, page.fingerprint.shape);
    case.target_state.baseline.is_some()
        && known_looks(&case.target_state).any(|it| it.content == content && it.shape == shape)
}
