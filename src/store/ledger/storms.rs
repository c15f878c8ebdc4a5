//! Many incidents that are told as one: gathered in one batch, and found again by the receipt that they share.

use super::{Ledger, after, put};
use crate::{
    model::{About, Alert, Incident, IncidentId, Receipt, Storm},
    store::{Batch, Engine, Result, codec, outbox},
};

impl<E: Engine> Ledger<E> {
    /// Takes `alerts` out of the outbox and puts the storm's own message there.
    pub(super) async fn gather_alerts(
        &self,
        alerts: &[Alert],
        storm: Storm,
        told: Alert,
    ) -> Result<()> {
        let writing = self.writing.lock().await;
        let mut batch = Batch::new();
        let receipt = storm.receipt_of_members();
        for alert in alerts {
            batch.push((outbox::outbox_key(&alert.notifier, &alert.about), None));
            if let About::Incident(id) = &alert.about {
                put(
                    &mut batch,
                    outbox::receipt_key(&alert.notifier, &id.0),
                    &receipt,
                )?;
            }
        }
        let key = outbox::outbox_key(&told.notifier, &told.about);
        let waiting: Option<Alert> = self.read(&key)?;
        put(&mut batch, key, &outbox::joined(waiting, &told))?;
        // the receipt may have come meanwhile
        let key = outbox::storm_key(&storm.notifier, &storm.id);
        let known: Option<Storm> = self.read(&key)?;
        let receipt = known.and_then(|it| it.receipt).or(storm.receipt.clone());
        put(&mut batch, key, &Storm { receipt, ..storm })?;
        self.engine.apply(&batch, true)?;
        drop(writing);
        self.engine.settle().await?;
        self.pulse.send_modify(|it| it.outbox += 1);
        Ok(())
    }

    pub(super) fn members_of(&self, storm: &Storm) -> Result<Vec<Incident>> {
        let prefix = format!("t/{}/", storm.notifier);
        let wanted = storm.receipt_of_members();
        let mut out = Vec::new();
        for (key, bytes) in self.engine.range(&prefix, &after(&prefix))? {
            let Ok(receipt) = codec::decode::<Receipt>(&key, &bytes) else {
                continue;
            };
            if receipt == wanted {
                let id = IncidentId(key[prefix.len()..].to_owned());
                out.extend(self.read::<Incident>(&format!("i/{id}"))?);
            }
        }
        Ok(out)
    }
}
