//! The outbox: outcomes of deliveries, and the gathering of incidents into a storm.

use super::{Records, put};
use crate::{
    model::{About, Alert, Receipt, Storm},
    store::{Batch, Delivery, Engine, Result, outbox, tables},
};

impl<E: Engine> Records<E> {
    /// Records an outcome. Returns the entry as it is stored afterwards. The caller must be the only writer.
    pub(super) fn deliver(&self, delivery: Delivery) -> Result<Option<Alert>> {
        let mut batch = Batch::new();
        let mut stored = None;
        match delivery {
            Delivery::Begun(mut alert) | Delivery::Postponed(mut alert) => {
                let key = outbox::key(&alert);
                if let Some(waiting) = self.get::<Alert>(&key)? {
                    alert.merged = waiting.merged;
                    alert.about = waiting.about;
                }
                put(&mut batch, key, &alert)?;
                stored = Some(alert);
            }
            Delivery::Sent { alert, receipt } => {
                let key = outbox::key(&alert);
                match self.get::<Alert>(&key)? {
                    // the subject changed while the alert was being sent: send it once more
                    Some(waiting) if waiting.merged > alert.merged => {
                        put(&mut batch, key, &outbox::again(waiting))?;
                    }
                    _ => batch.push((key, None)),
                }
                if let Some(receipt) = receipt {
                    self.keep_receipt(&alert, receipt, &mut batch)?;
                }
            }
            Delivery::Dead(alert) => {
                batch.push((outbox::key(&alert), None));
                let id = format!("{}/{}", alert.about.key(), alert.notifier);
                put(&mut batch, tables::DEAD_LETTERS.key(&id), &alert)?;
            }
        }
        self.apply(&batch)?;
        Ok(stored)
    }

    /// Stores the receipt of a message, if that kind of message is edited later.
    fn keep_receipt(&self, alert: &Alert, receipt: Receipt, batch: &mut Batch) -> Result<()> {
        let subject = match &alert.about {
            About::Incident(id) => id.to_string(),
            About::Plan(id) => id.to_string(),
            About::Request(id) => id.to_string(),
            about @ About::Requests(_) => about.key(),
            About::Storm(id) => {
                let key = tables::STORMS.key(&Storm::id_at(&alert.notifier, id));
                if let Some(mut storm) = self.get::<Storm>(&key)? {
                    storm.receipt = Some(receipt);
                    put(batch, key, &storm)?;
                }
                return Ok(());
            }
            _ => return Ok(()),
        };
        put(
            batch,
            outbox::receipt_key(&alert.notifier, &subject),
            &receipt,
        )
    }

    /// Removes `alerts` from the outbox and queues the storm's message. The caller must be the only writer.
    pub(super) fn gather(&self, alerts: &[Alert], storm: Storm, told: &Alert) -> Result<()> {
        let mut batch = Batch::new();
        let receipt = storm.receipt_of_members();
        for alert in alerts {
            batch.push((outbox::key(alert), None));
            if let About::Incident(id) = &alert.about {
                let key = outbox::receipt_key(&alert.notifier, &id.0);
                put(&mut batch, key, &receipt)?;
            }
        }
        let key = outbox::key(told);
        let waiting: Option<Alert> = self.get(&key)?;
        put(&mut batch, key, &outbox::joined(waiting, told))?;
        // the storm may have got its receipt in the meantime
        let key = tables::STORMS.key(&Storm::id_at(&storm.notifier, &storm.id));
        let known: Option<Storm> = self.get(&key)?;
        let receipt = known.and_then(|it| it.receipt).or(storm.receipt.clone());
        put(&mut batch, key, &Storm { receipt, ..storm })?;
        self.apply(&batch)
    }
}
