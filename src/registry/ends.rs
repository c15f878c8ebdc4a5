//! The end of a request: refused, withdrawn, expired.

use jiff::{SignedDuration, Timestamp};

use super::{Step, limits::is_unproved};
use crate::model::{
    Localized,
    excerpt::{defang_text, excerpt},
    registration::{AuditEntry, AuditEvent, Request, Stage},
};

/// Time after which an undecided request expires: two weeks, in which an officer on leave comes back.
const PATIENCE: SignedDuration = SignedDuration::from_hours(14 * 24);
/// Time after which a stranger's request without proof expires: two days, enough for a webmaster to publish a file.
const UNPROVED: SignedDuration = SignedDuration::from_hours(48);

/// Refuses an open request; `reason` is shown to the asker.
///
/// # Errors
///
/// If it is already decided.
pub fn refuse(
    request: &Request,
    by: &str,
    reason: &str,
    now: Timestamp,
) -> Result<Step, Localized> {
    is_open(request)?;
    let reason = excerpt(reason, 500);
    let stage = Stage::Refused {
        by: by.to_owned(),
        at: now,
        reason: reason.clone(),
    };
    let deed = AuditEvent::Refused {
        request: request.id.clone(),
        reason,
    };
    Ok(over(request, by, stage, deed, now))
}

/// Withdraws an open request on the asker's behalf.
///
/// # Errors
///
/// If it is already decided.
pub fn withdraw(request: &Request, by: &str, now: Timestamp) -> Result<Step, Localized> {
    is_open(request)?;
    let stage = Stage::Withdrawn {
        by: by.to_owned(),
        at: now,
    };
    let deed = AuditEvent::Withdrawn {
        request: request.id.clone(),
    };
    Ok(over(request, by, stage, deed, now))
}

/// Lets an undecided request expire; `None` if it still has time.
pub fn expire(request: &Request, now: Timestamp) -> Option<Step> {
    let limit = if is_unproved(request) {
        UNPROVED
    } else {
        PATIENCE
    };
    if !request.stage.is_open() || now.duration_since(request.at) < limit {
        return None;
    }
    let deed = AuditEvent::Expired {
        request: request.id.clone(),
    };
    Some(over(
        request,
        "gaccong",
        Stage::Expired { at: now },
        deed,
        now,
    ))
}

fn over(request: &Request, by: &str, stage: Stage, deed: AuditEvent, now: Timestamp) -> Step {
    Step {
        request: Some(Request {
            stage,
            ..request.clone()
        }),
        entries: vec![line(request, by, deed, now)],
        ..Step::default()
    }
}

/// A line of the registry's history about a request.
pub(super) fn line(request: &Request, by: &str, deed: AuditEvent, now: Timestamp) -> AuditEntry {
    AuditEntry {
        at: now,
        target: request.target.clone(),
        by: by.to_owned(),
        deed,
    }
}

/// Fails if the request is decided; the error says how.
pub(super) fn is_open(request: &Request) -> Result<(), Localized> {
    let decided = |key: &str, by: &str| {
        let by = defang_text(&excerpt(by, 60));
        Localized::new(key).with("id", &request.id).with("by", by)
    };
    match &request.stage {
        Stage::Open => Ok(()),
        Stage::Approved { by, .. } => Err(decided("register-approved-already", by)),
        Stage::Refused { by, .. } => Err(decided("register-refused-already", by)),
        Stage::Withdrawn { by, .. } => Err(decided("register-withdrawn-already", by)),
        Stage::Expired { .. } => Err(decided("register-expired-already", "gaccong")),
    }
}
