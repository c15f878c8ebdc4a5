//! Requests that end because of another: other askers' requests for a portal with a proved owner, and all requests of
//! one asker.

use jiff::Timestamp;

use super::{
    Known, Step,
    ends::refuse,
    limits::{is_same, is_unproved},
    names::portal_key,
};
use crate::model::{
    Localized,
    registration::{DISPLACED, Request},
};

/// Ends the requests without proof by other askers, strangers or not, for the portal of `of`, after its owner has
/// proved control.
pub(super) fn displace(step: &mut Step, of: &Request, known: Known, now: Timestamp) {
    let key = portal_key(&of.url);
    let all = known.requests.iter();
    let unproved = |it: &&Request| it.stage.is_open() && it.proof.is_none();
    let others = all.filter(unproved);
    let others = others.filter(|it| it.id != of.id && portal_key(&it.url) == key);
    for it in others {
        end_with(step, it, "gaccong", DISPLACED, now);
    }
}

fn end_with(step: &mut Step, it: &Request, by: &str, reason: &str, now: Timestamp) {
    if let Ok(refused) = refuse(it, by, reason, now) {
        step.others.extend(refused.request);
        step.entries.extend(refused.entries);
    }
}

/// Refuses, for an officer, all requests without proof by the asker of `of`.
///
/// # Errors
///
/// If there is none.
pub fn refuse_all(
    of: &Request,
    requests: &[Request],
    by: &str,
    reason: &str,
    now: Timestamp,
) -> Result<Step, Localized> {
    let mut step = Step::default();
    let all = requests.iter();
    for it in all.filter(|it| is_unproved(it) && is_same(&it.asker, &of.asker)) {
        end_with(&mut step, it, by, reason, now);
    }
    if step.others.is_empty() {
        return Err(Localized::new("register-decided").with("id", &of.id));
    }
    Ok(step)
}
