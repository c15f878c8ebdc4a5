//! Methods in terms of the domain, built on those of [`Store`]. They fail like these.

use std::{path::PathBuf, sync::Arc};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Checkup, Commit, Done, Numbered, Put, Range, Result, Sequence, Store, StoreError, Task, Value,
    tables::{self, Table},
};
use crate::model::{
    Alert, Incident, IncidentId, Mask, Receipt, Storm, TargetId, TargetState, TargetSummary,
    history::History,
    plan::{Plan, PlanId},
    record::{Record, Stored},
    registration::{AuditEntry, Registration, Request, RequestId},
};

/// A filter for incidents.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// Whether only open incidents are wanted.
    pub open_only: bool,
    /// Only incidents that are open, or that ended at this time or later.
    pub since: Option<Timestamp>,
    /// Only incidents of this target; for a portal, those of its parts, too.
    pub target: Option<TargetId>,
}

/// Records of one query: some hundred kilobytes.
const A_PAGE: usize = 500;

impl dyn Store + '_ {
    /// A record by its id.
    pub async fn record<T: Record>(&self, id: &str) -> Result<Option<T>> {
        self.one(const { tables::of::<T>() }, id).await
    }

    /// All records of a kind, in the order of their ids.
    pub async fn records<T: Record>(&self) -> Result<Vec<T>> {
        self.all(const { tables::of::<T>() }, "").await
    }

    /// Hands over all records of a kind, a page of them at a time: those of a large fleet are never in memory together.
    pub async fn each<T: Record>(&self, mut take: impl FnMut(T) + Send) -> Result<()> {
        let mut range = Range {
            table: const { tables::of::<T>() },
            under: String::new(),
            after: None,
            in_use: false,
            limit: A_PAGE,
        };
        loop {
            let page = self.list(&range).await?;
            for (_, it) in page.records {
                take(it.into()?);
            }
            range.after = page.next;
            if range.after.is_none() {
                return Ok(());
            }
        }
    }

    async fn value(&self, table: &'static Table, id: String) -> Result<Option<Value>> {
        let mut found = self.get(table, &[id]).await?;
        Ok(found.pop().flatten())
    }

    async fn one<T: Stored>(&self, table: &'static Table, id: &str) -> Result<Option<T>> {
        let found = self.value(table, id.to_owned()).await?;
        found.map(Value::into).transpose()
    }

    async fn all<T: Stored>(&self, table: &'static Table, under: &str) -> Result<Vec<T>> {
        let found = self.pages(table, under, false).await?;
        found.into_iter().map(|(_, it)| it.into()).collect()
    }

    async fn pages(
        &self,
        table: &'static Table,
        under: &str,
        in_use: bool,
    ) -> Result<Vec<(String, Value)>> {
        let mut range = Range {
            table,
            under: under.to_owned(),
            after: None,
            in_use,
            limit: A_PAGE,
        };
        let mut out = Vec::new();
        loop {
            let page = self.list(&range).await?;
            out.extend(page.records);
            range.after = page.next;
            if range.after.is_none() {
                return Ok(out);
            }
        }
    }

    /// The state of a target; `None` before its first look.
    pub async fn target_state(&self, target: &TargetId) -> Result<Option<TargetState>> {
        self.record(target.as_str()).await
    }

    /// The states of all targets; unreadable ones are left out.
    pub async fn target_states(&self) -> Result<Vec<TargetState>> {
        self.records().await
    }

    /// A summary of each target, with the last look.
    pub async fn all_summaries(&self) -> Result<Vec<TargetSummary>> {
        let (mut out, mut after) = (Vec::new(), None);
        loop {
            let page = self.summaries(after, A_PAGE).await?;
            out.extend(page.records.into_iter().map(|it| it.1));
            after = page.next;
            if after.is_none() {
                return Ok(out);
            }
        }
    }

    /// The learnt mask of a target.
    pub async fn mask(&self, target: &TargetId) -> Result<Option<Arc<Mask>>> {
        let found = self.value(tables::MASKS, target.to_string()).await?;
        found.map(|it| it.get()).transpose()
    }

    /// An incident by its id.
    pub async fn incident(&self, id: &IncidentId) -> Result<Option<Incident>> {
        self.record(&id.0).await
    }

    /// The incidents that match, oldest first.
    pub async fn incidents(&self, wanted: &Wanted) -> Result<Vec<Incident>> {
        let found = self.pages(tables::INCIDENTS, "", wanted.open_only).await?;
        let mut all: Vec<Incident> = found
            .into_iter()
            .map(|(_, it)| it.into())
            .collect::<Result<_>>()?;
        all.retain(|it| {
            let recent = wanted
                .since
                .is_none_or(|since| it.ended_at.is_none_or(|end| end >= since));
            let open = !wanted.open_only || it.stage.is_open();
            recent
                && open
                && wanted.target.as_ref().is_none_or(|target| {
                    *target == it.target || target.as_str() == it.target.portal()
                })
        });
        all.sort_by_key(|it| it.seen_at);
        Ok(all)
    }

    /// The next incident id of a year.
    pub async fn incident_id(&self, year: i16) -> Result<IncidentId> {
        let of = Numbered::Incident;
        let number = self.next_number(Sequence { of, year }).await?;
        Ok(IncidentId::new(year, number))
    }

    /// All alerts in the outbox, oldest first.
    pub async fn outbox(&self) -> Result<Vec<Alert>> {
        let mut all: Vec<Alert> = self.all(tables::OUTBOX, "").await?;
        all.sort_by_key(|it| it.created);
        Ok(all)
    }

    /// Alerts about one incident that a notifier refused for good.
    pub async fn undelivered(&self, incident: &IncidentId) -> Result<Vec<Alert>> {
        self.all(tables::DEAD_LETTERS, &format!("{incident}/"))
            .await
    }

    /// The receipt of a subject's message at a notifier.
    pub async fn receipt(&self, notifier: &str, subject: &str) -> Result<Option<Receipt>> {
        let id = format!("{notifier}/{subject}");
        self.one(tables::RECEIPTS, &id).await
    }

    /// The history of one target between two times.
    pub async fn history(
        &self,
        target: &TargetId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<History> {
        let of = std::slice::from_ref(target);
        let mut found = self.histories(of, from, to).await?;
        Ok(found.pop().unwrap_or_default())
    }

    /// All registrations.
    pub async fn registry(&self) -> Result<Vec<Registration>> {
        self.records().await
    }

    /// The registry's revision, which counts its changes. Read it before the registry, so that a decision is never
    /// based on an older registry than its revision.
    pub async fn registry_revision(&self) -> Result<u64> {
        let found = self.one(tables::REGISTRY_REVISION, "").await?;
        Ok(found.unwrap_or(0))
    }

    /// A registration request by its id.
    pub async fn request(&self, id: &RequestId) -> Result<Option<Request>> {
        self.record(&id.0).await
    }

    /// All registration requests, oldest first.
    pub async fn requests(&self) -> Result<Vec<Request>> {
        let mut all: Vec<Request> = self.records().await?;
        all.sort_by_key(|it| it.at);
        Ok(all)
    }

    /// The next request id of a year.
    pub async fn request_id(&self, year: i16) -> Result<RequestId> {
        let of = Numbered::Request;
        let number = self.next_number(Sequence { of, year }).await?;
        Ok(RequestId::new(year, number))
    }

    /// A plan by its id.
    pub async fn plan(&self, id: &PlanId) -> Result<Option<Plan>> {
        self.record(&id.0).await
    }

    /// All plans, ordered by their begin.
    pub async fn plans(&self) -> Result<Vec<Plan>> {
        let mut all: Vec<Plan> = self.records().await?;
        all.sort_by_key(|it| it.from);
        Ok(all)
    }

    /// The next plan id of a year.
    pub async fn plan_id(&self, year: i16) -> Result<PlanId> {
        let of = Numbered::Plan;
        let number = self.next_number(Sequence { of, year }).await?;
        Ok(PlanId::new(year, number))
    }

    /// The registry's history, of one target or of all, oldest first.
    pub async fn entries(&self, of: Option<&TargetId>) -> Result<Vec<AuditEntry>> {
        let under = of.map(|it| format!("{it}/")).unwrap_or_default();
        let mut all: Vec<AuditEntry> = self.all(tables::AUDIT, &under).await?;
        all.sort_by_key(|it| it.at);
        Ok(all)
    }

    /// The value of the marker with this name.
    pub async fn marker(&self, name: &str) -> Result<Option<String>> {
        self.one(tables::MARKERS, name).await
    }

    /// Alerts that a notifier refused for good, oldest first.
    pub async fn dead_letters(&self) -> Result<Vec<Alert>> {
        let mut all: Vec<Alert> = self.all(tables::DEAD_LETTERS, "").await?;
        all.sort_by_key(|it| it.created);
        Ok(all)
    }

    /// The storms of a notifier.
    pub async fn storms(&self, notifier: &str) -> Result<Vec<Storm>> {
        self.all(tables::STORMS, &format!("{notifier}/")).await
    }

    /// Writes a storm.
    pub async fn put_storm(&self, storm: Storm) -> Result<()> {
        let puts = vec![Put::of(storm)?];
        self.commit(Commit {
            puts,
            ..Commit::default()
        })
        .await
    }

    /// The incidents with the storm's message as receipt at the notifier.
    pub async fn members(&self, storm: &Storm) -> Result<Vec<Incident>> {
        let under = format!("{}/", storm.notifier);
        let wanted = storm.receipt_of_members();
        let mut ids = Vec::new();
        for (id, receipt) in self.pages(tables::RECEIPTS, &under, false).await? {
            if *receipt.get::<Receipt>()? == wanted {
                ids.push(id[under.len()..].to_owned());
            }
        }
        let found = self.get(tables::INCIDENTS, &ids).await?;
        found.into_iter().flatten().map(Value::into).collect()
    }

    /// Checks every record.
    pub async fn checkup(&self) -> Result<Checkup> {
        match self.maintenance(Task::Checkup).await? {
            Done::Checkup(found) => Ok(found),
            other => Err(unasked(&other)),
        }
    }

    /// Writes every record to a file, as of one moment; returns their number.
    pub async fn backup(&self, to: PathBuf) -> Result<u64> {
        match self.maintenance(Task::Backup(to)).await? {
            Done::Backup(count) => Ok(count),
            other => Err(unasked(&other)),
        }
    }

    /// What was repaired since the last call.
    pub async fn remarks(&self) -> Result<Vec<String>> {
        match self.maintenance(Task::Remarks).await? {
            Done::Remarks(all) => Ok(all),
            other => Err(unasked(&other)),
        }
    }

    /// Runs the maintenance of every few seconds.
    pub async fn upkeep(&self) -> Result<()> {
        self.maintenance(Task::Upkeep).await.map(|_| ())
    }

    /// Runs the nightly maintenance.
    pub async fn nightly(&self, now: Timestamp) -> Result<()> {
        self.maintenance(Task::Nightly(now)).await.map(|_| ())
    }
}

/// The error for an answer of the wrong kind, which only a service of another version gives.
fn unasked(done: &Done) -> StoreError {
    StoreError::Failed(format!(
        "the service answered {done:?}, which was not asked; is it another version?"
    ))
}
