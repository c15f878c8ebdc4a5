//! From a page and its verdict to the class that people and statistics see.

use jiff::SignedDuration;
use url::Url;

use super::{Case, Known, known_looks};
use crate::{
    model::{Class, Level, Localized, Verdict, observation::Answer, verdict::State},
    page::{Kind, Page},
};

/// Time after which an empty shell in the place of a page counts as a portal that the service cannot see.
const SHELL_FOR: SignedDuration = SignedDuration::from_mins(15);
/// Words in the path of a site's own error page.
const FAULT_PATHS: &[&str] = &[
    "error",
    "errors",
    "errorpage",
    "customerror",
    "generror",
    "genericerror",
    "loi",
    "404",
    "500",
    "503",
    "baotri",
    "maintenance",
];

/// The class of a page that was read, and a sentence where the class alone does not say enough.
pub(super) fn class_of(
    case: &Case,
    answer: &Answer,
    page: &Page,
    verdict: &Verdict,
) -> (Class, Option<Localized>) {
    let status = answer.status;
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
        State::Shell if is_shell_for_long(case.known()) => (Class::ByPortal, cause("cause-shell")),
        State::Shell => (Class::NormalChange, cause("cause-shell")),
        State::Ordinary if ended_in_a_fault(case.known(), answer) => {
            (Class::Maintenance, cause("cause-maintenance"))
        }
        State::Ordinary if is_known(case, page) => (Class::Unchanged, None),
        State::Ordinary => (Class::NormalChange, None),
    }
}

/// Whether the portal has shown an empty shell in the place of its page for too long to be a slip.
pub(super) fn is_shell_for_long(known: Known<'_>) -> bool {
    let since = known.target_state.shell_since;
    since.is_some_and(|it| known.at.duration_since(it) >= SHELL_FOR)
}

/// Whether redirects ended at the site's own error page, which may have status 200, the portal's head and its foot. An
/// address at which a known look ended is the portal's page, whatever it is called.
pub(super) fn ended_in_a_fault(known: Known<'_>, answer: &Answer) -> bool {
    let url = &answer.final_url;
    let is_here = |it: &Url| it.path() == url.path() && it.query() == url.query();
    let is_usual = is_here(&known.target.url)
        || known_looks(known.target_state).any(|it| it.url.path() == url.path());
    // a redirect to another host is judged by where it leads
    if is_usual || url.host_str() != known.target.url.host_str() {
        return false;
    }
    let names_fault = url.query_pairs().any(|(name, _)| name == "aspxerrorpath");
    let path = url.path().to_ascii_lowercase();
    let last = path.trim_end_matches('/').rsplit('/').next();
    let stem = last.and_then(|it| it.split('.').next()).unwrap_or_default();
    let stem = stem.replace(['-', '_'], "");
    names_fault || FAULT_PATHS.contains(&stem.as_str())
}

/// Whether the page's content and shape are those of a look of the baseline.
fn is_known(case: &Case, page: &Page) -> bool {
    let (content, shape) = (page.fingerprint.content, page.fingerprint.shape);
    case.target_state.baseline.is_some()
        && known_looks(&case.target_state).any(|it| it.content == content && it.shape == shape)
}
