//! Entries of the outbox: at most one for each notifier and subject.

use super::tables;
use crate::model::Alert;

pub(super) fn key(alert: &Alert) -> String {
    let id = format!("{}/{}", alert.notifier, alert.about.key());
    tables::OUTBOX.key(&id)
}

pub(super) fn receipt_key(notifier: &str, subject: &str) -> String {
    tables::RECEIPTS.key(&format!("{notifier}/{subject}"))
}

/// Merges a new alert into a waiting one with its subject: the waiting one keeps its age and its attempts; the higher
/// urgency counts.
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

/// Resets an alert that must be sent once more, as if it had not been tried.
pub(super) fn again(waiting: Alert) -> Alert {
    Alert {
        begun: false,
        attempts: 0,
        refused: None,
        ..waiting
    }
}
