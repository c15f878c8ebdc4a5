//! Records of what is still to be told: one entry a notifier and subject, receipts of what was, dead letters.

use serde::de::DeserializeOwned;

use super::{Batch, Delivery, Engine, Result, codec, ledger::put};
use crate::model::{About, Alert, Storm};

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

pub(super) fn outbox_key(notifier: &str, about: &About) -> String {
    format!("o/{notifier}/{}", about.key())
}

pub(super) fn receipt_key(notifier: &str, subject: &str) -> String {
    format!("t/{notifier}/{subject}")
}

pub(super) fn storm_key(notifier: &str, id: &str) -> String {
    format!("w/{notifier}/{id}")
}

fn read<E: Engine, T: DeserializeOwned>(engine: &E, key: &str) -> Result<Option<T>> {
    engine
        .get(key)?
        .map(|bytes| codec::decode(key, &bytes))
        .transpose()
}

/// What becomes of an entry; the entry as it waits then.
pub(super) fn stage<E: Engine>(
    engine: &E,
    delivery: Delivery,
    batch: &mut Batch,
) -> Result<Option<Alert>> {
    let mut stored = None;
    match delivery {
        Delivery::Begun(mut alert) | Delivery::Postponed(mut alert) => {
            let key = outbox_key(&alert.notifier, &alert.about);
            if let Some(waiting) = read::<E, Alert>(engine, &key)? {
                alert.merged = waiting.merged;
                alert.about = waiting.about;
            }
            put(batch, key, &alert)?;
            stored = Some(alert);
        }
        Delivery::Sent { alert, receipt } => {
            let key = outbox_key(&alert.notifier, &alert.about);
            match read::<E, Alert>(engine, &key)? {
                // something happened while it was being sent: that is still to be told
                Some(waiting) if waiting.merged > alert.merged => {
                    put(
                        batch,
                        key,
                        &Alert {
                            begun: false,
                            attempts: 0,
                            refused: None,
                            ..waiting
                        },
                    )?;
                }
                _ => batch.push((key, None)),
            }
            match (&alert.about, receipt) {
                (About::Incident(id), Some(receipt)) => {
                    put(batch, receipt_key(&alert.notifier, &id.0), &receipt)?;
                }
                (About::Plan(id), Some(receipt)) => {
                    put(batch, receipt_key(&alert.notifier, &id.0), &receipt)?;
                }
                (About::Request(id), Some(receipt)) => {
                    put(batch, receipt_key(&alert.notifier, &id.0), &receipt)?;
                }
                (about @ About::Requests(_), Some(receipt)) => {
                    put(batch, receipt_key(&alert.notifier, &about.key()), &receipt)?;
                }
                (About::Storm(id), Some(receipt)) => {
                    let key = storm_key(&alert.notifier, id);
                    if let Some(mut storm) = read::<E, Storm>(engine, &key)? {
                        storm.receipt = Some(receipt);
                        put(batch, key, &storm)?;
                    }
                }
                _ => (),
            }
        }
        Delivery::Dead(alert) => {
            batch.push((outbox_key(&alert.notifier, &alert.about), None));
            put(
                batch,
                format!("x/{}/{}", alert.about.key(), alert.notifier),
                &alert,
            )?;
        }
    }
    Ok(stored)
}
