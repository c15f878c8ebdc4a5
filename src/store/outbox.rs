//! Entries of the outbox: one a notifier and subject.

use super::tables;
use crate::model::Alert;

pub(super) fn key(alert: &Alert) -> String {
    let id = format!("{}/{}", alert.notifier, alert.about.key());
    tables::OUTBOX.key(&id)
}

pub(super) fn receipt_key(notifier: &str, subject: &str) -> String {
    tables::RECEIPTS.key(&format!("{notifier}/{subject}"))
}

/// One that waits already keeps its age and what is known of attempts; the more urgent of both counts.
pub(super) fn joined(waiting: Option<Alert>, alert: &Alert) -> Alert {
    match waiting {
        Some(waiting) => Alert {
            merged: waiting.merged + 1,
            about: alert.about.clone(),
            urgency: waiting.urgency.max(alert.urgency),
            ..waiting
        },
        None => alert.clone(),
    }
}

/// One that is to be sent once more, as if it had not been tried.
pub(super) fn again(waiting: Alert) -> Alert {
    Alert {
        begun: false,
        attempts: 0,
        refused: None,
        ..waiting
    }
}
